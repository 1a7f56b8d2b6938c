"""caprelay check: exit codes, the JSON objects, and what a terminal is spared."""
import json
import os
import subprocess

import pytest

CAPRELAY = os.path.join(os.environ["CAPRELAY_BUILD"], "caprelay")
CAP = "urn:oasis:names:tc:emergency:cap:1.2"


def alert(body="", status="Exercise", sender="emo@nb.example", scope="<scope>Public</scope>"):
    return (f'<alert xmlns="{CAP}"><identifier>i-1</identifier><sender>{sender}</sender>'
            f"<sent>2026-04-15T17:51:47-03:00</sent><status>{status}</status><msgType>Alert</msgType>{scope}{body}</alert>")


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def run(*arguments):
    done = subprocess.run([CAPRELAY, "check", *arguments], capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def objects(*arguments):
    code, out, _ = run("--json", *arguments)
    return code, [json.loads(line) for line in out.splitlines()]


def test_a_good_alert(tmp_path):
    path = write(tmp_path, "a.xml", alert())
    code, found = objects(path)
    assert code == 0
    assert len(found) == 1
    one = found[0]
    assert one["file"] == path and one["index"] == 0
    assert one["cap_version"] == "1.2" and one["schema_valid"] is True and one["relayable"] is True
    assert one["kind"] == "alert" and one["profile"] == "cap"
    assert one["identity"] == {"sender": "emo@nb.example", "identifier": "i-1", "sent": "2026-04-15T17:51:47-03:00"}
    for finding in one["findings"]:
        assert set(finding) == {"rule", "severity", "where", "line", "text"}


def test_a_heartbeat_is_fine(tmp_path):
    path = write(tmp_path, "h.xml", alert(status="System", sender="X-Heartbeat"))
    code, found = objects(path)
    assert code == 0 and found[0]["kind"] == "heartbeat" and found[0]["relayable"] is False


def test_one_that_cannot_be_relayed_among_good_ones(tmp_path):
    good = write(tmp_path, "a.xml", alert())
    bad = write(tmp_path, "b.xml", alert(scope=""))
    code, found = objects(good, bad, good)
    assert code == 1
    assert [one["relayable"] for one in found] == [True, False, True]
    fatal = [f for f in found[1]["findings"] if f["severity"] == "fatal"]
    assert [f["rule"] for f in fatal] == ["cap.scope.missing"]


def test_unreadable_has_no_identity(tmp_path):
    path = write(tmp_path, "u.xml", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + alert("<note>&x;</note>"))
    code, found = objects(path)
    assert code == 1
    one = found[0]
    assert one["kind"] == "unreadable" and one["identity"] is None and one["cap_version"] is None
    assert one["schema_valid"] is False and one["findings"][0]["rule"] == "read.doctype"
    assert "root:" not in json.dumps(one)


def test_one_object_for_each_alert_of_an_envelope(tmp_path):
    path = write(tmp_path, "e.xml", f"<feed><entry>{alert()}</entry>\n<entry>{alert(scope='')}</entry></feed>")
    code, found = objects(path)
    assert code == 1
    assert [(one["index"], one["relayable"]) for one in found] == [(0, True), (1, False)]


def test_a_file_that_cannot_be_opened(tmp_path):
    good = write(tmp_path, "a.xml", alert())
    code, out, err = run(str(tmp_path / "absent"), str(tmp_path), good)
    assert code == 1
    assert "absent" in err and "No such file" in err and "directory" in err
    assert good in out


def test_wrong_usage(tmp_path):
    path = write(tmp_path, "a.xml", alert())
    for arguments in [(), ("--json",), ("--frobnicate", path), ("--profile", "eas", path)]:
        code, out, err = run(*arguments)
        assert code == 2 and out == "" and err.startswith("usage:")


def test_profile_can_be_chosen(tmp_path):
    path = write(tmp_path, "a.xml", alert())
    code, found = objects("--profile", "ipaws", path)
    assert code == 0 and found[0]["profile"] == "ipaws"
    assert "ipaws.code" in [f["rule"] for f in found[0]["findings"]]


def test_a_terminal_gets_no_control_characters(tmp_path):
    path = write(tmp_path, "a.xml", alert(sender="a\x9b31mb&#x85;c"))
    code, out, _ = run(path)
    assert code == 0
    assert all(ord(c) >= 0x20 and not 0x7f <= ord(c) < 0xa0 for c in out.replace("\n", ""))


def test_file_names_of_any_bytes(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.xml")
    with open(path, "wb") as file:
        file.write(alert().encode())
    done = subprocess.run([CAPRELAY.encode(), b"check", b"--json", path], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["file"].endswith("??.xml")


def test_too_large(tmp_path):
    path = write(tmp_path, "large.xml", alert("<note>" + "x" * (8 << 20) + "</note>"))
    code, found = objects(path)
    assert code == 1 and found[0]["findings"][0]["rule"] == "read.size"


IPAWS = ("<code>IPAWSv1.0</code><info><category>Met</category><event>Wind</event><urgency>Future</urgency>"
         "<severity>Minor</severity><certainty>Likely</certainty>{}"
         "<area><areaDesc>a</areaDesc><geocode><valueName>SAME</valueName><value>{}</value></geocode></area></info>")
EXPIRES = "<expires>2026-04-16T17:51:47-03:00</expires>"


def test_text_is_grouped_by_profile(tmp_path):
    path = write(tmp_path, "a.xml", alert(IPAWS.format("", "23029"), sender="w-nws.webmaster@noaa.gov"))
    code, out, _ = run(path)
    assert code == 0
    lines = out.splitlines()
    assert "profile ipaws (nws)" in lines[0]
    heads = [line.split(":")[0].strip() for line in lines if line.startswith("  ") and line[2] != " "]
    assert heads == ["cap", "ipaws", "nws"]
    assert next(line for line in lines if "ipaws.geosame" in line).startswith("    warning  ")
    assert "('23029')" in out


def test_a_profile_that_is_kept_says_so(tmp_path):
    path = write(tmp_path, "a.xml", alert("<note>drill</note><info><category>Met</category><event>e</event>"
                                          "<urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty></info>"))
    code, out, _ = run(path)
    assert code == 0 and out.splitlines()[1:] == ["  cap: kept"]


def test_json_names_what_a_message_was_held_to(tmp_path):
    path = write(tmp_path, "a.xml", alert(IPAWS.format(EXPIRES, "023029"), sender="w-nws.webmaster@noaa.gov"))
    _, found = objects(path)
    assert found[0]["profile"] == "ipaws" and found[0]["checked"] == ["cap", "ipaws", "nws"] and found[0]["target"] is None
    _, found = objects("--profile", "eccc", path)
    assert found[0]["profile"] == "eccc" and found[0]["checked"] == ["cap", "cap-cp", "eccc"]
    _, found = objects(write(tmp_path, "u.xml", "nothing"))
    assert found[0]["checked"] == []


def test_a_target_wants_no_warning(tmp_path):
    good = write(tmp_path, "good.xml", alert(IPAWS.format(EXPIRES, "023029")))
    bad = write(tmp_path, "bad.xml", alert(IPAWS.format(EXPIRES, "23029")))
    code, found = objects("--target", "us-exchange", good)
    assert code == 0 and found[0]["target"] == "us-exchange"
    assert "ipaws.status" not in [f["rule"] for f in found[0]["findings"]]
    code, found = objects("--target", "us-exchange", bad)
    assert code == 1 and "ipaws.geosame" in [f["rule"] for f in found[0]["findings"]]
    code, found = objects("--target", "us-post", good)
    assert code == 1 and "ipaws.status" in [f["rule"] for f in found[0]["findings"]]
    code, out, err = run("--target", "mars", good)
    assert code == 2 and out == "" and err.startswith("usage:")
    code, _, _ = run("--target", "us-post", "--profile", "ipaws", good)
    assert code == 2


# Every recorded message of the producers that the relay lives by: what is told of it was read by hand and is true.
TRUE_WARNINGS = {
    "NWS-IDP-PROD-3296165-2882593~1f90b91.xml": {"ipaws.expires"},
    "noaa-2.49.0.1.840.0.bde6c30c43ead9c23c42bea7977652a7de76d87d.002.1.xml": {"ipaws.poly"},
}
RULES = {"cap", "capcp", "ipaws", "nws", "eccc"}


def test_recorded_messages_do_not_drown_in_warnings():
    corpus = os.path.join(os.environ.get("CAPRELAY_SHARED", ""), "corpus")
    if not os.path.isdir(corpus):
        pytest.skip("skipped: no recorded messages beside the project")
    told = {}
    for folder in ("eccc", "naad", "heartbeat", "nws"):
        for name in sorted(os.listdir(os.path.join(corpus, folder))):
            _, found = objects(os.path.join(corpus, folder, name))
            assert found, name
            for one in found:
                warnings = {f["rule"] for f in one["findings"] if f["severity"] == "warning" and f["rule"].split(".")[0] in RULES}
                if warnings and one["cap_version"] == "1.2":
                    told[name] = warnings
                assert len(one["findings"]) <= 12, f"{name}: {len(one['findings'])} findings"
    assert told == TRUE_WARNINGS
