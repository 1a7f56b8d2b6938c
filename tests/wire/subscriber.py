#!/usr/bin/env python3
"""An independent subscriber, written from docs/protocol.md alone. It shares no code with the relay.

As a module: packets, signatures, checks, a `Client` for queries and a `Follower` for the feed.
As a program: one line of JSON for each bulletin that it verified; exit 3 when the link is dead at the end.
"""

import argparse
import hashlib
import json
import os
import random
import re
import struct
import sys
import time
from datetime import datetime, timezone

import nacl.exceptions
import nacl.signing
import zmq
import zmq.utils.z85
import zstandard
from lxml import etree

PACKET_MAX = 24 * 1024 * 1024
HEADER_MAX = 1024 * 1024
PARTS_MAX = 8
MESSAGE_MAX = PACKET_MAX + 4096
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZERO = "00" * 32
CLASS_OF_STATUS = {"Actual": "actual", "Exercise": "exercise", "Test": "exercise"}


class Refused(Exception):
    """What came breaks a rule of the protocol; the text begins with the check that failed."""


class UnknownKey(Refused):
    """The key is not on the list: fetch the list and try again."""


class GoneBack(Exception):
    """The relay's numbers went back: its journal was lost."""


# --- 1. building blocks ---


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def key_id(public):
    return digest(public)[:16]


def now_text(at=None):
    moment = datetime.fromtimestamp(time.time() if at is None else at, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_json(data):
    def pairs(items):
        keys = [key for key, _ in items]
        if len(keys) != len(set(keys)):
            raise Refused("header: a key twice")
        return dict(items)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs)
    except (UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise Refused(f"header: no JSON: {fault}") from None
    if not isinstance(value, dict) or value.get("v") != 1:
        raise Refused("header: v is not 1")
    return value


def put_parts(*parts):
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def split_parts(data):
    if len(data) > PACKET_MAX:
        raise Refused("frame: too large")
    parts, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise Refused("frame: cut off")
        (length,) = struct.unpack_from(">I", data, at)
        at += 4
        if at + length > len(data):
            raise Refused("frame: cut off")
        parts.append(data[at : at + length])
        at += length
    if not 1 <= len(parts) <= PARTS_MAX:
        raise Refused("frame: number of parts")
    return parts


def open_frame(frame):
    if not frame.startswith(ZSTD_MAGIC):
        return split_parts(frame)
    size = zstandard.frame_content_size(frame)
    if size < 0 or size > PACKET_MAX:
        raise Refused("frame: declared size")
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        data = unpacker.decompress(frame)
    except zstandard.ZstdError as fault:
        raise Refused(f"frame: {fault}") from None
    if len(data) != size or unpacker.unused_data:
        raise Refused("frame: not what it declares")
    return split_parts(data)


def compress(packet):
    return zstandard.ZstdCompressor(level=1, write_content_size=True).compress(packet)


def sign(key, kind, header):
    return key.sign(b"caprelay/1/" + kind.encode() + b"\0" + header).signature


def check_signature(public, kind, header, signature):
    try:
        nacl.signing.VerifyKey(public).verify(b"caprelay/1/" + kind.encode() + b"\0" + header, signature)
    except (nacl.exceptions.BadSignatureError, ValueError, TypeError):
        raise Refused(f"signature: not good for {kind}") from None


def signed_packet(key, kind, header, *payload):
    data = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return put_parts(data, sign(key, kind, data), *payload)


def chain_of(chain_prev, seq, class_, side, topics, derived, original):
    state = hashlib.blake2b(digest_size=32)

    def sized(data):
        state.update(struct.pack(">I", len(data)) + data)

    sized(bytes.fromhex(chain_prev))
    state.update(struct.pack(">Q", seq))
    for text in (class_, side, *topics):
        sized(text.encode())
    sized(bytes.fromhex(derived))
    sized(bytes.fromhex(original))
    return state.hexdigest()


# --- 2. keys ---


class KeyList:
    def __init__(self, root, frame):
        parts = open_frame(frame)
        if len(parts) != 2:
            raise Refused("key list: parts")
        check_signature(root, "keylist", parts[0], parts[1])
        header = parse_json(parts[0])
        self.relay, self.issued = header["relay"], header["issued"]
        self.keys = {}
        for item in header["keys"]:
            if key_id(bytes.fromhex(item["key"])) != item["id"]:
                raise Refused("key list: id does not fit its key")
            self.keys[item["id"]] = item

    def public(self, header, class_):
        if header["relay"] != self.relay:
            raise Refused("key: of another relay")
        item = self.keys.get(header["key"])
        if item is None:
            raise UnknownKey("key: not on the list")
        if item["revoked"]:
            raise Refused("key: revoked")
        if item["purpose"] != class_:
            raise Refused("key: for another purpose")
        # All times have one form, so that they compare as texts.
        if item.get("not_before") and header["time"] < item["not_before"]:
            raise Refused("key: not valid yet")
        if item.get("not_after") and header["time"] >= item["not_after"]:
            raise Refused("key: not valid any more")
        return bytes.fromhex(item["key"])


def open_signed(keys, frame, kind, part_count, class_if_null=None):
    parts = open_frame(frame)
    if len(parts) != part_count or len(parts[0]) > HEADER_MAX:
        raise Refused("frame: parts")
    header = parse_json(parts[0])
    try:
        class_ = header.get("class") or class_if_null
        if class_ not in ("actual", "exercise"):
            raise Refused("header: class")
        public = keys.public(header, class_)
    except (KeyError, TypeError) as fault:
        raise Refused(f"header: {fault}") from None
    check_signature(public, kind, parts[0], parts[1])
    return header, parts


# --- 3. the feed ---


def local(element):
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text_of(alert, name):
    for child in alert:
        if local(child) == name:
            return "".join(child.itertext()).strip(" \t\r\n")
    return ""


def texts_of(alert, name):
    return ["".join(child.itertext()).strip(" \t\r\n") for child in alert if local(child) == name]


def repaired(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "".join(
            piece.decode("utf-8") if good else piece.decode("cp1252", "replace")
            for good, piece in utf8_pieces(data)
        )
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    start, end = text.find("<"), text.rfind(">")
    return re.sub(r"<\?xml[^>]*\?>", "", text[start : end + 1]).encode("utf-8")


def utf8_pieces(data):
    while data:
        try:
            data.decode("utf-8")
            yield True, data
            return
        except UnicodeDecodeError as fault:
            if fault.start:
                yield True, data[: fault.start]
            yield False, data[fault.start : fault.end]
            data = data[fault.end :]


ATOM = "http://www.w3.org/2005/Atom"
EDXL = "urn:oasis:names:tc:emergency:EDXL:DE:"
CAP_NAMESPACES = ("http://www.incident.com/cap/1.0", "urn:oasis:names:tc:emergency:cap:1.1",
                  "urn:oasis:names:tc:emergency:cap:1.2")
CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")
RANK = {"Actual": 3, "Exercise": 2, "Test": 2, "System": 1, "Draft": 1}


def root_of(data):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        try:
            root = etree.fromstring(repaired(data), parser)
        except etree.XMLSyntaxError as fault:
            raise Refused(f"class: no XML: {fault}") from None
    if root.getroottree().docinfo.doctype:
        raise Refused("class: a document type")
    return root


def name_of(name):
    """As the header gives it: of a long one its digest (3.2)."""
    return "blake2b:" + digest(name.encode()) if len(name.encode()) > 4096 else name


def trimmed(element):
    return "".join(element.itertext()).strip(" \t\r\n")


def is_atom(element, name):
    return element.tag == f"{{{ATOM}}}{name}"


def statuses_of_wrapper(element):
    """What an EDXL-DE envelope or an Atom entry says of what is inside (3.6)."""
    if not isinstance(element.tag, str):
        return set()
    told = set()
    if (etree.QName(element).namespace or "").startswith(EDXL) and local(element).lower() == "edxldistribution":
        for child in element:
            if local(child).lower() == "distributionstatus" and (etree.QName(child).namespace or "").startswith(EDXL):
                values = [e for e in child.iter() if e is not child and local(e).lower() == "value"]
                told.add(trimmed(values[0] if values else child))
    elif is_atom(element, "entry"):
        for category in element:
            if not is_atom(category, "category"):
                continue
            scheme, term = category.get("scheme", "").strip(), category.get("term", "").strip()
            if scheme == "masas:category:status":
                told.add(term)
            elif not scheme and term.startswith("status="):
                told.add(term[len("status="):])
    return told - {""}


def one_status(told):
    if len(told) > 1 or not told <= RANK.keys():
        raise Refused("class: a status that is none, or two")
    return next(iter(told), None)


def lowest_status(own, element):
    for wrapper in element.iterancestors():
        bound = one_status(statuses_of_wrapper(wrapper))
        if bound and RANK[bound] < RANK[own]:
            own = bound
    return own


def is_incident(entry):
    def children(name):
        return [child for child in entry if is_atom(child, name)]

    marked = any(category.get("scheme", "").strip().startswith("masas:") for category in children("category"))
    linked = any(link.get("type", "").split(";")[0].strip().lower() in CAP_TYPES and link.get("href")
                 for link in children("link"))
    return marked and not linked and not any(is_cap(element) for element in entry.iter())


def is_cap(element):
    return local(element) == "alert" and etree.QName(element).namespace in CAP_NAMESPACES


def author_of(element):
    author = next((child for child in element if is_atom(child, "author")), None)
    if author is None:
        return ""
    parts = {local(child): trimmed(child) for child in author}
    return parts.get("email") or parts.get("uri") or parts.get("name") or ""


def legal(text):
    return "".join(f"%{ord(c):02X}" if c <= " " or c in ",<>&" else c for c in text)


def incident_identity(entry):
    identifier = next((trimmed(child) for child in entry if is_atom(child, "id")), "")
    feed = next(entry.iterancestors(f"{{{ATOM}}}feed"), None)
    sender = author_of(entry) or (author_of(feed) if feed is not None else "")
    return name_of(legal(sender)), name_of(legal(identifier))


def incident_status(entry):
    own = one_status(statuses_of_wrapper(entry))
    if own is None:
        raise Refused("class: an entry without status")
    for control in entry:
        if local(control) == "control" and any(local(e) == "draft" and trimmed(e).lower() == "yes" for e in control):
            return "Draft"
    return lowest_status(own, entry)


def alert_status(alert):
    told = {text for text in texts_of(alert, "status") if text}
    if len(told) != 1 or not told <= RANK.keys():
        raise Refused("class: a status that does not fit")
    return lowest_status(told.pop(), alert)


def check_document(data, sender, identifier, class_):
    root = root_of(data)
    found = [alert_status(a) for a in root.iter() if local(a) == "alert"
             and (name_of(text_of(a, "sender")), name_of(text_of(a, "identifier"))) == (sender, identifier)]
    found += [incident_status(e) for e in root.iter(f"{{{ATOM}}}entry")
              if is_incident(e) and incident_identity(e) == (sender, identifier)]
    if not found:
        raise Refused("identity: not in the document")
    if any(CLASS_OF_STATUS.get(status) != class_ for status in found):
        raise Refused("class: a status that does not fit")


def check_bulletin(keys, frame, topic=None):
    """The header, the derived message and the original (None where it travels by digest)."""
    header, parts = open_signed(keys, frame, "bulletin", 4)
    derived, original = parts[2], parts[3]
    try:
        origin, told = header["origin"], header["derived"]
        if digest(derived) != told["digest"] or len(derived) != told["size"]:
            raise Refused("digest: derived")
        if origin["inline"]:
            if digest(original) != origin["digest"] or len(original) != origin["size"]:
                raise Refused("digest: original")
        elif original:
            raise Refused("digest: an original that is not inline")
        topics = [entry["topic"] for entry in header["topics"]]
        prefix = f"{header['class']}.{header['side']}."
        if not topics or topics != sorted(set(topics)):
            raise Refused("topic: list")
        for name in topics:
            if not re.fullmatch(re.escape(prefix) + r"([A-Z]{2}|--|all)\.", name):
                raise Refused("topic: of another class or side")
        if topic is not None and topic not in topics:
            raise Refused("topic: not in the list")
        if any(not 0 <= entry["prev"] < header["seq"] for entry in header["topics"]):
            raise Refused("topic: number before")
        chain = chain_of(header["chain_prev"], header["seq"], header["class"], header["side"], topics,
                         told["digest"], origin["digest"])
        if chain != header["chain"]:
            raise Refused("chain: not what its parts give")
        if CLASS_OF_STATUS.get(header["cap"]["status"]) != header["class"]:
            raise Refused("class: header's status")
        check_document(derived, told["sender"], told["identifier"], header["class"])
        if origin["inline"]:
            check_document(original, origin["sender"], origin["identifier"], header["class"])
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused(f"header: {fault!r}") from None
    return header, derived, original if origin["inline"] else None


def check_beat(keys, frame, class_):
    header, _ = open_signed(keys, frame, "beat", 2)
    if header["class"] != class_:
        raise Refused("class: beat")
    for name in ("time", "interval_ms", "started", "state", "head", "topics", "in_force"):
        if name not in header:
            raise Refused(f"header: beat without {name}")
    if not isinstance(header["interval_ms"], int) or not 1 <= header["interval_ms"] <= 3_600_000:
        raise Refused("header: interval_ms")
    return header


def check_answer(keys, frames, verb, class_, nonce):
    header, _ = open_signed(keys, frames[0], "answer", 2)
    if (header["verb"], header["class"], header["nonce"]) != (verb, class_, nonce):
        raise Refused("answer: to another question")
    if header["count"] != len(frames) - 1 or header["digests"] != [digest(frame) for frame in frames[1:]]:
        raise Refused("digest: frames of the answer")
    return header


# --- 1.3 connections ---


def load_card(path):
    with open(path, "rb") as file:
        return parse_json(file.read())


def curve_pair():
    return zmq.curve_keypair()


def z85(hexed):
    return zmq.utils.z85.encode(bytes.fromhex(hexed))


def connect(context, kind, endpoint, card, pair=None):
    socket = context.socket(kind)
    socket.linger = 0
    socket.maxmsgsize = MESSAGE_MAX
    socket.rcvhwm = 20000
    socket.heartbeat_ivl, socket.heartbeat_timeout = 5000, 15000
    socket.reconnect_ivl, socket.reconnect_ivl_max = random.randint(100, 500), 30000
    if card.get("curve"):
        socket.curve_serverkey = z85(card["curve"])
        socket.curve_publickey, socket.curve_secretkey = pair or curve_pair()
    socket.connect(endpoint)
    return socket


# --- 4. queries, 5. injection ---


class NoAnswer(Exception):
    pass


class AnswerError(Exception):
    pass


class Client:
    def __init__(self, card, class_="actual", context=None, timeout=5.0):
        self.card = card if isinstance(card, dict) else load_card(card)
        self.root = bytes.fromhex(self.card["root"])
        self.class_, self.timeout = class_, timeout
        self.context = context or zmq.Context.instance()
        self.socket = connect(self.context, zmq.DEALER, self.card["query"], self.card)
        self.keys = None

    def close(self):
        self.socket.close()

    def exchange(self, verb, arguments):
        nonce = os.urandom(16).hex()
        request = {"v": 1, "verb": verb, "nonce": nonce, "class": self.class_, **arguments}
        self.socket.send(json.dumps(request).encode())
        deadline = time.monotonic() + self.timeout
        while (left := deadline - time.monotonic()) > 0:
            if not self.socket.poll(left * 1000):
                break
            frames = self.socket.recv_multipart()
            try:
                if nonce.encode() in open_frame(frames[0])[0]:
                    return nonce, frames
            except Refused:
                continue
        raise NoAnswer(verb)

    def fetch_keys(self):
        nonce, frames = self.exchange("keys", {})
        if len(frames) != 2:
            raise Refused("key list: the relay has none")
        keys = KeyList(self.root, frames[1])
        if keys.relay != self.card["relay"]:
            raise Refused("key list: of another relay")
        if self.keys and keys.issued < self.keys.issued:
            raise Refused("key list: older than the one known")
        check_answer(keys, frames, "keys", self.class_, nonce)
        self.keys = keys

    def ask(self, verb, **arguments):
        if self.keys is None:
            self.fetch_keys()
        nonce, frames = self.exchange(verb, arguments)
        try:
            header = check_answer(self.keys, frames, verb, self.class_, nonce)
        except UnknownKey:
            self.fetch_keys()
            header = check_answer(self.keys, frames, verb, self.class_, nonce)
        if header.get("error"):
            raise AnswerError(header["error"]["code"])
        return header, frames[1:]

    def original(self, header):
        _, frames = self.ask("get", digest=header["origin"]["digest"])
        (data,) = open_frame(frames[0])
        if digest(data) != header["origin"]["digest"] or len(data) != header["origin"]["size"]:
            raise Refused("digest: fetched original")
        check_document(data, header["origin"]["sender"], header["origin"]["identifier"], header["class"])
        return data

    def inject(self, key, authority, cap, dry_run=False, attempts=3, at=None, nonce=None):
        """`key` is a nacl SigningKey. Returns the receipt's header and its frame."""
        if self.keys is None:
            self.fetch_keys()
        socket = connect(self.context, zmq.DEALER, self.card["inject"], self.card)
        try:
            for _ in range(attempts):
                header = {"v": 1, "authority": authority, "key": key_id(bytes(key.verify_key)), "digest": digest(cap),
                          "time": now_text(at), "nonce": nonce or os.urandom(16).hex(), "dry_run": dry_run}
                socket.send(signed_packet(key, "inject", header, cap))
                if socket.poll(self.timeout * 1000):
                    frame = socket.recv()
                    receipt, _ = open_signed(self.keys, frame, "receipt", 2, "actual")
                    if receipt.get("digest") not in (None, digest(cap)):
                        raise Refused("receipt: for other bytes")
                    return receipt, frame
        finally:
            socket.close()
        raise NoAnswer("inject")


# --- 6. following the feed without loss ---


def topics_for(class_, side=None, regions=()):
    if regions:
        return [f"{class_}.{side}.{region}." for region in sorted({"--", *regions})]
    return [f"{class_}.{one}.all." for one in ([side] if side else ["ca", "us"])]


class Follower:
    """Yields ("bulletin", header, derived, original) and ("refused"|"gap"|"lost"|"back"|"beat", ...)."""

    def __init__(self, card, class_="actual", side=None, regions=(), after=None, in_force=False, timeout=5.0,
                 context=None):
        self.client = Client(card, class_, context, timeout)
        self.class_ = class_
        self.topics = topics_for(class_, side, regions)
        self.whole = side is None and not regions
        self.last = dict.fromkeys(self.topics)  # None: from a number alone
        self.position = after or 0
        self.ahead = set()  # numbers above the position that were given: gaps on other topics do not show
        self.chain = None
        if after == 0:
            self.last = dict.fromkeys(self.topics, 0)
            self.chain = ZERO
        self.mode = "since" if after is not None else "in-force" if in_force else "now"
        self.beat_time, self.started = "", None
        self.deadline, self.lost = time.monotonic() + 15, False
        self.events = []
        self.feed = connect(self.client.context, zmq.SUB, self.client.card["feed"], self.client.card)
        for topic in [*self.topics, f"beat.{class_}."]:
            self.feed.subscribe(topic)

    def close(self):
        self.feed.close()
        self.client.close()

    def arguments(self, after, most):
        arguments = {"after": after, "max": most}
        if not self.whole:
            arguments["topics"] = self.topics
        return arguments

    def settle(self, answer):
        self.position, self.chain = answer["head"]["seq"], answer["head"]["chain"]
        self.last = {topic: answer["as_of"].get(topic, 0) for topic in self.topics}
        self.ahead = {seq for seq in self.ahead if seq > self.position}

    def check_back(self, answer):
        behind = any(seq is not None and answer["as_of"].get(topic, 0) < seq for topic, seq in self.last.items())
        if answer["head"]["seq"] < self.position or behind:
            raise GoneBack(f"from {self.position} to {answer['head']['seq']}")

    def judge(self, header, live=False):
        if header["seq"] <= self.position:
            return "repeat"
        if live and header["seq"] in self.ahead:
            return "repeat"
        verdict = "next"
        if self.whole and header["seq"] != self.position + 1:
            verdict = "gap"
        elif self.whole and self.chain is not None and header["chain_prev"] != self.chain:
            return "contradiction"
        for entry in header["topics"]:
            if entry["topic"] not in self.last:
                continue
            last = self.last[entry["topic"]]
            if last is None:
                last = max(self.position, entry["prev"]) if entry["prev"] <= self.position else -1
                if last < 0:
                    verdict = "gap"
                continue
            if entry["prev"] < last:
                return "contradiction"
            if entry["prev"] > last:
                verdict = "gap"
        return verdict

    def take(self, header, derived, original, live=False):
        for entry in header["topics"]:
            if entry["topic"] in self.last:
                self.last[entry["topic"]] = header["seq"]
        given = header["seq"] in self.ahead
        if live and not self.whole and len(self.topics) > 1:
            self.ahead.add(header["seq"])
        else:
            self.position, self.chain = header["seq"], header["chain"]
        if given:
            return
        if original is None:
            try:
                original = self.client.original(header)
            except (Refused, NoAnswer, AnswerError) as fault:
                self.events.append(("refused", f"original: {fault}"))
        self.events.append(("bulletin", header, derived, original))

    def start(self):
        if self.mode == "since":
            self.catch_up()
            return
        base, _ = self.client.ask("since", **self.arguments(0, 0))
        after, more = 0, self.mode == "in-force"
        while more:
            answer, frames = self.client.ask("in-force", **self.arguments(after, 500))
            for frame in frames:
                header, derived, original = check_bulletin(self.client.keys, frame)
                after = header["seq"]
                if header["seq"] <= base["head"]["seq"]:
                    self.take(header, derived, original)
            more = answer["more"]
        self.settle(base)
        self.mode = "since"

    def catch_up(self):
        more, lenient = True, False
        for topic, seq in self.last.items():
            if seq is not None and seq > self.position:
                self.last[topic] = None
        while more:
            answer, frames = self.client.ask("since", **self.arguments(self.position, 500))
            self.check_back(answer)
            for frame in frames:
                try:
                    header, derived, original = check_bulletin(self.client.keys, frame)
                except Refused as fault:
                    self.events.append(("refused", str(fault)))
                    lenient = True
                    continue
                verdict = self.judge(header)
                if verdict == "contradiction" or (verdict == "gap" and not lenient):
                    raise Refused("number: the answer leaves something out")
                if verdict != "repeat":
                    self.take(header, derived, original)
            more = answer["more"]
        for topic, seq in self.last.items():
            told = answer["as_of"].get(topic, 0)
            if not lenient and told > (self.position if seq is None else seq):
                raise Refused("number: the answer falls short")
        self.settle(answer)

    def on_beat(self, frame):
        beat = check_beat(self.client.keys, frame, self.class_)
        if beat["time"] <= self.beat_time:
            raise Refused("beat: not later than the one before")
        self.beat_time = beat["time"]
        self.deadline = time.monotonic() + 3 * beat["interval_ms"] / 1000
        restarted = self.started not in (None, beat["started"])
        self.started = beat["started"]
        if self.lost:
            self.events.append(("back",))
        again = self.lost or restarted
        self.lost = False
        self.events.append(("beat", beat))
        if (beat.get("keys_issued") or "") > self.client.keys.issued:
            self.client.fetch_keys()
        behind = any(
            beat["topics"].get(topic, 0) > (self.position if seq is None else seq) for topic, seq in self.last.items()
        )
        if behind:
            self.events.append(("gap", self.position + 1, beat["head"]["seq"]))
        if behind or again:
            self.catch_up()
        elif not self.whole:
            self.position = max(self.position, beat["head"]["seq"])
            self.ahead = {seq for seq in self.ahead if seq > self.position}

    def on_message(self, frames):
        if len(frames) != 2:
            raise Refused("frame: not two")
        topic = frames[0].decode("ascii", "replace")
        if topic.startswith("beat."):
            self.on_beat(frames[1])
            return
        header, derived, original = check_bulletin(self.client.keys, frames[1], topic)
        if header["class"] != self.class_:
            raise Refused("class: not what was asked for")
        verdict = self.judge(header, live=True)
        if verdict == "next":
            self.take(header, derived, original, live=True)
        elif verdict == "gap":
            self.events.append(("gap", self.position + 1, header["seq"] - 1))
            self.catch_up()
        elif verdict == "contradiction":
            raise Refused("number: does not follow")

    def turn(self, seconds):
        """Works for at most about that long; the events since then."""
        try:
            if self.client.keys is None:
                self.client.fetch_keys()
                self.start()
            if self.feed.poll(seconds * 1000):
                frames = self.feed.recv_multipart()
                try:
                    self.on_message(frames)
                except UnknownKey:
                    self.client.fetch_keys()
                    self.on_message(frames)
        except Refused as fault:
            self.events.append(("refused", str(fault)))
        except (NoAnswer, AnswerError) as fault:
            self.events.append(("no-answer", str(fault)))
        if not self.lost and time.monotonic() > self.deadline:
            self.lost = True
            self.events.append(("lost",))
        events, self.events = self.events, []
        return events


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--relay", required=True)
    options.add_argument("--class", dest="class_", default="actual", choices=["actual", "exercise"])
    options.add_argument("--side", choices=["ca", "us"])
    options.add_argument("--region", action="append", default=[])
    options.add_argument("--since", type=int)
    options.add_argument("--in-force", action="store_true")
    options.add_argument("--count", type=int)
    options.add_argument("--for", dest="seconds", type=float)
    given = options.parse_args()
    follower = Follower(given.relay, given.class_, given.side, given.region, given.since, given.in_force)
    end = time.monotonic() + given.seconds if given.seconds else float("inf")
    shown = 0
    while time.monotonic() < end and (given.count is None or shown < given.count):
        try:
            events = follower.turn(0.2)
        except GoneBack as fault:
            print(f"the relay has gone back {fault}", file=sys.stderr)
            return 1
        for event in events:
            if event[0] == "bulletin":
                _, header, derived, original = event
                shown += 1
                print(json.dumps({"header": header, "derived": derived.decode("utf-8"),
                                  "original_digest": digest(original) if original is not None else None}), flush=True)
            elif event[0] != "beat":
                print(*event, file=sys.stderr, flush=True)
    return 3 if follower.lost else 0


if __name__ == "__main__":
    sys.exit(main())
