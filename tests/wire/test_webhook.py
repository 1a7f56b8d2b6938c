"""Webhook outlets: every bulletin arrives at least once and in order, whatever the far end does and however often the relay dies."""

import os
import pathlib
import random
import re
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from alerts import Alert, Stream
from ports import free_ports
from receiver import Receiver, json_body, verify
from relay import tool
from subscriber import open_frame, parse_json

SECRET = b"5f1d0c7b7d2f4a0c9d3e6f8a1b2c3d4e"
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "150"))  # the long run: 10000
KILLS = int(os.environ.get("CAPRELAY_KILLS", "8"))


@pytest.fixture
def receive():
    made = []

    def make(script=None):
        made.append(Receiver(SECRET, script))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()
        assert not receiver.faults, receiver.faults


def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o600)
    return path


def outlet(tmp_path, receiver, **changes):
    return dict({"name": "eoc", "kind": "webhook", "url": receiver.url, "secret_file": secret_file(tmp_path),
                 "retry_first": "50ms", "retry_max": "300ms", "timeout": "2s"}, **changes)


def send(relay, count, name="hook"):
    alerts = [alert for alert, _ in zip(Stream(name), range(count))]
    for alert in alerts:
        relay.drop(alert)
    return alerts


def status(relay):
    done = tool("status", "--relay", relay.write_card(), "--json", check=False)
    return parse_json(done.stdout.encode())["result"]["outlets"]


def row(relay, class_name="actual"):
    return next(o for o in status(relay) if o["class"] == class_name)


def wait_row(relay, good, seconds=20):
    deadline = time.monotonic() + seconds
    while not good(found := row(relay)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_what_arrives_is_what_the_feed_has(make_relay, subscribe, receive, tmp_path):
    receivers = {body: receive() for body in ("json", "derived", "bulletin")}
    relay = make_relay(outlets=[outlet(tmp_path, r, name=b, body=b) for b, r in receivers.items()]).start()
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    send(relay, 3)
    subscriber.pump_until(lambda: len(subscriber.order) >= 3, 20, "the feed")
    for receiver in receivers.values():
        receiver.wait(lambda: len(receiver.firsts()) >= 3, 20, "three bulletins")
        assert receiver.firsts() == subscriber.order
    subscriber.pump_until(lambda: all(o["number"] == subscriber.order[-1] for o in subscriber.beat["outlets"]), 15, "a beat that says so")
    assert {(o["name"], o["class"], o["state"], o["number"]) for o in subscriber.beat["outlets"]} == \
        {(body, "actual", "live", subscriber.order[-1]) for body in receivers}
    text = tool("status", "--relay", relay.write_card()).stdout
    assert [line.split()[:4] for line in text.splitlines() if " webhook " in line] == \
        [[body, "webhook", "actual", "live"] for body in receivers]
    for number in subscriber.order:
        seen = subscriber.record[number]
        header = seen["header"]
        posts = {b: next(p for p in r.posts if p[0] == number) for b, r in receivers.items()}
        assert posts["bulletin"][2] == seen["frame"]
        parts = open_frame(seen["frame"])
        assert posts["derived"][2] == parts[2]
        value, original = json_body(posts["json"][2])
        assert value["header"] == header and value["derived"].encode() == parts[2] and original == parts[3]
        assert value["v"] == 1 and value["number"] == number and value["class"] == "actual"
        types = {"json": "application/json", "derived": "application/cap+xml", "bulletin": "application/vnd.caprelay.bulletin"}
        for body, (_, headers, _) in posts.items():
            assert headers["Content-Type"] == types[body]
            assert headers["Caprelay-Class"] == "actual" and headers["Caprelay-Side"] == header["side"]
            assert headers["Caprelay-Relay"] == "test"
            assert headers["Caprelay-Topics"].split() == [t["topic"] for t in header["topics"]]
            assert headers["Caprelay-Identifier"] == header["derived"]["identifier"]
            assert headers["Idempotency-Key"] == f"test/actual/{number}"


def test_the_signature_holds_time_class_number_and_body(make_relay, receive, tmp_path):
    receiver = receive()
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 1)
    receiver.wait(lambda: receiver.posts, 20, "a bulletin")
    _, headers, body = receiver.posts[0]
    verify(SECRET, headers, body)
    for change in ({"Caprelay-Class": "exercise"}, {"Caprelay-Number": "2"},
                   {"Caprelay-Signature": headers["Caprelay-Signature"].replace("t=", "t=1")}):
        with pytest.raises(ValueError, match="not signed"):
            verify(SECRET, {**headers, **change}, body)
    with pytest.raises(ValueError, match="not signed"):
        verify(SECRET, headers, body + b" ")
    with pytest.raises(ValueError, match="not signed"):
        verify(b"another secret entirely", headers, body)
    with pytest.raises(ValueError, match="old"):
        verify(SECRET, headers, body, now=time.time() + 3600)


def test_faults_of_the_far_end_cost_nothing(make_relay, receive, tmp_path):
    """500s, 429 with Retry-After, 404, slow answers, timeouts, connections cut before and after the bulletin was taken."""
    chance = random.Random(7)
    faults = [500, 503, 404, 403, 301, 408, "cut", "lost", 0.05, {"status": 429, "Retry-After": "1"}]

    def script(number, tries):
        if number == 5 and tries == 1:
            return 4.0  # past the timeout of 2 s
        answer = chance.choice(faults) if tries == 1 and number % 4 == 0 else 200
        return dict(answer) if isinstance(answer, dict) else answer

    receiver = receive(script)
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 40)
    receiver.wait(lambda: len(receiver.firsts()) >= 40, 60, "everything")
    assert receiver.firsts() == list(range(1, receiver.firsts()[-1] + 1))
    assert receiver.tries[5] >= 2 and receiver.tries[4] >= 2
    found = wait_row(relay, lambda o: o["behind"] == 0)
    assert found["state"] == "live" and found["delivered"] >= 40 and found["last_delivered"]


def test_retry_after_is_honoured(make_relay, receive, tmp_path):
    at = []

    def script(number, tries):
        at.append(time.monotonic())
        return {"status": 429, "Retry-After": "2"} if tries == 1 else 200

    receiver = receive(script)
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 1)
    receiver.wait(lambda: receiver.firsts(), 20, "the second try")
    assert at[1] - at[0] >= 1.9


def test_a_refused_bulletin_stops_the_outlet_until_it_is_taken(make_relay, receive, tmp_path):
    refusing = [True]
    receiver = receive(lambda number, tries: 422 if number == 3 and refusing[0] else 200)
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 6)
    found = wait_row(relay, lambda o: o["state"] == "down")
    assert "422" in found["reason"] and "number 3" in found["reason"] and found["number"] == 2 and found["behind"] >= 1
    time.sleep(1)
    assert receiver.firsts() == [1, 2]
    assert relay.log().count("state=down") == 1  # told once, however often it is tried
    refusing[0] = False
    receiver.wait(lambda: len(receiver.firsts()) >= 6, 20, "the rest")
    assert receiver.firsts()[:6] == [1, 2, 3, 4, 5, 6]


def test_a_refused_bulletin_is_skipped_where_that_is_wanted_and_said_loudly(make_relay, receive, tmp_path):
    receiver = receive(lambda number, tries: 422 if number == 3 else 404 if number == 4 and tries < 3 else 200)
    relay = make_relay(outlets=[outlet(tmp_path, receiver, on_refusal="skip")]).start()
    send(relay, 6)
    receiver.wait(lambda: len(receiver.firsts()) >= 5, 20, "all but one")
    assert receiver.firsts()[:5] == [1, 2, 4, 5, 6]  # a 404 speaks of the endpoint: never skipped
    assert receiver.tries[3] == 1
    lines = [line for line in relay.log().splitlines() if "outlet.skipped" in line]
    assert len(lines) == 1 and "number=3" in lines[0] and "422" in lines[0] and "eoc" in lines[0]
    assert wait_row(relay, lambda o: o["delivered"] >= 5)["skipped"] == 1


def test_exercises_go_only_where_they_are_asked_for(make_relay, receive, tmp_path):
    actual, both, exercise = receive(), receive(), receive()
    relay = make_relay(outlets=[outlet(tmp_path, actual, name="actual"), outlet(tmp_path, both, name="both", **{"class": ["actual", "exercise"]}),
                                outlet(tmp_path, exercise, name="exercise", **{"class": "exercise"})]).start()
    for i in range(4):
        relay.drop(Alert(f"x-{i}", status="Exercise" if i % 2 else "Actual"))
    both.wait(lambda: len(both.posts) >= 4, 20, "both classes")
    actual.wait(lambda: len(actual.posts) >= 2, 20, "actual")
    exercise.wait(lambda: len(exercise.posts) >= 2, 20, "exercise")
    time.sleep(0.5)
    kinds = [[(h["Caprelay-Class"], n) for n, h, _ in r.posts] for r in (actual, exercise)]
    assert kinds[0] == [("actual", 1), ("actual", 2)] and kinds[1] == [("exercise", 1), ("exercise", 2)]
    assert sorted((h["Caprelay-Class"], n) for n, h, _ in both.posts) == kinds[0] + kinds[1]
    for _, headers, body in both.posts:
        value, _ = json_body(body)
        assert value["header"]["class"] == headers["Caprelay-Class"] == value["class"]
    assert len(status(relay)) == 4


def test_only_the_wanted_side_and_regions(make_relay, receive, tmp_path):
    us, nowhere = receive(), receive()
    relay = make_relay(outlets=[outlet(tmp_path, us, name="us", sides="us"),
                                outlet(tmp_path, nowhere, name="hawaii", regions=["HI"])]).start()
    relay.drop(Alert("from-ca", side="ca"))
    relay.drop(Alert("from-us", side="us"))
    relay.drop(Alert("from-ca-2", side="ca"))
    us.wait(lambda: len(us.posts) >= 2, 20, "what is for the US")
    assert {h["Caprelay-Side"] for _, h, _ in us.posts} == {"us"}
    deadline = time.monotonic() + 10
    while any(o["behind"] for o in status(relay)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not nowhere.posts and len(us.posts) == 2


def test_an_outage_is_caught_up_over_a_restart(make_relay, receive, tmp_path):
    receiver = receive()
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 3, "before")
    receiver.wait(lambda: len(receiver.firsts()) >= 3, 20, "the first ones")
    receiver.close()
    send(relay, 30, "during")
    found = wait_row(relay, lambda o: o["state"] in ("degraded", "down") and o["behind"] > 20)
    assert found["reason"]
    relay.stop()
    relay.start()
    wait_row(relay, lambda o: o["behind"] > 20)
    receiver.start()
    receiver.wait(lambda: len(receiver.firsts()) >= 33, 30, "what was missed")
    last = receiver.firsts()[-1]
    assert receiver.firsts() == list(range(1, last + 1))
    assert receiver.taken == receiver.firsts()  # a clean stop stores the cursor: nothing came twice


def test_a_new_outlet_begins_now_or_at_the_first(make_relay, receive, tmp_path):
    now, first = receive(), receive()
    relay = make_relay().start()
    send(relay, 5, "old")
    relay.wait_log("relay.ready")
    deadline = time.monotonic() + 20
    while len(list((relay.spool / "done").glob("*"))) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    relay.changes = {"outlets": [outlet(tmp_path, now, name="now"), outlet(tmp_path, first, name="first", **{"from": "first"})]}
    relay.write_config()
    relay.reload()
    relay.wait_log("reload.done")
    first.wait(lambda: len(first.firsts()) >= 5, 20, "the whole journal")
    relay.kill()
    relay.start()  # its place was stored with the reload
    send(relay, 1, "new")
    now.wait(lambda: now.firsts(), 20, "the new one")
    first.wait(lambda: first.firsts()[-1] == now.firsts()[0], 20, "the new one")
    assert first.firsts() == list(range(1, now.firsts()[0] + 1)) and len(now.firsts()) == 1


def test_a_reload_goes_on_at_the_same_place(make_relay, receive, tmp_path):
    receiver = receive(lambda number, tries: 0.01)
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 60)
    for timeout in (3, 4, 5):
        receiver.wait(lambda: len(receiver.firsts()) >= 10 * timeout - 25, 20, "some")
        start = len(relay.log())
        relay.changes = {"outlets": [outlet(tmp_path, receiver, timeout=f"{timeout}s")]}
        relay.write_config()
        relay.reload()
        relay.wait_log("reload.done", start=start)
    receiver.wait(lambda: len(receiver.firsts()) >= 60, 30, "all")
    assert receiver.firsts() == list(range(1, receiver.firsts()[-1] + 1))
    assert len(receiver.taken) <= len(receiver.firsts()) + 3  # only what was on its way at a reload came again
    relay.stop()


def test_a_secret_that_is_written_anew_counts_after_a_reload(make_relay, receive, tmp_path):
    receiver = receive()
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    send(relay, 1)
    receiver.wait(lambda: receiver.firsts() == [1], 20, "the one under the old secret")
    wait_row(relay, lambda o: o["delivered"] == 1)
    receiver.secret = b"another-secret-entirely-and-long-enough"
    (tmp_path / "secret").write_bytes(receiver.secret)
    relay.reload()
    relay.wait_log("reload.done")
    assert relay.log().count("outlet.files outlet=eoc") == 1
    send(relay, 1, "after")
    receiver.wait(lambda: receiver.firsts()[-1] > 1, 20, "the one under the new secret")
    receiver.wait(lambda: len(receiver.firsts()) == 2, 20, "no other")


def test_bad_configurations_are_refused_by_name(make_relay, receive, tmp_path):
    receiver = receive()
    loose = tmp_path / "loose"
    loose.write_bytes(SECRET)
    loose.chmod(0o644)
    short = tmp_path / "short"
    short.write_bytes(b"abc")
    short.chmod(0o600)
    for changes, wanted in (({"kind": "pigeon"}, "no kind of outlet `pigeon`"), ({"url": "ftp://x"}, "url"), ({"secret_file": loose}, "chmod"),
                            ({"secret_file": short}, "at least 16"), ({"secret_file": tmp_path / "none"}, "No such file"),
                            ({"class": "draft"}, "draft"), ({"colour": "red"}, "colour"), ({"regions": ["Maine"]}, "Maine"),
                            ({"retry_first": "1m", "retry_max": "1s"}, "retry_max")):
        relay = make_relay(outlets=[outlet(tmp_path, receiver, **changes)])
        with pytest.raises(AssertionError, match="ended with 1") as refusal:
            relay.start()
        assert wanted in str(refusal.value), (changes, str(refusal.value))


def test_killed_at_random_instants(make_relay, receive, tmp_path):
    """1 to N at least once and in order, over kill -9 of the relay and faults of the far end."""
    seed = int(os.environ.get("CAPRELAY_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    print(f"seed {seed}, {KILLS} kills, {MESSAGES} messages")
    receiver = receive(lambda number, tries: chance.choice([500, "cut", "lost"]) if chance.random() < 0.05 else 200)
    relay = make_relay(outlets=[outlet(tmp_path, receiver)]).start()
    alerts = Stream("kill")
    relay.drop_and_die(alerts, MESSAGES, KILLS, chance)
    receiver.wait(lambda: len(receiver.firsts()) >= MESSAGES, 60 + MESSAGES / 20, f"{MESSAGES} bulletins (seed {seed})")
    found = wait_row(relay, lambda o: o["behind"] == 0 and o["number"] >= alerts.count, 60 + MESSAGES / 20)
    firsts = receiver.firsts()
    assert firsts == list(range(1, firsts[-1] + 1)), f"seed {seed}"
    assert firsts[-1] == found["number"]
    bodies = {}
    for number, _, body in receiver.posts:
        assert bodies.setdefault(number, body) == body, f"seed {seed}: number {number} with two contents"
    relay.stop()


def test_the_receiver_of_the_documentation_works(make_relay, tmp_path):
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "outlets.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.S).group(1)
    port = free_ports(1)[0]
    assert code.count("8080") == 1 and code.count("county-eoc.secret") == 1
    secret = secret_file(tmp_path)
    script = tmp_path / "receiver.py"
    script.write_text(code.replace("8080", str(port)).replace("county-eoc.secret", str(secret)))
    output = tmp_path / "output"
    with open(output, "wb") as out:
        process = subprocess.Popen(["/usr/bin/python3", script], stdout=out, stderr=subprocess.DEVNULL)
    try:
        relay = make_relay(outlets=[{"name": "eoc", "kind": "webhook", "url": f"http://127.0.0.1:{port}/", "secret_file": secret,
                                     "retry_first": "100ms", "retry_max": "500ms", "body": "derived"}]).start()
        send(relay, 2)
        wait_row(relay, lambda o: o["delivered"] >= 2)
        text = output.read_text()
        assert text.startswith("actual 1 <") and "\nactual 2 <" in text and "</alert>" in text
        forged = urllib.request.Request(f"http://127.0.0.1:{port}/", b"x", {"Caprelay-Class": "actual", "Caprelay-Number": "9",
                                                                             "Caprelay-Signature": f"t={int(time.time())},v1=00"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(forged, timeout=10)
    finally:
        process.kill()
        process.wait(10)
