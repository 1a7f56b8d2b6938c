"""Plays an exercise through a real relay and shows what subscribers on each side receive.

What should arrive is counted from the files (expected.py); what did arrive is what two `caprelay watch` processes, one on each
side, verified. With --once the last line is the count, and the exit status is 0 only if nothing was lost.
"""

import argparse
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

from expected import read_folder

SIDES = {"us": "subscribers in the United States", "ca": "subscribers in Canada"}
OTHER = {"ca": "us", "us": "ca"}
QUIET_S = 30  # --once: nothing new for so long means that nothing more will come


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Relay:
    """A relay of its own in a temporary folder, with keys made for the occasion."""

    def __init__(self, build: Path, sources: str, border_filter: bool):
        self.build = build
        self.dir = Path(tempfile.mkdtemp(prefix="caprelay-demo-"))
        self.card = self.dir / "relay.card"
        self.processes = []
        self.feed, self.query = (f"tcp://127.0.0.1:{port}" for port in free_ports(2))
        self.make_keys()
        (self.dir / "caprelay.yaml").write_text(self.config(sources, border_filter))

    def caprelay(self, *arguments):
        done = subprocess.run([self.build / "caprelay", *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"demo: caprelay {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def make_keys(self):
        for purpose in ("root", "actual", "exercise", "curve"):
            self.caprelay("keys", "new", purpose, self.dir / f"{purpose}.key")
        self.caprelay("keys", "sign", "--relay", "caprelay.demo", "--root", self.dir / "root.key", "--out", self.dir / "keys.list",
                      self.dir / "actual.key", self.dir / "exercise.key")
        self.caprelay("keys", "card", "--relay", "caprelay.demo", "--feed", self.feed, "--query", self.query,
                      "--curve", self.dir / "curve.key", "--root", self.dir / "root.key", "--out", self.card)

    def config(self, sources, border_filter):
        return textwrap.dedent(f"""\
            relay: {{name: caprelay.demo, sender: relay@caprelay.demo}}
            state_dir: {self.dir}/state
            boundaries: {self.build}/boundaries-standard.bin
            keys: {{actual: {self.dir}/actual.key, exercise: {self.dir}/exercise.key, list: {self.dir}/keys.list, curve: {self.dir}/curve.key}}
            listen: {{feed: "{self.feed}", query: "{self.query}"}}
            access: {{mode: curve, allow: [any]}}
            border: {{filter: {"true" if border_filter else "false"}}}
            publish: {{beat_interval: 1s}}
            sources:
            """) + sources

    def spawn(self, arguments, **options):
        process = subprocess.Popen([str(a) for a in arguments], **options)
        self.processes.append(process)
        return process

    def start(self):
        (self.dir / "state").mkdir()
        self.log = open(self.dir / "relay.log", "wb")
        self.daemon = self.spawn([self.build / "caprelayd", "--config", self.dir / "caprelay.yaml"], stderr=self.log, stdout=self.log)

    def watch(self, side, events):
        watcher = self.spawn([self.build / "caprelay", "watch", "--relay", self.card, "--class", "exercise", "--side", side,
                              "--since", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

        def read():
            for line in watcher.stdout:
                events.put((side, json.loads(line)))

        threading.Thread(target=read, daemon=True).start()

    def ask(self, *arguments):
        """An answer's header, through the relay's public queries; None where the relay knows nothing of it."""
        done = subprocess.run([self.build / "caprelay", arguments[0], "--relay", self.card, "--class", "exercise", "--json",
                               *map(str, arguments[1:])], capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def log_text(self):
        return (self.dir / "relay.log").read_text(errors="replace")

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Screen:
    """Cards in the terminal: plain text when it is no terminal."""

    def __init__(self):
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.width = min(shutil.get_terminal_size((100, 24)).columns, 110)

    def paint(self, text, code):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def line(self, label, text):
        if text:
            body = textwrap.fill(text, self.width - 14, max_lines=2, placeholder=" ...")
            print("  " + self.paint(f"{label:<10}", "2") + body.replace("\n", "\n" + " " * 12))

    def card(self, side, header):
        cap, area = header["cap"], header["area"]
        title = f" to {SIDES[side]} "
        mark = f" EXERCISE no. {header['seq']}, verified "
        rule = "─" * max(2, self.width - len(title) - len(mark) - 4)
        print(self.paint("──" + title, "1;36" if side == "us" else "1;35") + rule + self.paint(mark, "1;33") + "──")
        self.line("headline", f"{cap['msgType'].upper()}: {cap.get('headline') or cap.get('event') or '(no text)'}")
        self.line("from", f"{cap['sender']}, {cap['sent']}")
        self.line("says", " / ".join(cap[k] for k in ("severity", "urgency", "certainty") if cap.get(k)))
        codes = "; ".join(f"{scheme} {' '.join(found[:8])}{' ...' if len(found) > 8 else ''}" for scheme, found in area["geocodes"].items())
        self.line("where", ", ".join(header["regions"]) + (f" ({codes})" if codes else ""))
        self.line("derived", f"{header['derived']['target']} {header['derived']['identifier']}")
        remarks = [r["code"] for r in header["remarks"]]
        notes = sorted({n["code"] for n in header["translation"]["notes"]})
        self.line("notes", ", ".join(remarks + notes))
        print(flush=True)

    def notice(self, side, header):
        """What the relay says of its own: that an exercise starts, or has ended."""
        print(self.paint(f"── to {SIDES[side]}, no. {header['seq']}: {header['cap'].get('headline')}", "1;33") + "\n", flush=True)


def sources_of(args):
    """The relay's sources, as YAML, and whether the border filter is on."""
    if args.folder:
        # As fast as it goes, all times of one chain shifted so that it is in force.
        return textwrap.dedent(f"""\
            - {{name: recordings, adapter: replay, country: auto, country_else: ca, class: exercise,
               path: "{args.folder.resolve()}", speed: 0, shift: chain, run: demo}}
            """), False
    speed = 3600 if args.once else 240
    return "".join(
        f'- {{name: {name}, adapter: replay, country: {side}, class: exercise, path: "{args.incident.resolve()}", '
        f"only: {side}, speed: {speed}, shift: run, run: demo, delay: 2s}}\n"
        for name, side in (("new-brunswick", "ca"), ("maine", "us"))
    ), True


class Count:
    """The files' alerts against what the subscribers verified, by the recording's digest and the identifier."""

    def __init__(self, expected):
        self.expected = expected
        self.got = {}  # (recording, identifier) -> list of sides
        self.relay_says_end = False

    @staticmethod
    def key(recording, identifier):
        return recording, identifier.split(".xdemo")[0]

    def arrived(self, side, header):
        recording = header["origin"]["recording"]
        if recording:
            self.got.setdefault(self.key(recording["digest"], header["origin"]["identifier"]), []).append(side)

    def missing(self):
        left = {k: list(v) for k, v in self.got.items()}
        result = []
        for item in self.expected:
            sides = left.get(self.key(item.recording, item.identifier), [])
            wanted = [s for s in sides if item.side is None or s == OTHER[item.side]]
            if wanted:
                sides.remove(wanted[0])
            else:
                result.append(item)
        return result

    def verified(self, side):
        return sum(1 for sides in self.got.values() for s in sides if s == side)


def merged_among(relay, missing, seen):
    """Those of the missing alerts that the relay says are copies of one that a subscriber verified."""
    if not missing:
        return []
    arrivals = set()
    for seq in sorted(seen):
        arrivals |= {copy["arrival"] for copy in (relay.ask("copies", seq) or {"copies": []})["copies"]}
    merged = []
    for item in missing:
        rows = (relay.ask("why", item.identifier + ".xdemo") or {"result": {"rows": []}})["result"]["rows"]
        copies = [row["arrival"] for row in rows if row["sender"] == item.sender and row["arrival"] in arrivals]
        if copies:
            arrivals.remove(copies[0])
            merged.append(item)
    return merged


def follow(relay, count, screen, once):
    """Shows what arrives until all has, or nothing more comes; returns the numbers that were verified."""
    events = queue.Queue()
    for side in SIDES:
        relay.watch(side, events)
    seen, last = set(), time.monotonic()
    while True:
        try:
            side, event = events.get(timeout=0.5)
        except queue.Empty:
            side, event = None, None
        if relay.daemon.poll() is not None:
            raise SystemExit(f"demo: the relay ended by itself:\n{relay.log_text()}")
        if event and event["event"] == "bulletin":
            count.arrived(side, event["header"])
            seen.add(event["header"]["seq"])
            show = screen.card if event["header"]["origin"]["recording"] else screen.notice
            show(side, event["header"])
            last = time.monotonic()
        elif event and event["event"] not in ("beat", "filled"):
            print(f"  {side}: {event}", flush=True)
        quiet = time.monotonic() - last
        if once and event is None and (not count.missing() or quiet > QUIET_S or "replay.ended" in relay.log_text() and quiet > 5):
            return seen


def main():
    parser = argparse.ArgumentParser(prog="script/demo")
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--incident", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help="end by itself, with a count")
    parser.add_argument("folder", type=Path, nargs="?", help="CAP files to play instead of the incident")
    args = parser.parse_args()
    played = args.folder or args.incident
    if not played.is_dir():
        parser.error(f"{played} is no folder")

    expected, skipped = read_folder(played)
    print(f"An exercise of {len(expected)} alerts from {played.name}, through a relay on this machine.\n", flush=True)
    for item in skipped:
        print(f"  not counted: {item.file}: {item.reason}")
    count, screen = Count(expected), Screen()
    relay = Relay(args.build, *sources_of(args))
    try:
        relay.start()
        seen = follow(relay, count, screen, args.once)
        missing = count.missing()
        merged = merged_among(relay, missing, seen)
        lost = [item for item in missing if item not in merged]
        if lost and os.environ.get("CAPRELAY_DEMO_LOG"):
            print(relay.log_text(), file=sys.stderr)
    finally:
        relay.close()
    for item in merged:
        print(f"  merged: {item.file}: {item.headline}")
    for item in lost:
        print(f"  LOST: {item.file}: {item.sender} {item.identifier}")
    us, ca = count.verified("us"), count.verified("ca")
    print(f"demo: {len(expected)} alerts in, {us} verified in us, {ca} in ca, {len(merged)} merged, {len(lost)} lost", flush=True)
    return 1 if lost or us + ca + len(merged) != len(expected) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ndemo: ended by you")
