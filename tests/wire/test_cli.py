"""The command line against the real daemon: what a person on call types."""

import json
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
