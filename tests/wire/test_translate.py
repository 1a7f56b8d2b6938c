"""`caprelay translate`: exit codes, streams, and every recorded alert, judged by lxml and not by the relay's own parser."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAPRELAY_BUILD", ROOT / "build"))
CORPUS = Path(os.environ.get("CAPRELAY_SHARED", ROOT.parent / "shared")) / "corpus"
INCIDENT = ROOT / "incidents" / "fundy-surge"
CANADIAN = INCIDENT / "03-nb-surge-warning.xml"
AMERICAN = INCIDENT / "04-me-flood-warning.xml"
NS = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}
URGENCY = ["Immediate", "Expected", "Future", "Past", "Unknown"]
SEVERITY = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
CERTAINTY = ["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


def run(*arguments):
    return subprocess.run([BUILD / "caprelay", "translate", *arguments], capture_output=True, timeout=60)


def parse(data):
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(ROOT / "cap-schemas" / "cap-1.2.xsd"))


def texts(element, name):
    return [(found.text or "").strip() for found in element.iter("{*}" + name)]


def test_message_and_notes_have_their_own_streams(schema):
    done = run("--to", "us", CANADIAN)
    assert done.returncode == 0
    schema.assertValid(parse(done.stdout))
    lines = done.stderr.decode().splitlines()
    assert lines and all(line.startswith("note: ") for line in lines)


def test_json_is_one_object(schema):
    done = run("--to", "us", "--json", CANADIAN)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and not done.stderr
    assert set(answer) == {"derived", "notes"}
    assert answer["notes"] and all(set(note) == {"where", "code", "text"} for note in answer["notes"])
    assert answer["derived"].encode() == run("--to", "us", CANADIAN).stdout
    schema.assertValid(parse(answer["derived"].encode()))


def test_explain_is_a_table_of_a_hundred_columns():
    done = run("--to", "us", "--explain", CANADIAN)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and not done.stderr.decode().startswith("translate:")
    assert max(map(len, lines)) <= 100
    assert any("capcp_to_same:" in line for line in lines) and "Checks of the derived message" in lines
    assert any(line.startswith("Tables: version ") for line in lines)
    assert not any("UNACCOUNTED" in line for line in lines)


def test_explain_as_data():
    answer = json.loads(run("--to", "ca", "--explain", "--json", AMERICAN).stdout)
    told = answer["explanation"]
    assert told["target"] == "ca-exchange" and len(told["tables"]) == 16 and told["schema_valid"] and told["unaccounted"] == 0
    assert {row["how"] for row in told["rows"]} >= {"copied", "mapped", "added"} and not any(row["how"] == "unaccounted" for row in told["rows"])
    # Judged by the derived bytes, not by the program's own model of them.
    urgencies = [row["to_value"] for row in told["rows"] if row["to"].endswith("/urgency")]
    assert urgencies == texts(parse(answer["derived"].encode()), "urgency")
    assert all(row["from_value"] == row["to_value"] for row in told["rows"] if row["how"] == "copied")


def test_same_input_same_bytes():
    assert run("--to", "ca", AMERICAN).stdout == run("--to", "ca", AMERICAN).stdout


def several(path):
    """Three alerts in one EDXL-DE envelope: Canadian, American, Canadian."""
    alerts = [file.read_text(encoding="utf-8").split("?>", 1)[-1] for file in (CANADIAN, AMERICAN, INCIDENT / "05-nb-evacuation.xml")]
    contents = "".join(f"<contentObject><xmlContent><embeddedXMLContent>{alert}</embeddedXMLContent></xmlContent></contentObject>" for alert in alerts)
    path.write_text(
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d</distributionID><senderID>desk@hub.example</senderID>'
        "<dateTimeSent>2026-01-12T12:00:00-00:00</dateTimeSent><distributionStatus>Actual</distributionStatus><distributionType>Report</distributionType>"
        f"<combinedConfidentiality>none</combinedConfidentiality>{contents}</EDXLDistribution>",
        encoding="utf-8",
    )
    return path


def test_a_file_with_several_alerts(tmp_path, schema):
    envelope = several(tmp_path / "several.xml")
    identifiers = [etree.parse(path).findtext("{*}identifier") for path in (CANADIAN, AMERICAN)]
    asked = run("--to", "us", envelope)
    assert asked.returncode == 1 and not asked.stdout
    lines = asked.stderr.decode().splitlines()
    assert "holds 3 alerts: choose one by --alert N" in lines[0]
    assert [line.split()[:2] for line in lines[1:3]] == [["1", identifiers[0]], ["2", identifiers[1]]]
    one = run("--to", "us", "--alert", "1", envelope)
    assert one.returncode == 0
    schema.assertValid(parse(one.stdout))
    assert run("--to", "ca", "--alert", "2", envelope).returncode == 0
    assert b"so there is no number 4" in run("--to", "us", "--alert", "4", envelope).stderr
    assert run("--to", "us", "--alert", "0", envelope).returncode == 2
    # Each in turn; the one that is of that side already is told, and no reason to leave out the others.
    each = run("--to", "us", "--json", envelope)
    answers = [json.loads(line) for line in each.stdout.splitlines()]
    assert each.returncode == 2 and b"of the side us already" in each.stderr
    assert len(answers) == 2 and answers[0]["derived"].encode() == one.stdout
    table = run("--to", "us", "--explain", envelope).stdout.decode()
    assert table.count("Translation for us-exchange of ") == 2


@pytest.mark.parametrize(
    "arguments",
    [[], ["--to", "us"], [CANADIAN], ["--to", "mx", CANADIAN], ["--to", "us", CANADIAN, AMERICAN], ["--to", "us", "--what", CANADIAN],
     ["--to", "us", "--ref"], ["--to", "ca", CANADIAN], ["--to", "us", AMERICAN]],
)
def test_wrong_usage_and_the_wrong_side(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert not done.stdout and done.stderr


def test_help():
    done = run("--help")
    assert done.returncode == 0 and b"--to" in done.stdout


def test_what_cannot_be_translated(tmp_path):
    bad = tmp_path / "bad.xml"
    bad.write_bytes(AMERICAN.read_bytes().replace(b"<status>Exercise</status>", b"<status>Perhaps</status>"))
    done = run("--to", "ca", bad)
    assert done.returncode == 1 and not done.stdout and b"status" in done.stderr
    done = run("--to", "ca", "--json", bad)
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["derived"] is None and any(f["severity"] == "fatal" for f in answer["findings"])
    assert run("--to", "ca", tmp_path / "none.xml").returncode == 1


def test_a_cancel_takes_the_infos_of_its_reference(tmp_path):
    cancel = tmp_path / "cancel.xml"
    root = parse(AMERICAN.read_bytes())
    sender, identifier, sent = (root.findtext("c:" + name, namespaces=NS) for name in ("sender", "identifier", "sent"))
    for info in root.findall("c:info", NS):
        root.remove(info)
    root.find("c:identifier", NS).text = "the-cancel"
    root.find("c:msgType", NS).text = "Cancel"
    root.find("c:references", NS).text = f"{sender},{identifier},{sent}"
    cancel.write_bytes(etree.tostring(root))
    assert not parse(run("--to", "ca", cancel).stdout).findall("c:info", NS)
    infos = parse(run("--to", "ca", "--ref", AMERICAN, cancel).stdout).findall("c:info", NS)
    assert [info.findtext("c:language", namespaces=NS) for info in infos] == ["en-CA", "fr-CA"]
    assert {info.findtext("c:urgency", namespaces=NS) for info in infos} == {"Past"}


def not_raised(source, derived, name, scale):
    """The strongest value of the derived message is no stronger than the source's strongest."""
    strongest = lambda root: min((scale.index(text) for text in texts(root, name) if text in scale), default=len(scale) - 1)
    given = texts(source, name)
    if "Very Likely" in given:
        given_scale = min(scale.index("Likely"), strongest(source))
        return strongest(derived) >= given_scale
    return strongest(derived) >= strongest(source)


def test_every_recorded_alert(schema):
    if not CORPUS.is_dir():
        pytest.skip(f"skipped: no recorded messages at {CORPUS}")
    counts = {0: 0, 1: 0, 2: 0}
    for path in sorted(file for file in CORPUS.rglob("*") if file.is_file()):
        for side in ("us", "ca"):
            done = run("--to", side, path)
            counts[done.returncode] += 1
            if done.returncode != 0:
                assert not done.stdout and done.stderr, path
                continue
            derived = parse(done.stdout)
            assert schema.validate(derived), f"{path}: {schema.error_log}"
            source = etree.fromstring(path.read_bytes(), etree.XMLParser(recover=True, resolve_entities=False, huge_tree=True))
            if source is None:
                continue
            source = source if etree.QName(source).localname == "alert" else next(source.iter("{*}alert"))
            assert texts(derived, "status") == texts(source, "status")[:1], path
            assert len(" ".join(texts(derived, "references")).split()) == len(" ".join(texts(source, "references")).split()), path
            for name, scale in (("urgency", URGENCY), ("severity", SEVERITY), ("certainty", CERTAINTY)):
                assert not_raised(source, derived, name, scale), (path, name)
            names = [text.lower() for text in texts(derived, "valueName")]
            assert not any(word in name for name in names for word in ("broadcast", "wireless", "weahandling", "cmam", "eas-org")), path
            if side == "us" and derived.findall("c:info", NS):
                values = [p.findtext("c:value", namespaces=NS) for p in derived.iter("{*}parameter")
                          if p.findtext("c:valueName", namespaces=NS) == "BLOCKCHANNEL"]
                assert set(values) == {"EAS", "CMAS", "NWEM"}, path
    assert counts[0] > 40 and counts[2] > 10
