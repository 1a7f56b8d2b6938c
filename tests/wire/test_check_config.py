"""caprelayd --check-config: each file that a start would open, named before the start needs it."""

import os
import subprocess

import pytest

from poster import make_certificate
from relay import DAEMON


def check(path, option="--check-config"):
    return subprocess.run([DAEMON, option, str(path)], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def relay(make_relay):
    """One that never runs."""
    return make_relay()


@pytest.fixture
def files(tmp_path):
    """A certificate with its key, another's key, a secret, and files that are none of these."""
    folder = tmp_path / "files"
    folder.mkdir()
    found = {"certificate": None, "folder": folder}
    found["certificate"], found["key"] = make_certificate(folder, "own")[:2]
    found["other"] = make_certificate(folder, "other")[1]
    for name, text in {"text": "no PEM\n", "secret": "0123456789abcdef0123\n"}.items():
        found[name] = folder / name
        found[name].write_text(text)
        found[name].chmod(0o600)
    found["absent"] = folder / "absent"
    found["fifo"] = folder / "fifo"  # whoever opens it waits
    os.mkfifo(found["fifo"])
    return found


def source(name, adapter, **options):
    return {"name": name, "adapter": adapter, **options}


def nws(**options):
    return source("nws", "nws", user_agent="test (ops@example.org)", **options)


def nwws(**options):
    return source("nwws", "nwws", jid="a@nwws-oi.weather.gov", **options)


def webhook(files, **options):
    return {"name": "hook", "kind": "webhook", "url": "https://127.0.0.1:1/", "secret_file": files["secret"], **options}


def door(files, certificate="certificate", key="key"):
    return {"listen": {"inject_http": "https://127.0.0.1:1"}, "inject_http": {"certificate": files[certificate], "key": files[key]}}


WRONG = {
    # what is configured, the key that the answer names, the file, what it says
    "actual": (lambda f, r: {"keys": {"actual": f["absent"]}}, "keys.actual", "absent", "keys new actual"),
    "actual is none": (lambda f, r: {"keys": {"actual": f["text"]}}, "keys.actual", "text", ""),
    "actual is exercise": (lambda f, r: {"keys": {"actual": r.keys.path("exercise")}}, "keys.actual", "exercise.key", "for `actual` is needed"),
    "list": (lambda f, r: {"keys": {"list": f["absent"]}}, "keys.list", "absent", "keys sign"),
    "list is none": (lambda f, r: {"keys": {"list": f["text"]}}, "keys.list", "text", ""),
    "list is a FIFO": (lambda f, r: {"keys": {"list": f["fifo"]}}, "keys.list", "fifo", "is no file"),
    "curve": (lambda f, r: {"keys": {"curve": f["absent"]}, "access": {"mode": "curve", "allow": "any"}}, "keys.curve", "absent", "keys new curve"),
    "boundaries": (lambda f, r: {"boundaries": f["text"]}, "boundaries", "text", ""),
    "boundaries are a FIFO": (lambda f, r: {"boundaries": f["fifo"]}, "boundaries", "fifo", "is no file"),
    "door certificate": (lambda f, r: door(f, certificate="absent"), "inject_http", "absent", "PEM"),
    "door key": (lambda f, r: door(f, key="text"), "inject_http", "text", "PEM"),
    "door pair": (lambda f, r: door(f, key="other"), "inject_http", "other", "private key"),
    "ca_file": (lambda f, r: {"sources": [nws(ca_file=f["text"])]}, "ca_file", "text", "holds no certificate; PEM"),
    "ca_file absent": (lambda f, r: {"sources": [nws(ca_file=f["absent"])]}, "ca_file", "absent", "No such file"),
    "password": (lambda f, r: {"sources": [nwws(password_file=f["absent"])]}, "password_file", "absent", "No such file"),
    "PIN": (lambda f, r: {"sources": [source("fema", "ipaws", pin_file=f["absent"])]}, "pin_file", "absent", "No such file"),
    "folder": (lambda f, r: {"sources": [source("in", "file", folder=f["absent"])]}, "folder", "absent", "No such file"),
    "folder is none": (lambda f, r: {"sources": [source("in", "file", folder=f["text"])]}, "folder", "text", "is no folder"),
    "pin": (
        lambda f, r: {"sources": [nws(signature={"policy": "flag", "pins": [{"name": "p", "file": f["text"]}]})]},
        "signature",
        "text",
        "holds no certificate",
    ),
    "pin is a FIFO": (
        lambda f, r: {"sources": [nws(signature={"policy": "flag", "pins": [{"name": "p", "file": f["fifo"]}]})]},
        "signature",
        "fifo",
        "is no file",
    ),
    "client certificate": (lambda f, r: {"outlets": [webhook(f, client_cert=f["text"])]}, "client_cert", "text", "holds no certificate"),
    "client key": (
        lambda f, r: {"outlets": [webhook(f, client_cert=f["certificate"], client_key=f["text"])]},
        "client_key",
        "text",
        "holds no private key",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(relay, files, what):
    changes, key, name, says = WRONG[what]
    relay.changes.update(changes(files, relay))
    relay.write_config()
    done = check(relay.config_path)
    assert done.returncode == 1, done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("caprelayd: ")]
    assert len(lines) == 1, done.stderr
    assert key in lines[0] and name in lines[0] and says in lines[0], lines[0]


def test_all_of_it_is_named_at_once(relay, files):
    relay.changes.update(door(files, key="text"))
    relay.changes.update({"keys": {"exercise": files["absent"]}, "sources": [nws(ca_file=files["text"])]})
    relay.write_config()
    done = check(relay.config_path)
    assert done.returncode == 1
    for key in ("keys.exercise", "inject_http", "ca_file"):
        assert key in done.stderr
    # A reload leaves alone what only a start opens: it must go through when a token is to be taken out.
    assert check(relay.config_path, "--check-reload").returncode == 0


def test_what_is_good_is_said_and_nothing_is_written(relay, files):
    relay.changes.update(door(files))
    relay.changes.update({
        "state_dir": files["folder"] / "state",
        "sources": [
            nws(ca_file=files["certificate"], url="http://127.0.0.1:1"),
            nwws(password_file=files["secret"], server="127.0.0.1"),
            source("in", "file", folder=files["folder"]),
        ],
        "outlets": [webhook(files, client_cert=files["certificate"], client_key=files["key"])],
    })
    relay.write_config()
    before = sorted(os.listdir(files["folder"]))
    done = check(relay.config_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": good\n")
    assert sorted(os.listdir(files["folder"])) == before
