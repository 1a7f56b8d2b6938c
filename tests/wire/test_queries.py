"""Queries: what was missed, what is in force, what became of a message, how the relay is."""

import json
import os

from alerts import Alert, Stream
from recorder import Asker, Link
from subscriber import digest, open_frame


def publish(relay, injector, count, prefix="q", side="ca"):
    made = [Alert(f"{prefix}-{n}", side=side) for n in range(count)]
    for alert in made:
        assert injector.inject(alert)["outcome"] == "accepted"
    return made


def test_since_comes_in_pages(relay, injector, subscribe):
    publish(relay, injector, 7)
    asker = subscribe(relay).asker
    asker.ask("keys")
    numbers, after = [], 0
    while True:
        header, frames = asker.ask("since", after=after, max=3)
        numbers += [json.loads(open_frame(f)[0])["seq"] for f in frames]
        after = numbers[-1]
        if not header["more"]:
            break
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    assert header["as_of"]["actual.us.all."] == 7 and header["head"]["seq"] == 7


def test_in_force_follows_cancels_and_time(relay, injector, subscribe):
    asker = subscribe(relay).asker
    asker.ask("keys")
    first, second = publish(relay, injector, 2)
    assert asker.ask("in-force")[0]["count"] == 2
    assert injector.inject(Alert("end", side="ca", msg_type="Cancel", references=[first]))["outcome"] == "accepted"
    header, frames = asker.ask("in-force")
    assert header["count"] == 1
    assert json.loads(open_frame(frames[0])[0])["origin"]["identifier"] == second.identifier
    status = asker.ask("status")[0]["result"]
    assert status["in_force"] == {"actual": 1, "exercise": 0}


def test_get_brings_a_large_original_by_its_digest(relay, injector, subscribe):
    subscriber = subscribe(relay)
    large = Alert("large", side="ca", description="Long text. " * 60_000)
    assert len(large.xml) > 512 * 1024
    assert injector.inject(large)["outcome"] == "accepted"
    subscriber.pump_until(lambda: subscriber.order, 15, "the bulletin")
    origin = subscriber.record[1]["header"]["origin"]
    assert origin["inline"] is False and origin["digest"] == digest(large.xml)
    header, frames = subscriber.asker.ask("get", digest=origin["digest"])
    assert header["error"] is None
    assert open_frame(frames[0])[0] == large.xml
    header, frames = subscriber.asker.ask("get", seq=1)
    assert frames[0] == subscriber.record[1]["frame"]


def test_why_knows_everything_that_arrived(relay, injector, subscribe):
    asker = subscribe(relay).asker
    asker.ask("keys")
    good = publish(relay, injector, 1, "known")[0]
    private = Alert("for-few", side="ca", scope="Private")
    assert injector.inject(private)["outcome"] == "refused"
    relay.drop(b"this is no XML")
    relay.wait_log("unreadable")
    rows = asker.ask("why", text=good.identifier)[0]["result"]["rows"]
    assert [r["verdict"] for r in rows] == ["relayed"] and rows[0]["bulletins"] == [1] and rows[0]["authority"] == "emo"
    rows = asker.ask("why", text="for-few")[0]["result"]["rows"]
    assert rows and rows[0]["verdict"] != "relayed" and rows[0]["reason"]
    rows = asker.ask("why", text=digest(b"this is no XML"))[0]["result"]["rows"]
    assert [r["verdict"] for r in rows] == ["unreadable"] and rows[0]["class"] is None


def test_status_tells_who_listens(relay, subscribe):
    subscriber = subscribe(relay, topics=["actual.us.ME.", "actual.us.--."])
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    status = subscriber.asker.ask("status")[0]["result"]
    assert status["subscribers"]["actual.us.ME."] == 1
    assert status["subscribers"]["beat.actual."] == 1
    assert status["state"] == "ok" and status["boundaries"] == "standard"
    assert {k["purpose"] for k in status["keys"]} == {"actual", "exercise"}
    subscriber.feed.close()
    other = Link(relay.card)
    asker = Asker(other)
    asker.ask("keys")
    for _ in range(100):
        if not asker.ask("status")[0]["result"]["subscribers"]:
            break
    assert asker.ask("status")[0]["result"]["subscribers"] == {}
    other.close()


def test_log_says_what_status_says_of_the_clock(relay):
    link = Link(relay.card)
    asker = Asker(link)
    asker.ask("keys")
    clock = asker.ask("status")[0]["result"]["clock"]
    assert ("clock.unsynchronised" in relay.log()) != clock["synchronised"]
    link.close()


def test_wrong_requests_get_signed_errors(relay, subscribe):
    asker = subscribe(relay).asker
    asker.ask("keys")
    assert asker.ask("dance")[0]["error"]["code"] == "unknown-verb"
    assert asker.ask("get", seq=99)[0]["error"]["code"] == "not-found"
    assert asker.ask("since", after="x")[0]["error"]["code"] == "bad-request"
    assert asker.ask("why", text="ab")[0]["error"]["code"] == "bad-request"
    for request in (b"", b"\xff\xfe", b"{", b"[" * 60_000, b'{"v":1}', os.urandom(1000)):
        frames = asker.raw(request)
        header = json.loads(open_frame(frames[0])[0])
        assert header["error"]["code"] == "bad-request" and header["class"] == "actual"


def test_a_slow_reader_does_not_stop_the_others(relay, injector, subscribe):
    for alert, _ in zip(Stream("slow"), range(200)):
        relay.drop(alert)
    slow = Link(relay.card)
    asker = Asker(slow)
    asker.raw(b"{}")
    for n in range(400):  # questions whose answers nobody reads
        asker.socket.send(json.dumps({"v": 1, "verb": "since", "nonce": f"{n:032x}", "class": "actual"}).encode())
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: len(subscriber.order) >= 200, 30, "the healthy one's catch-up")
    assert injector.inject(Alert("still", side="ca"))["outcome"] == "accepted"
    slow.close()
