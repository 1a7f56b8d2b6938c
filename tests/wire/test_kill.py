"""kill -9 at any instant: nothing acknowledged is lost, no number is given twice, the record is complete and in order."""

import os
import random
import threading
import time


from alerts import Stream
from injector import Injector

# The long run: CAPRELAY_KILLS=100.
KILLS = int(os.environ.get("CAPRELAY_KILLS", "30"))
RATE = 25.0  # alerts a second


class Feeder(threading.Thread):
    """Hands in alerts at a steady rate, by injection and by file in turn, and notes what was acknowledged."""

    def __init__(self, relay):
        super().__init__(daemon=True)
        self.relay, self.injector = relay, Injector(relay.card, relay.keys.read("emo"))
        self.stream = Stream("kill")
        self.finished = threading.Event()
        self.dropped, self.accepted = [], {}
        self.failure = None

    def run(self):
        try:
            due = time.monotonic()
            while not self.finished.is_set():
                alert = next(self.stream)
                if self.stream.count % 3 == 0:
                    self.relay.drop(alert)
                    self.dropped.append(alert.identifier)
                else:
                    receipt = self.injector.insist(alert, seconds=90, timeout=0.4)
                    assert receipt["outcome"] in ("accepted", "duplicate"), receipt
                    numbers = tuple(b["seq"] for b in receipt["bulletins"])
                    assert numbers and min(numbers) > 0, receipt
                    self.accepted[alert.identifier] = numbers
                due = max(due + 1 / RATE, time.monotonic() - 1)
                self.finished.wait(max(0.0, due - time.monotonic()))
        except BaseException as failure:  # told by the test's own thread
            self.failure = failure
        finally:
            self.injector.close()


def test_killed_at_random_instants(make_relay, subscribe):
    seed = int(os.environ.get("CAPRELAY_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    print(f"seed {seed}, {KILLS} kills")
    relay = make_relay().start()
    subscriber = subscribe(relay)
    feeder = Feeder(relay)
    feeder.start()
    try:
        for _ in range(KILLS):
            subscriber.pump(chance.uniform(0.05, 1.2))
            assert feeder.failure is None, feeder.failure
            relay.kill()
            relay.start()
        subscriber.pump(1.0)
    finally:
        feeder.finished.set()
        feeder.join(100)
    assert feeder.failure is None, feeder.failure
    wanted = set(feeder.dropped) | set(feeder.accepted)
    subscriber.pump_until(lambda: wanted <= set(subscriber.identifiers()), 60, "everything that was handed in")
    subscriber.pump_until(lambda: subscriber.beat["head"]["seq"] == subscriber.position, 15, "the last beat")

    assert not subscriber.contradictions, f"seed {seed}: numbers with two contents"
    assert subscriber.order == list(range(1, subscriber.position + 1)), f"seed {seed}: order"
    identifiers = subscriber.identifiers()
    assert len(identifiers) == len(set(identifiers)), f"seed {seed}: an alert under two numbers"
    for identifier, numbers in feeder.accepted.items():
        for number in numbers:
            assert subscriber.record[number]["header"]["origin"]["identifier"] == identifier, f"seed {seed}"
    kinds = {b["header"]["cap"]["msgType"] for b in subscriber.record.values()}
    assert kinds == {"Alert", "Update", "Cancel"}

    # A stranger who comes now and asks for everything gets the same bytes.
    late = subscribe(relay)
    late.pump_until(lambda: late.position == subscriber.position, 60, "the whole record anew")
    assert all(late.record[n]["frame"] == subscriber.record[n]["frame"] for n in subscriber.order)
    relay.stop()


def test_a_clean_stop_takes_everything_along(make_relay, subscribe):
    relay = make_relay().start()
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    sent = [alert for alert, _ in zip(Stream("stop"), range(100))]
    for alert in sent:
        relay.drop(alert)
    time.sleep(0.3)
    relay.stop()
    relay.start()
    subscriber.pump_until(lambda: len(subscriber.order) >= 100, 30, "all of them")
    assert sorted(subscriber.identifiers()) == sorted(a.identifier for a in sent)
    assert not subscriber.contradictions


def test_a_resend_gets_the_stored_receipt(make_relay, subscribe):
    relay = make_relay().start()
    injector = Injector(relay.card, relay.keys.read("emo"))
    alert = next(Stream("again"))
    first = injector.send(injector.request(alert.xml))
    assert injector.read(first, alert.xml)["outcome"] == "accepted"
    assert injector.send(injector.request(alert.xml)) == first
    relay.kill()
    relay.start()
    frame = None
    for _ in range(20):
        frame = frame or injector.send(injector.request(alert.xml), timeout=1.0)
    assert frame == first
    injector.close()
