"""Every recorded alert, translated: what the other side's profile asks for, judged by a checker that shares nothing with the relay; and there and back again."""

import csv
import json
import os
import re
import subprocess
from pathlib import Path

import profiles
import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAPRELAY_BUILD", ROOT / "build"))
SHARED = Path(os.environ.get("CAPRELAY_SHARED", ROOT.parent / "shared"))
TABLES = ROOT / "cap-schemas" / "tables"


def parse(data):
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def table(name):
    with open(TABLES / f"{name}.tsv", encoding="utf-8") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))


SAME_EVENTS = {row["code"]: row["accepted"] for row in table("same_events")}
CAPCP_EVENTS = {row["code"].lower() for row in table("capcp_events")}


def recorded():
    folders = [ROOT / "incidents"] + ([SHARED / "corpus"] if SHARED.is_dir() else [])
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".xml", ".cap", ".txt", ".edxlde"))


def original(path):
    """The first alert of the file as lxml reads it, or None where it reads none."""
    root = etree.fromstring(path.read_bytes().strip(b"\r\n\x01\x03 "), etree.XMLParser(recover=True, resolve_entities=False, huge_tree=True))
    return next(root.iter("{*}alert"), None) if root is not None else None


def translate(side, path):
    """(derived, notes), or None where the message is of that side already or cannot be translated."""
    done = subprocess.run([BUILD / "caprelay", "translate", "--json", "--alert", "1", "--to", side, path], capture_output=True, timeout=60)
    if done.returncode != 0:
        return None
    answer = json.loads(done.stdout)
    return answer["derived"].encode(), answer["notes"]


@pytest.fixture(scope="module")
def us_counties():
    index = SHARED / "geo" / "us_same_index.tsv"
    if not index.is_file():
        pytest.skip(f"skipped: no list of counties at {index}")
    with open(index, encoding="utf-8") as file:
        rows = [line.split("\t") for line in file if not line.startswith("#")]
    return {cell[-5:] for row in rows for cell in row[:3] if cell.strip().isdigit() and len(cell.strip()) in (5, 6)}


@pytest.mark.skipif(not SHARED.is_dir(), reason="skipped: no recorded messages")
@pytest.mark.parametrize("side", ["us", "ca"])
def test_the_profile_of_the_other_side(side, us_counties):
    judged, faults = 0, []
    for path in recorded():
        answer = translate(side, path)
        if not answer:
            continue
        alert, source = parse(answer[0]), original(path)
        if profiles.text(alert, "status") == "System":
            continue
        check = profiles.us_exchange(alert, SAME_EVENTS, us_counties) if side == "us" else profiles.ca_exchange(alert, CAPCP_EVENTS)
        excused = profiles.beyond_repair(source) if source is not None else set()
        faults += [(path.name, *fault) for fault in check if fault[0] not in excused]
        judged += 1
    assert judged > 25
    assert not faults, "\n".join(map(str, faults))


def leaves(element, path="alert"):
    """(path, element name, text) of everything that says something; paths as in notes."""
    counts = {}
    children = [child for child in element if isinstance(child.tag, str)]
    repeated = {"info", "area", "eventCode", "parameter", "geocode", "resource", "category", "responseType", "polygon", "circle", "code"}
    for child in children:
        name = etree.QName(child).localname
        if etree.QName(child).namespace != etree.QName(element).namespace:
            continue
        counts[name] = counts.get(name, 0) + 1
        below = f"{path}/{name}[{counts[name]}]" if name in repeated else f"{path}/{name}"
        if name in ("eventCode", "parameter", "geocode"):
            value = " ".join((child.findtext("{*}" + part) or "").strip() for part in ("valueName", "value"))
            yield below, name, value
        elif len(child):
            yield from leaves(child, below)
        elif (child.text or "").strip():
            yield below, name, child.text.strip()


OF_THE_MESSAGE = {"identifier", "sender", "sent", "references", "code", "note", "source"}  # the relay's own by right
TIMES = {"effective", "onset", "expires"}
CAP_ELEMENTS = set(re.findall(r'name="(\w+)"', (ROOT / "cap-schemas" / "cap-1.2.xsd").read_text(encoding="utf-8")))


def told(path, name, value, first, second):
    """By a note on that element, on all of its name there, or on something inside it; a note on the whole info or alert tells of nothing in it but its
    shapes. The notes of the way back count elements otherwise: there the value itself must be named."""
    for note in first:
        where = note["where"]
        if where in (path, re.sub(r"\[\d+\]$", "", path)) or where.startswith(path + "/"):
            return True
        if re.fullmatch(r".*/resource\[\d+\]", where) and path.startswith(where + "/"):
            return True  # one resource is one thing
        if note["code"].startswith("shape-") and name in ("polygon", "circle") and path.startswith(where + "/"):
            return True
    if "/resource[" in path and any(re.search(r"/resource\[\d+\]$", note["where"]) for note in second):
        return True
    kind = "shape-" if name in ("polygon", "circle") else f"{name}-"
    return any(
        note["code"].startswith(kind) and (kind == "shape-" or value.split()[-1] in note["text"])
        or f"/{name}" in note["where"] and value.split()[-1] in note["text"]
        for note in first + second
    )


def words(value):
    return " ".join(value.split())


def meaning(name, value):
    if name in TIMES:
        return profiles.instant(value)
    if name in ("polygon", "circle"):
        return tuple(value.replace(",", " ").split())  # how its numbers are joined is a finding
    return words(value).lower()


@pytest.mark.skipif(not SHARED.is_dir(), reason="skipped: no recorded messages")
def test_there_and_back_loses_only_what_is_noted(tmp_path):
    """A text, value, time, code or link of the source that is missing after both ways is named by a note of either."""
    lost, compared = [], 0
    for path in recorded():
        for there, back in (("us", "ca"), ("ca", "us")):
            first = translate(there, path)
            if not first:
                continue
            middle = tmp_path / "middle.xml"
            middle.write_bytes(first[0])
            second = translate(back, middle)
            assert second, f"{path}: the translation is not translated back"
            source = original(path)
            if source is None:
                continue
            returned = {}
            for _, name, value in leaves(parse(second[0])):
                returned.setdefault(name, set()).add(meaning(name, value))
            for where, name, value in leaves(source):
                if name in OF_THE_MESSAGE or name not in CAP_ELEMENTS or not value.strip():
                    continue
                if value == "Very Likely":  # CAP 1.0; read as Likely, which is a finding
                    value = "Likely"
                try:
                    key = meaning(name, value)
                except ValueError:
                    key = None
                compared += 1
                if name == "resourceDesc" and any(key in text for text in returned.get(name, ())):
                    continue  # with what the relay says of it behind
                if key not in returned.get(name, set()) and not told(where, name, value, first[1], second[1]):
                    lost.append((path.name, there, where, value[:80]))
    assert compared > 1000
    assert not lost, "\n".join(map(str, lost[:60]))
