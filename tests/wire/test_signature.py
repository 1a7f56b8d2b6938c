"""A source that requires signatures, from its configuration to what a person on call reads."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alerts import Alert
from relay import DAEMON, tool
from test_naad import verdicts
from xml_signer import XmlSigner

MAKER = Path(__file__).resolve().parents[1] / "unit" / "origin" / "make_fixtures.py"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    pytest.importorskip("cryptography", reason="skipped: no python3-cryptography")
    try:
        subprocess.run(["xmlsec1", "--version"], check=True, capture_output=True, timeout=30)
    except FileNotFoundError:
        pytest.skip("skipped: no xmlsec1")
    folder = tmp_path_factory.mktemp("signed")
    subprocess.run([sys.executable, "-W", "ignore", MAKER, folder], check=True, timeout=120)
    return folder


def pin(signed, name="good"):
    rows = [line.split("\t") for line in (signed / "pins.tsv").read_text().splitlines()]
    # The fixtures' certificates are of 2026: whatever the clock says, the test is of the pin.
    return {"name": name, "spki": next(row[2] for row in rows if row[0] == name), "allow_expired": True}


def source(relay_folder, **signature):
    return [{"name": "spool", "adapter": "file", "folder": relay_folder, "rescan": "1s", "signature": signature}]


def drop(folder, message, name):
    (folder / ".new").write_bytes(message.read_bytes())
    (folder / ".new").rename(folder / name)


def rows_of(relay, count):
    for _ in range(100):
        header = json.loads(tool("why", "--relay", relay.write_card(), "--json", "urn:x:1", check=False).stdout or "{}")
        rows = header.get("result", {}).get("rows", [])
        if len(rows) >= count:
            return rows
        time.sleep(0.1)
    raise AssertionError(f"{len(rows)} of {count} messages were judged")


def test_required(make_relay, signed, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    relay = make_relay(sources=source(inbox, policy="require", pins=[pin(signed)])).start()
    drop(inbox, signed / "stranger.xml", "1.xml")
    (refused,) = rows_of(relay, 1)
    assert (refused["verdict"], refused["reason"]) == ("refused", "signature.untrusted")
    assert refused["details"]["signature"]["verdict"] == "untrusted"
    drop(inbox, signed / "exclusive.xml", "2.xml")
    rows = rows_of(relay, 2)
    relayed = next(row for row in rows if row["verdict"] == "relayed")
    assert relayed["details"]["signature"]["verdict"] in ("valid", "expired-pinned")
    text = tool("why", "--relay", relay.write_card(), "urn:x:1").stdout
    assert "signature  untrusted" in text and "good.example" in text
    shown = tool("get", "--relay", relay.write_card(), "1").stdout
    assert "the original's own signature: " in shown and " by good: good.example (sha256 " in shown
    assert "signature.untrusted" in relay.log_path.read_text()


def test_a_pin_that_has_ended_is_told(make_relay, signed, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    ended = pin(signed) | {"not_after": "2026-01-31"}
    relay = make_relay(sources=source(inbox, policy="flag", pins=[ended])).start()
    assert "pin.ended" in relay.log_path.read_text()
    text = tool("status", "--relay", relay.write_card()).stdout
    assert "spool: the pin good ends or ended at 2026-02-01T00:00:00" in text
    status = json.loads(tool("status", "--relay", relay.write_card(), "--json").stdout)
    assert status["result"]["sources"][0]["signature"] == {"policy": "flag", "pin": "good", "pin_ends": "2026-02-01T00:00:00.000000Z"}


def test_a_pin_that_cannot_be_read_is_refused(make_relay, signed, tmp_path):
    relay = make_relay(sources=source(tmp_path, policy="flag", pins=[{"name": "x", "file": tmp_path / "none.pem"}]))
    done = subprocess.run([DAEMON, "--check-config", relay.config_path], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "signature: pin x: " in done.stderr and "none.pem: No such file" in done.stderr


def test_a_pinned_file_that_is_written_anew_counts_after_a_reload(make_relay, tmp_path):
    old, new = XmlSigner(tmp_path / "old"), XmlSigner(tmp_path / "new")
    inbox, elsewhere = tmp_path / "inbox", tmp_path / "elsewhere"
    inbox.mkdir()
    elsewhere.mkdir()
    pinned = tmp_path / "signer.pem"
    pinned.write_bytes(old.certificate.read_bytes())
    other = {"name": "other", "adapter": "file", "folder": elsewhere}
    relay = make_relay(sources=[*source(inbox, policy="require", pins=[{"name": "met", "file": pinned}]), other]).start()

    def verdict(name, signer):
        alert = signer.sign(Alert(name))
        (inbox / ".new").write_bytes(alert.xml)
        (inbox / ".new").rename(inbox / f"{name}.xml")
        deadline = time.monotonic() + 20
        while not (found := verdicts(relay)[name]):
            assert time.monotonic() < deadline, relay.log()[-2000:]
            time.sleep(0.05)
        return next(iter(found))

    assert (verdict("a", old), verdict("b", new)) == ("relayed", "refused")
    relay.reload()
    relay.wait_log("reload.done")
    assert "source.files" not in relay.log()
    pinned.write_bytes(new.certificate.read_bytes())
    assert verdict("c", new) == "refused"
    mark = len(relay.log())
    relay.reload()
    relay.wait_log("reload.done", start=mark)
    assert relay.log().count("source.files source=spool") == 1 and "source.files source=other" not in relay.log()
    assert (verdict("d", new), verdict("e", old)) == ("relayed", "refused")
    # A file that is no certificate any more keeps the configuration that runs.
    pinned.write_text("half a cer")
    mark = len(relay.log())
    relay.reload()
    relay.wait_log("reload.refused", start=mark)
    assert "signer.pem holds no certificate" in relay.log()[mark:]
    assert verdict("f", new) == "relayed"
