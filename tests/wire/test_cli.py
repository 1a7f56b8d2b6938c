"""The command line against the real daemon: what a person on call types."""

import hashlib
import json
import re
import signal
import subprocess
import time

import pytest

from alerts import Alert
from relay import TOOL, tool


def ask(relay, *arguments, **options):
    return tool(arguments[0], "--relay", relay.write_card(), *arguments[1:], **options)


@pytest.fixture
def alert_file(tmp_path):
    def write(alert, name="alert.xml"):
        path = tmp_path / name
        path.write_bytes(alert if isinstance(alert, bytes) else alert.xml)
        return path

    return write


def test_inject_watch_and_in_force(relay, alert_file):
    done = ask(relay, "inject", "--key", relay.keys.path("emo"), "--authority", "emo", alert_file(Alert("cli-1", side="ca")))
    assert "accepted" in done.stdout
    listed = ask(relay, "in-force")
    assert "High water" in listed.stdout or "cli-1" in listed.stdout or "Flood" in listed.stdout
    seen = ask(relay, "watch", "--json", "--since", "0", "--count", "1")
    line = json.loads(seen.stdout.splitlines()[-1])
    assert "cli-1" in json.dumps(line)


def test_a_dry_run_publishes_nothing(relay, alert_file, subscribe):
    subscriber = subscribe(relay)
    done = ask(relay, "inject", "--key", relay.keys.path("emo"), "--authority", "emo", "--dry-run",
               alert_file(Alert("dry", side="ca")))
    assert "accepted" in done.stdout
    subscriber.pump(0.6)
    assert not subscriber.order
    assert subscriber.asker.ask("why", text="dry")[0]["result"]["rows"] == []


def test_a_refused_injection_says_why(relay, alert_file):
    done = ask(relay, "inject", "--key", relay.keys.path("emo"), "--authority", "emo",
               alert_file(Alert("private", side="ca", scope="Private")), check=False)
    assert done.returncode == 1
    assert "scope" in done.stdout + done.stderr


def test_status_and_why(relay, alert_file):
    status = ask(relay, "status")
    assert "spool" in status.stdout and "journal" in status.stdout.lower()
    relay.drop(Alert("asked-for", side="us"))
    relay.wait_log("asked-for")
    deadline = time.monotonic() + 10
    while "relayed" not in (why := ask(relay, "why", "asked-for", check=False)).stdout:
        assert time.monotonic() < deadline, why.stdout + why.stderr


def test_status_is_a_table_that_a_person_reads(relay):
    relay.drop(Alert("in-the-table", side="us"))
    relay.wait_log("in-the-table")
    deadline = time.monotonic() + 10
    while True:
        shown = ask(relay, "status", check=False).stdout
        lines = shown.splitlines()
        title = next(line for line in lines if line.startswith("source "))
        row = next(line for line in lines if line.startswith("spool "))

        def cell(name):
            end = min((title.index(other) for other in ("adapter", "class", "state", "since", "last message", "lag", "reason")
                       if title.index(other) > title.index(name)), default=len(row))
            return row[title.index(name):end].strip()

        if cell("lag") != "-":
            break
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)
    assert cell("adapter") == "file" and cell("state") == "live"
    assert re.fullmatch(r"\d+ s ago", cell("since")) and re.fullmatch(r"\d+ s ago", cell("last message"))
    assert re.fullmatch(r"-?\d+\.\d s|\d+ (s|min|h|d)", cell("lag"))
    source = next(source for source in json.loads(ask(relay, "status", "--json").stdout)["result"]["sources"]
                  if source["name"] == "spool")
    assert isinstance(source["lag_ms"], int)


def test_an_unreadable_injection_names_its_authority(relay, alert_file):
    done = ask(relay, "inject", "--key", relay.keys.path("emo"), "--authority", "emo", alert_file(b"<alert", "broken.xml"), check=False)
    assert done.returncode != 0
    relay.wait_log("alert.unreadable")
    assert "authority=emo" in next(line for line in relay.log().splitlines() if "alert.unreadable" in line)


def test_a_lost_link_is_loud(relay):
    watch = subprocess.Popen([TOOL, "watch", "--relay", relay.write_card(), "--for", "6"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(1.5)
        relay.process.send_signal(signal.SIGSTOP)
        out, errors = watch.communicate(timeout=30)
    finally:
        relay.process.send_signal(signal.SIGCONT)
        if watch.poll() is None:
            watch.kill()
            watch.wait()
    assert watch.returncode == 3, out + errors
    assert "lost" in (out + errors).lower()


def test_watch_survives_a_kill(make_relay):
    relay = make_relay().start()
    watch = subprocess.Popen([TOOL, "watch", "--relay", relay.write_card(), "--json", "--since", "0", "--count", "6", "--for", "60"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for n in range(6):
            relay.drop(Alert(f"survive-{n}", side="ca"))
            if n % 2:
                time.sleep(0.3)
                relay.kill()
                relay.start()
        out, errors = watch.communicate(timeout=70)
    finally:
        if watch.poll() is None:
            watch.kill()
            watch.wait()
    assert watch.returncode in (0, 3), out + errors  # 3: the last one came by a query, before the first beat
    assert [n for n in range(6) if f"survive-{n}" in out] == list(range(6)), out + errors


def test_a_token_is_printed_once_with_its_hash():
    first, second = (tool("keys", "new", "token").stdout.split() for _ in range(2))
    assert first[0] == "token" and first[2] == "sha256" and first[1] != second[1]
    assert re.fullmatch(r"caprelay_[A-Za-z0-9_-]{43}", first[1])
    assert hashlib.sha256(first[1].encode()).hexdigest() == first[3]
    assert tool("keys", "new", "token", "file", check=False).returncode == 2
