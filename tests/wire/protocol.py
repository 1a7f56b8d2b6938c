"""docs/protocol.md in Python: packets, signatures, keys, bulletins. Written from that page alone; shares no code with the relay."""

import hashlib
import json
import struct

import nacl.exceptions
import nacl.signing
import zstandard
from lxml import etree

PACKET_MAX = 24 * 1024 * 1024
HEADER_MAX = 1024 * 1024
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CLASS_OF_STATUS = {"Actual": "actual", "Exercise": "exercise", "Test": "exercise"}


class Refused(Exception):
    """What came breaks the protocol."""


def need(condition, text):
    if not condition:
        raise Refused(text)


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


# --- packets and frames (1.2) ---


def packet_join(*parts):
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def packet_split(data):
    need(len(data) <= PACKET_MAX, "packet too large")
    parts, at = [], 0
    while at < len(data):
        need(len(data) - at >= 4 and len(parts) < 8, "packet cut short, or too many parts")
        (size,) = struct.unpack_from(">I", data, at)
        at += 4
        need(size <= len(data) - at, "part longer than its packet")
        parts.append(data[at : at + size])
        at += size
    need(parts and len(parts[0]) <= HEADER_MAX, "no header, or one too large")
    return parts


def frame_open(frame):
    if not frame.startswith(ZSTD_MAGIC):
        return packet_split(frame)
    size = zstandard.frame_content_size(frame)
    need(0 <= size <= PACKET_MAX, "zstd frame declares no size, or too large a one")
    expander = zstandard.ZstdDecompressor().decompressobj()
    data = expander.decompress(frame)
    need(len(data) == size and not expander.unused_data, "zstd frame is not what it declares")
    return packet_split(data)


# --- JSON (1) ---


def _no_repeats(pairs):
    keys = [key for key, _ in pairs]
    need(len(keys) == len(set(keys)), "a key twice in one object")
    return dict(pairs)


def read_json(data):
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_repeats)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"no JSON: {error}") from None
    need(isinstance(value, dict) and value.get("v") == 1, "no object of version 1")
    return value


# --- keys (1.1, 2) ---


def signed_bytes(kind, header):
    return b"caprelay/1/" + kind.encode() + b"\0" + header


def verify(public_key, kind, header, signature):
    try:
        nacl.signing.VerifyKey(public_key).verify(signed_bytes(kind, header), signature)
    except (nacl.exceptions.BadSignatureError, ValueError):
        raise Refused(f"bad signature of kind {kind}") from None


class KeyList:
    def __init__(self, frame, root):
        parts = packet_split(frame)
        need(len(parts) == 2, "a key list has two parts")
        verify(root, "keylist", parts[0], parts[1])
        header = read_json(parts[0])
        self.relay, self.issued, self.keys = header["relay"], header["issued"], {}
        for key in header["keys"]:
            raw = bytes.fromhex(key["key"])
            need(digest(raw)[:16] == key["id"], "key id does not fit its key")
            self.keys[key["id"]] = dict(key, raw=raw)

    def check(self, header, purpose, kind, raw_header, signature):
        key = self.keys.get(header["key"])
        need(key, f"key {header['key']} is not on the list")
        need(not key["revoked"] and key["purpose"] == purpose, "key revoked or for another purpose")
        need(header["relay"] == self.relay, "another relay")
        need(not key.get("not_before") or key["not_before"] <= header["time"], "key not valid yet")
        need(not key.get("not_after") or header["time"] < key["not_after"], "key over")
        verify(key["raw"], kind, raw_header, signature)


# --- bulletins (3.2 to 3.4) ---


def chain(previous, seq, class_name, side, topics, derived_digest, original_digest):
    def sized(data):
        return struct.pack(">I", len(data)) + data

    stream = sized(bytes.fromhex(previous)) + struct.pack(">Q", seq) + sized(class_name.encode()) + sized(side.encode())
    stream += b"".join(sized(topic.encode()) for topic in topics)
    stream += sized(bytes.fromhex(derived_digest)) + sized(bytes.fromhex(original_digest))
    return digest(stream)


def _parse_xml(data):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(data, parser)
    need(root.getroottree().docinfo.doctype == "", "DOCTYPE")
    return root


def _text(element, name):
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname == name:
            return (child.text or "").strip()
    return ""


def cap_alerts(data):
    """Every CAP alert in a document, as {status, sender, identifier}."""
    try:
        root = _parse_xml(data)
    except etree.XMLSyntaxError as error:
        raise Refused(f"unreadable XML: {error}") from None
    found = [e for e in root.iter() if isinstance(e.tag, str) and etree.QName(e).localname == "alert"]
    return [{name: _text(e, name) for name in ("status", "sender", "identifier", "msgType", "references")} for e in found]


def check_class(bulletin):
    header, class_name = bulletin["header"], bulletin["header"]["class"]
    need(CLASS_OF_STATUS.get(header["cap"]["status"]) == class_name, "cap.status is of another class")
    derived = cap_alerts(bulletin["derived"])
    need(len(derived) == 1, "derived message is not one alert")
    need(CLASS_OF_STATUS.get(derived[0]["status"]) == class_name, "derived status is of another class")
    need(derived[0]["identifier"] == header["derived"]["identifier"], "derived identifier")
    need(derived[0]["sender"] == header["derived"]["sender"], "derived sender")
    if not header["origin"]["inline"]:
        return
    origin = header["origin"]
    meant = [a for a in cap_alerts(bulletin["original"])
             if a["sender"] == origin["sender"] and a["identifier"] == origin["identifier"]]
    need(meant, "the original holds no such alert")
    need(all(CLASS_OF_STATUS.get(a["status"]) == class_name for a in meant), "original status is of another class")


def read_bulletin(frame, keys, class_name, topic=None):
    """Everything of 3.4 that one bulletin shows by itself."""
    parts = frame_open(frame)
    need(len(parts) == 4, "a bulletin has four parts")
    header = read_json(parts[0])
    bulletin = {"header": header, "derived": parts[2], "original": parts[3], "frame": frame}
    need(header["class"] == class_name, "another class")
    keys.check(header, class_name, "bulletin", parts[0], parts[1])
    need(digest(parts[2]) == header["derived"]["digest"] and len(parts[2]) == header["derived"]["size"], "derived digest")
    origin = header["origin"]
    if origin["inline"]:
        need(digest(parts[3]) == origin["digest"] and len(parts[3]) == origin["size"], "original digest")
    else:
        need(parts[3] == b"", "original neither inline nor empty")
    topics = [entry["topic"] for entry in header["topics"]]
    prefix = f"{class_name}.{header['side']}."
    need(all(t.startswith(prefix) and t.endswith(".") for t in topics), "topic of another class or side")
    need(topics == sorted(set(topics)) and prefix + "all." in topics, "topics not sorted, repeated, or without all")
    need(topic is None or topic in topics, "sent on a topic that it does not list")
    need(header["chain"] == chain(header["chain_prev"], header["seq"], class_name, header["side"], topics,
                                  header["derived"]["digest"], origin["digest"]), "chain")
    check_class(bulletin)
    return bulletin


def read_signed(frame, keys, class_name, kind):
    """A beat, an answer's header or a record of copies."""
    parts = frame_open(frame)
    need(len(parts) == 2, f"{kind}: two parts are needed")
    header = read_json(parts[0])
    need(header["class"] == class_name, "another class")
    keys.check(header, class_name, kind, parts[0], parts[1])
    return header
