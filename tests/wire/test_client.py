"""The client library, by `caprelay watch` and `inject`, against a relay that lies, loses and dies on command."""

import json
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from scripted_server import Relay, cap  # noqa: E402
from subscriber import Follower, digest, open_frame, parse_json, put_parts  # noqa: E402

PROGRAM = Path(os.environ.get("CAPRELAY_BUILD", Path(__file__).resolve().parents[2] / "build")) / "caprelay"


class Watch:
    """A running `caprelay watch --json`."""

    def __init__(self, relay, *options, topics=3, ready=True):
        self.events = []
        self.process = subprocess.Popen([PROGRAM, "watch", "--relay", relay.card, "--json", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        if ready:
            relay.wait_for_subscribers(topics)
            self.wait("filled")

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def of(self, kind):
        return [event for event in list(self.events) if event["event"] == kind]

    def seqs(self):
        return [event["seq"] for event in self.of("bulletin")]

    def wait(self, kind, count=1, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(found := self.of(kind)) >= count:
                return found
            time.sleep(0.01)
        self.stop()
        raise AssertionError(f"no {count} of {kind}: {[e['event'] for e in self.events]}\n{self.stderr}")

    def stop(self):
        self.process.terminate()
        code = self.process.wait(10)
        self.thread.join(10)
        self.stderr = self.process.stderr.read()
        return code


@pytest.fixture
def relay(tmp_path):
    server = Relay(tmp_path)
    yield server
    server.close()


@pytest.fixture
def watch(relay):
    started = []

    def start(*options, **more):
        started.append(Watch(relay, *options, **more))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


def refused(one, word):
    reasons = [event["reason"] for event in one.wait("refused")]
    assert any(reason.startswith(word + ":") for reason in reasons), reasons


def test_bulletins_come_once_in_order_and_verified(relay, watch):
    one = watch("--now")
    for _ in range(3):
        relay.publish()
    found = one.wait("bulletin", 3)
    assert [b["seq"] for b in found] == [1, 2, 3]
    assert all(b["verified"] and not b["caught_up"] and b["class"] == "actual" for b in found)
    assert digest(found[0]["derived"].encode()) == found[0]["header"]["derived"]["digest"]


def test_plain_packets_and_regions(tmp_path):
    relay = Relay(tmp_path, compressed=False, curve=False)
    one = Watch(relay, "--now", "--region", "ME", "--region", "NH", topics=4)
    relay.publish(regions=("ME", "NH"))
    relay.publish(regions=("WA",))
    relay.publish(regions=("NH",))
    relay.publish(side="ca", regions=("NB",))
    relay.publish(regions=("--",))
    one.wait("bulletin", 3)
    relay.beat()
    one.wait("beat")
    assert one.seqs() == [1, 3, 5] and not one.of("gap")
    one.stop()
    relay.close()


def test_a_gap_is_filled_in_order(relay, watch):
    one = watch("--now")
    relay.publish()
    one.wait("bulletin")
    relay.make()
    relay.make()
    relay.publish()
    one.wait("bulletin", 4)
    assert one.seqs() == [1, 2, 3, 4]
    assert [b["caught_up"] for b in one.of("bulletin")][1:3] == [True, True]
    assert one.of("gap")[0]["from"] == 2 and one.of("gap")[0]["to"] == 3


def test_a_beat_shows_what_was_lost_at_the_end(relay, watch):
    one = watch("--now")
    relay.publish()
    relay.make()
    relay.beat()
    one.wait("bulletin", 2)
    assert one.seqs() == [1, 2]


def test_a_hole_on_another_topic_is_filled(relay, watch):
    one = watch("--now", "--region", "ME", "--region", "NH", topics=4)
    relay.make(regions=("NH",))
    relay.publish(regions=("ME",))
    one.wait("bulletin")
    relay.publish(regions=("ME",))
    relay.beat()
    one.wait("bulletin", 3)
    one.wait("filled", 2)
    relay.publish(regions=("ME", "NH"))
    one.wait("bulletin", 4)
    assert sorted(one.seqs()) == [1, 2, 3, 4] and not one.of("refused")


def test_catch_up_from_a_number_over_pages(relay, watch):
    for _ in range(450):
        relay.make()
    one = watch("--since", "7")
    one.wait("bulletin", 443)
    relay.publish()
    one.wait("bulletin", 444)
    assert one.seqs() == list(range(8, 452))


def test_in_force_first_then_live(relay, watch):
    relay.make()
    relay.make()
    one = watch()
    relay.publish()
    one.wait("bulletin", 3)
    assert one.seqs() == [1, 2, 3]


def flip_signature(parts):
    parts[1] = bytes([parts[1][0] ^ 1]) + parts[1][1:]


def other_original(parts):
    parts[3] = parts[3].replace(b"Leave", b"Enjoy")


def other_derived(parts):
    parts[2] = parts[2].replace(b"Leave", b"Enjoy")


@pytest.mark.parametrize(
    "spoil, word",
    [(flip_signature, "signature"), (other_original, "digest"), (other_derived, "digest")],
)
def test_spoiled_parts_are_refused_and_the_true_one_is_fetched(relay, watch, spoil, word):
    one = watch("--now")
    relay.publish()
    one.wait("bulletin")
    frame, topics = relay.make()
    parts = open_frame(frame)
    spoil(parts)
    relay.send(topics, relay.frame_of(put_parts(*parts)))
    refused(one, word)
    assert one.seqs() == [1]
    relay.beat()
    one.wait("bulletin", 2)
    assert one.seqs() == [1, 2]
    assert one.stop() == 1


def test_an_exercise_under_the_actual_key_is_refused(relay, watch):
    one = watch("--now", "--class", "exercise")
    relay.publish(class_="exercise", signer=relay.key["actual"])
    refused(one, "key")
    assert one.seqs() == []


def test_an_exercise_on_an_actual_topic_is_refused(relay, watch):
    one = watch("--now")
    frame, _ = relay.make(class_="exercise")
    relay.send(["actual.us.all."], frame)
    refused(one, "topic")
    assert one.seqs() == []


@pytest.mark.parametrize("status", ["Exercise", "Test", "System"])
def test_an_actual_bulletin_whose_messages_say_otherwise_is_refused(relay, watch, status):
    def pretend(header):
        header["cap"]["status"] = "Actual"

    one = watch("--now")
    relay.publish(status=status, change=pretend)
    refused(one, "class")
    assert one.seqs() == []


def test_an_exercise_that_calls_itself_actual_under_the_exercise_key_is_refused(relay, watch):
    one = watch("--now")
    relay.publish(signer=relay.key["exercise"])
    refused(one, "key")
    assert one.seqs() == []


def test_a_revoked_key_is_refused(relay, watch):
    one = watch("--now")
    relay.revoked.add("actual")
    relay.issued = relay.issued.replace("20", "29", 1)
    relay.beat()
    refused(one, "key")  # the list, by the key that it revokes, is taken all the same
    relay.publish()
    end = time.monotonic() + 10
    while not any("(on actual." in event["reason"] for event in one.of("refused")) and time.monotonic() < end:
        time.sleep(0.01)
    told = [event["reason"] for event in one.of("refused") if "(on actual." in event["reason"]]
    assert told and all(reason.startswith("key:") for reason in told), told
    assert one.seqs() == []


def test_a_key_list_by_another_root_is_refused(relay, watch):
    import nacl.signing

    relay.root = nacl.signing.SigningKey.generate()
    one = watch("--now", ready=False)
    reasons = [event["reason"] for event in one.wait("refused")]
    assert "key list: not signed by the root" in reasons[0]
    relay.publish()
    time.sleep(0.3)
    assert one.seqs() == []


def test_replayed_numbers_are_dropped(relay, watch):
    one = watch("--now")
    old = relay.publish()
    relay.publish()
    one.wait("bulletin", 2)
    relay.send(["actual.us.ME.", "actual.us.all."], old)
    relay.publish()
    one.wait("bulletin", 3)
    assert one.seqs() == [1, 2, 3] and not one.of("refused")


def test_replayed_beats_are_refused(relay, watch):
    one = watch("--now")
    old = relay.beat()
    one.wait("beat")
    relay.beat()
    one.wait("beat", 2)
    relay.feed.send_multipart([b"beat.actual.", old])
    refused(one, "beat")


def test_a_second_truth_is_refused(relay, watch):
    one = watch("--now")
    relay.publish()
    relay.publish()
    one.wait("bulletin", 2)

    def fork(header):
        for entry in header["topics"]:
            entry["prev"] = 1

    relay.publish(change=fork, store=False)
    refused(one, "number")
    assert one.seqs() == [1, 2]


def test_a_bomb_is_refused_before_it_unfolds(relay, watch):
    one = watch("--now")
    bomb = b"\x28\xb5\x2f\xfd" + bytes([0xE0]) + struct.pack("<Q", 1 << 34) + b"\x01\x00\x00"
    relay.send(["actual.us.all."], bomb)
    relay.send(["actual.us.all."], b"\x00\x00\x00\x05ab")
    refused(one, "frame")
    relay.publish()
    one.wait("bulletin")
    assert one.seqs() == [1]


def test_a_dead_link_is_loud_and_has_its_own_exit_code(relay, watch):
    one = watch("--now")
    relay.beat(interval_ms=100)
    one.wait("beat")
    one.wait("link-lost")
    assert one.stop() == 3
    assert "LINK LOST" in one.stderr


def test_a_link_that_comes_back_is_caught_up(relay, watch):
    one = watch("--now")
    relay.beat(interval_ms=100)
    one.wait("link-lost")
    relay.make()
    relay.beat(interval_ms=60000)
    one.wait("link-back")
    one.wait("bulletin")
    assert one.seqs() == [1]
    assert one.stop() == 0


def test_live_alerts_are_not_held_back_by_a_deaf_query(relay, watch):
    one = watch("--now", "--timeout", "0.5")
    relay.publish()
    one.wait("bulletin")
    relay.deaf = True
    relay.make()
    relay.publish()
    one.wait("bulletin", 2)
    assert one.seqs() == [1, 3]
    relay.deaf = False
    one.wait("bulletin", 3, seconds=20)
    one.wait("filled", 2)
    assert one.seqs() == [1, 3, 2], "late, and no number twice"


def test_an_answer_that_leaves_something_out_is_refused(relay, watch):
    one = watch("--now")
    relay.publish()
    one.wait("bulletin")
    relay.answer_filter = lambda verb, header, frames: frames[1:] if verb == "since" else frames
    relay.make()
    relay.make()
    relay.beat()
    refused(one, "number")
    assert one.seqs() == [1]
    relay.answer_filter = None
    one.wait("bulletin", 3, seconds=20)
    assert one.seqs() == [1, 2, 3]


def test_one_bad_bulletin_in_an_answer_does_not_stop_the_rest(relay, watch):
    relay.make()
    relay.make(status="Exercise", change=lambda header: header["cap"].update(status="Actual"))
    relay.make()
    one = watch("--since", "0")
    one.wait("bulletin", 2)
    assert one.seqs() == [1, 3]
    refused(one, "class")


def test_a_relay_that_went_back_ends_the_watch(relay, watch):
    one = watch("--now")
    relay.beat(interval_ms=60000)
    for _ in range(3):
        relay.publish()
    one.wait("bulletin", 3)
    one.wait("beat")
    relay.head["actual"] = (0, "00" * 32)
    relay.last["actual"].clear()
    relay.stored["actual"].clear()
    relay.started = relay.started.replace("20", "21", 1)
    relay.beat()
    refused(one, "number")
    assert one.process.wait(10) == 1


def test_an_original_that_travels_by_digest_is_fetched(relay, watch):
    one = watch("--now")
    relay.publish(inline=False)
    one.wait("bulletin")
    assert any(request["verb"] == "get" for request in relay.asked)
    assert not one.of("refused")
    done = subprocess.run([PROGRAM, "get", "--relay", relay.card, "--original", "1"], capture_output=True, timeout=20)
    assert done.returncode == 0 and done.stdout == next(iter(relay.originals.values()))


def test_every_line_of_an_exercise_says_so(relay, watch):
    relay.make(class_="exercise")
    done = subprocess.run([PROGRAM, "watch", "--relay", relay.card, "--class", "exercise", "--since", "0", "--count", "1"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.rstrip("\n").splitlines()
    assert len(lines) > 8 and all(line.startswith("EXERCISE") for line in lines), done.stdout
    assert "Leave the waterfront" in done.stdout and "Quittez le bord de l'eau" in done.stdout
    assert "\033" not in done.stdout


def test_a_command_gets_each_alert(relay, tmp_path):
    relay.make()
    out = tmp_path / "out"
    command = f'(echo "$CAPRELAY_SEQ $CAPRELAY_CLASS $CAPRELAY_REGIONS"; cat) >> {out}; test $CAPRELAY_SEQ != 1'
    done = subprocess.run([PROGRAM, "watch", "--relay", relay.card, "--since", "0", "--count", "1", "--exec", command],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "command failed for number 1" in done.stderr
    assert out.read_text().startswith("1 actual ME\n<?xml")


def test_inject_prints_the_receipt(relay, tmp_path):
    alert = tmp_path / "alert.xml"
    alert.write_bytes(cap("a"))
    done = subprocess.run([PROGRAM, "inject", "--relay", relay.card, "--key", relay.authority_file, alert],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout and "signature good" in done.stdout and "EAS, CMAS, NWEM" in done.stdout
    request = parse_json(open_frame(relay.injected[0])[0])
    assert request["authority"] == "office" and request["digest"] == digest(cap("a")) and request["dry_run"] is False


def inject_json(relay, alert, *options):
    return subprocess.run([PROGRAM, "inject", "--relay", relay.card, "--json", "--timeout", "0.5", "--key",
                           relay.authority_file, *options, alert], capture_output=True, text=True, timeout=20)


def test_inject_exit_codes(relay, tmp_path):
    alert = tmp_path / "alert.xml"
    alert.write_bytes(cap("a"))
    relay.receipt_filter = lambda header: header.update(outcome="refused", verdict="irrelevant", bulletins=[])
    assert inject_json(relay, alert, "--dry-run").returncode == 1
    relay.receipt_filter = lambda header: header.update(outcome="duplicate", verdict="duplicate")
    assert inject_json(relay, alert).returncode == 0
    relay.receipt_filter = lambda header: header.update(digest="00" * 32)
    assert inject_json(relay, alert).returncode == 4, "a receipt for other bytes is nobody's"
    relay.receipt_filter = lambda header: header.update(dry_run=True)
    assert inject_json(relay, alert).returncode == 4, "a dry run's receipt must not pass for a real one"
    assert inject_json(relay, tmp_path / "none.xml").returncode == 2
    relay.authority_file.chmod(0o644)
    assert inject_json(relay, alert).returncode == 1, "a key that others can read"


def test_inject_sends_again_until_there_is_a_receipt(relay, tmp_path):
    alert = tmp_path / "alert.xml"
    alert.write_bytes(cap("a"))
    relay.receipt_filter = lambda header: header.update(digest="00" * 32) if len(relay.injected) < 2 else None
    done = inject_json(relay, alert)
    assert done.returncode == 0 and len(relay.injected) == 2
    headers = [parse_json(open_frame(frame)[0]) for frame in relay.injected]
    assert headers[0]["nonce"] != headers[1]["nonce"] and headers[0]["digest"] == headers[1]["digest"]


@pytest.mark.parametrize("verb", ["watch", "status", "in-force", "why", "get", "copies", "inject", "keys"])
def test_usage(verb):
    assert subprocess.run([PROGRAM, verb, "--help"], capture_output=True, timeout=20).returncode == 0
    assert subprocess.run([PROGRAM, verb, "--no-such-option"], capture_output=True, timeout=20).returncode == 2


# --- the independent subscriber holds to the same rules ---


def drain(follower, kind, count, seconds=10):
    found, everything, end = [], [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        for event in follower.turn(0.05):
            everything.append(event)
            if event[0] == kind:
                found.append(event)
    assert len(found) >= count, everything
    return everything


def test_the_independent_subscriber_catches_up_and_refuses(relay):
    relay.make()
    follower = Follower(relay.card, after=0)
    try:
        assert [e[1]["seq"] for e in drain(follower, "bulletin", 1) if e[0] == "bulletin"] == [1]
        relay.wait_for_subscribers(3)
        relay.publish()
        relay.make()
        relay.publish()
        got = drain(follower, "bulletin", 3)
        assert [e[1]["seq"] for e in got if e[0] == "bulletin"] == [2, 3, 4]
        frame, topics = relay.make()
        parts = open_frame(frame)
        flip_signature(parts)
        relay.send(topics, relay.frame_of(put_parts(*parts)))
        got = drain(follower, "refused", 1)
        assert got[-1][1].startswith("signature:")
        exercise, _ = relay.make(class_="exercise")
        relay.send(["actual.us.all."], exercise)
        assert drain(follower, "refused", 1)[-1][1].startswith("topic:")
        relay.beat()
        got = drain(follower, "bulletin", 1)
        assert [e[1]["seq"] for e in got if e[0] == "bulletin"] == [5]
    finally:
        follower.close()


def test_inject_sends_again_where_the_relay_is_busy(relay, tmp_path):
    alert = tmp_path / "alert.xml"
    alert.write_bytes(cap("a"))
    busy = {"outcome": "refused", "verdict": "refused", "reason": "inject.busy", "bulletins": []}
    relay.receipt_filter = lambda header: header.update(busy) if len(relay.injected) < 2 else None
    done = inject_json(relay, alert)
    assert done.returncode == 0 and len(relay.injected) == 2
    relay.receipt_filter = lambda header: header.update(busy)
    done = inject_json(relay, alert)
    assert done.returncode == 1 and json.loads(done.stdout)["reason"] == "inject.busy" and len(relay.injected) == 5
