"""What an exercise made from a folder of CAP files should bring to the other side, counted from the files alone.

This reads the files with lxml and shares nothing with the relay: it is the count that the relay is held to.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

CAP_NAMESPACES = {
    "http://www.incident.com/cap/1.0": "1.0",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
}
MSG_TYPES = {"Alert", "Update", "Cancel", "Ack", "Error"}
PLAYED_STATUS = {"Actual", "Exercise", "Test"}


@dataclass
class Expected:
    file: str
    recording: str  # BLAKE2b-256 of the file, hex
    sender: str
    identifier: str
    sent: str
    headline: str
    side: str | None  # where it comes from; None: only its shape could tell


@dataclass
class Skipped:
    file: str
    reason: str


def read_xml(data: bytes):
    """The document, or None. A copy is repaired as the relay's documents say when there is no document as it stands."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        pass
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    text = re.sub(r"^.*?(?=<\?xml|<[A-Za-z])", "", text, count=1, flags=re.S)
    text = re.sub(r"^<\?xml.*?\?>", "", text, count=1, flags=re.S)
    text = text[: text.rfind(">") + 1]
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return None


def alerts_of(root):
    """Every alert of a CAP namespace in the document."""
    for element in root.iter():
        if isinstance(element.tag, str):
            name = etree.QName(element)
            if name.localname == "alert" and name.namespace in CAP_NAMESPACES:
                yield element, CAP_NAMESPACES[name.namespace]


def text_of(element, *path):
    """The first text at that path of local names, trimmed; '' where there is none."""
    for name in path:
        element = next((c for c in element if isinstance(c.tag, str) and etree.QName(c).localname == name), None)
        if element is None:
            return ""
    return " ".join((element.text or "").split())


def all_texts(element, name):
    return [(e.text or "").strip() for e in element.iter("{*}" + name)]


def side_of(alert):
    """'ca' or 'us' by profile, codes and sender; None where only the shape could tell."""
    codes = [code.lower() for code in all_texts(alert, "code")]
    names = [name.lower() for name in all_texts(alert, "valueName")]
    sender = text_of(alert, "sender").lower()
    if any("profile:cap-cp" in text for text in codes + names) or any("layer:ec-msc" in n for n in names):
        return "ca"
    if any(code.startswith("ipawsv") for code in codes):
        return "us"
    if any(name in ("same", "ugc", "fips6", "nationalweatherservice") for name in names):
        return "us"
    if sender.endswith((".gc.ca", "canada.ca", ".ca")):
        return "ca"
    if sender.endswith((".gov", ".us", ".mil")):
        return "us"
    return None


def why_not(alert, version):
    """The reason why an alert is not to be relayed, or None."""
    status, scope = text_of(alert, "status"), text_of(alert, "scope")
    if status == "System" and "heartbeat" in text_of(alert, "sender").lower():
        return "heartbeat"
    for name in ("identifier", "sender", "sent", "status"):
        if not text_of(alert, name):
            return f"unreadable: no {name}"
    if text_of(alert, "msgType") not in MSG_TYPES:
        return "unreadable: no msgType of the standard"
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text_of(alert, "sent")):
        return "unreadable: sent is no time"
    if status not in PLAYED_STATUS:
        return f"status {status}"
    if scope != "Public" and not (version == "1.0" and not scope):
        return f"not public: scope {scope or 'missing'}"
    return None


def read_file(path: Path, name: str):
    data = path.read_bytes()
    if b"<!DOCTYPE" in data:
        return [], [Skipped(name, "unreadable: it has a DOCTYPE")]
    root = read_xml(data) if len(data) <= 8 * 1024 * 1024 else None
    if root is None:
        return [], [Skipped(name, "no CAP" if b"<" not in data else "unreadable: not well-formed XML")]
    expected, skipped = [], []
    recording = hashlib.blake2b(data, digest_size=32).hexdigest()
    for alert, version in alerts_of(root):
        reason = why_not(alert, version)
        if reason:
            skipped.append(Skipped(name, reason))
            continue
        expected.append(
            Expected(
                name,
                recording,
                text_of(alert, "sender"),
                text_of(alert, "identifier"),
                text_of(alert, "sent"),
                text_of(alert, "info", "headline") or text_of(alert, "info", "event"),
                side_of(alert),
            )
        )
    if not expected and not skipped:
        skipped.append(Skipped(name, "no CAP"))
    return expected, skipped


def read_folder(folder: Path):
    """(expected, skipped) over all files below the folder, in the order of their names."""
    expected, skipped = [], []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith(".") or path.suffix == ".tsv":
            continue
        found, left = read_file(path, name)
        expected += found
        skipped += left
    return expected, skipped


if __name__ == "__main__":
    import sys

    wanted, left = read_folder(Path(sys.argv[1]))
    for item in wanted:
        print(item.side or "?", item.file, item.sender, item.identifier, sep="\t")
    for item in left:
        print("-", item.file, item.reason, sep="\t")
    print(f"expected: {len(wanted)} alerts, {len(left)} left out")
