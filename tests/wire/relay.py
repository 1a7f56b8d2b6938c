"""A real caprelayd for one test: keys, configuration, free loopback ports, readiness, and an end."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from ports import free_ports

BUILD = pathlib.Path(os.environ.get("CAPRELAY_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
DAEMON = BUILD / "caprelayd"
TOOL = BUILD / "caprelay"
SUPPRESSIONS = pathlib.Path(__file__).resolve().parents[1] / "tsan.supp"
READY_S = 30
STOP_S = 30


def yaml(value, indent=0):
    """Plain block YAML: mappings, lists, texts, numbers, true and false."""
    pad = "  " * indent
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            nested = isinstance(item, (dict, list)) and item
            lines.append(f"{pad}{key}:" + ("\n" + yaml(item, indent + 1) if nested else " " + yaml(item)))
        return "\n".join(lines)
    if isinstance(value, list):
        return "\n".join(f"{pad}- " + yaml(item, indent + 1).lstrip() for item in value) if value else "[]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def merge(base, changes):
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


def tool(*arguments, check=True, **options):
    """Runs caprelay."""
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"caprelay {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return done


class Keys:
    """Root, actual, exercise and CURVE keys, authorities, and the signed list."""

    def __init__(self, folder, relay="test", authorities=("emo",), days=365):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for purpose in ("root", "actual", "exercise", "curve"):
            tool("keys", "new", purpose, self.path(purpose))
        for name in authorities:
            tool("keys", "new", "authority", self.path(name))
        self.sign(relay, days)

    def sign(self, relay, days):
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
        tool("keys", "sign", "--root", self.path("root"), "--relay", relay, "--not-after", end, "--out", self.list,
             self.path("actual"), self.path("exercise"))

    @property
    def list(self):
        return self.folder / "keys.list"

    def path(self, name):
        return self.folder / f"{name}.key"

    def read(self, name):
        return json.loads(self.path(name).read_text())


class Relay:
    def __init__(self, folder, curve=False, **changes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = Keys(self.folder / "keys")
        self.curve = curve
        self.spool = self.folder / "spool"
        self.spool.mkdir(exist_ok=True)
        self.state = self.folder / "state"
        self.changes = changes
        self.config_path = self.folder / "caprelay.yaml"
        self.log_path = self.folder / "log"
        self.process = None
        self.starts = 0
        self.serial = 0
        self.choose_ports()

    # --- configuration ---

    def choose_ports(self):
        self.feed, self.query, self.inject_port = free_ports(3)
        self.write_config()

    def config(self):
        keys = self.keys
        config = {
            "relay": {"name": "test"},
            "state_dir": self.state,
            "border": {"filter": False},
            "keys": {"actual": keys.path("actual"), "exercise": keys.path("exercise"), "list": keys.list},
            "listen": {
                "feed": f"tcp://127.0.0.1:{self.feed}",
                "query": f"tcp://127.0.0.1:{self.query}",
                "inject": f"tcp://127.0.0.1:{self.inject_port}",
            },
            "access": {"mode": "plain"},
            "publish": {"beat_interval": "200ms"},
            "authorities": [{"name": "emo", "key": keys.read("emo")["public"], "classes": ["actual", "exercise"]}],
            "sources": [{"name": "spool", "adapter": "file", "folder": self.spool, "spool": True, "rescan": "1s"}],
        }
        if self.curve:
            config["keys"]["curve"] = keys.path("curve")
            config["access"] = {"mode": "curve", "allow": "any"}
        return merge(config, self.changes)

    def write_config(self, text=None):
        self.config_path.write_text(text if text is not None else yaml(self.config()) + "\n")

    @property
    def card(self):
        return {
            "v": 1,
            "relay": "test",
            "feed": f"tcp://127.0.0.1:{self.feed}",
            "query": f"tcp://127.0.0.1:{self.query}",
            "inject": f"tcp://127.0.0.1:{self.inject_port}",
            "curve": self.keys.read("curve")["public"] if self.curve else None,
            "root": self.keys.read("root")["public"],
        }

    def write_card(self):
        path = self.folder / "card.json"
        path.write_text(json.dumps(self.card))
        return path

    # --- life ---

    def start(self, wrap=()):
        """Starts and waits until the relay says READY=1; another port where somebody was faster."""
        for _ in range(5):
            if self._start_once(wrap):
                return self
            self.choose_ports()
        raise AssertionError("no free port after five tries\n" + self.log())

    def _start_once(self, wrap):
        self.starts += 1
        logged = len(self.log())
        notify_path = self.folder / f"notify.{self.starts}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(os.path.relpath(notify_path) if len(str(notify_path)) > 100 else str(notify_path))
            notify.settimeout(0.1)
            with open(self.log_path, "ab") as log:
                environment = dict(os.environ, NOTIFY_SOCKET=str(notify_path), TSAN_OPTIONS=f"suppressions={SUPPRESSIONS}")
                self.process = subprocess.Popen([*wrap, DAEMON, "--config", self.config_path], stderr=log, stdout=log,
                                                env=environment)
            deadline = time.monotonic() + READY_S
            while time.monotonic() < deadline:
                try:
                    if b"READY=1" in notify.recv(4096):
                        return True
                except socket.timeout:
                    pass
                if self.process.poll() is not None:
                    code, self.process = self.process.returncode, None
                    if "Address already in use" in self.log()[logged:]:
                        return False
                    raise AssertionError(f"caprelayd ended with {code}\n{self.log()}")
        self.kill()
        raise AssertionError("caprelayd did not get ready\n" + self.log())

    def kill(self):
        """SIGKILL. A relay that was dead already died by itself, which no test may overlook."""
        process, self.process = self.process, None
        if process is None:
            return
        ended = process.poll()
        if ended is None:
            process.send_signal(signal.SIGKILL)
            process.wait(STOP_S)
        else:
            raise AssertionError(f"caprelayd died by itself with {ended}\n{self.log()}")

    def stop(self):
        """SIGTERM; the exit code must be 0."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
            raise AssertionError("caprelayd did not stop\n" + self.log()) from None
        assert code == 0, f"caprelayd ended with {code}\n{self.log()}"

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, seconds=15, start=0):
        """Waits for a line with that text behind the first `start` characters of the log."""
        deadline = time.monotonic() + seconds
        while text not in self.log()[start:]:
            if time.monotonic() > deadline:
                raise AssertionError(f"no `{text}` in the log within {seconds} s\n{self.log()}")
            time.sleep(0.02)

    # --- alerts in ---

    def drop_and_die(self, alerts, count, kills, chance):
        """At least `count` alerts, killed in the midst of them so often, and running again at the end."""
        for _ in range(kills):
            for _ in range(count // kills + 1):
                self.drop(next(alerts))
            time.sleep(chance.uniform(0.02, 0.8))
            self.kill()
            self.start()

    def drop(self, alert):
        """Moves a finished file into the spool, as a careful writer does."""
        self.serial += 1
        name = f"{self.serial:06d}.xml"
        half = self.spool / f".{name}.tmp"
        half.write_bytes(alert if isinstance(alert, bytes) else alert.xml)
        half.rename(self.spool / name)
        return name
