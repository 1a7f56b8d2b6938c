"""Posts whose connections are cut at random, to relays that are killed: every receipt is true, the same bytes have one receipt, nothing is lost.

CAPRELAY_MESSAGES=10000 for the long run, CAPRELAY_SEED to repeat one.
"""

import os
import queue
import random
import socket
import sqlite3
import ssl
import threading
import time

from alerts import Alert
from poster import Door, insist, post
from subscriber import digest

MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "1000"))
POSTERS = 8
KILL_EVERY_S = 1.5


def cut_short(door, cap, chance):
    """A request that ends at a random byte, or is sent whole by somebody who does not wait for the answer."""
    head = (f"POST /v1/alerts HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {door.token}\r\n"
            f"Content-Type: application/cap+xml\r\nContent-Length: {len(cap)}\r\n\r\n").encode()
    whole = head + cap
    try:
        with socket.create_connection(("127.0.0.1", door.port), 5) as plain, \
             door.context().wrap_socket(plain, server_hostname="127.0.0.1") as link:
            link.sendall(whole if chance.random() < 0.4 else whole[:chance.randrange(len(whole))])
            if chance.random() < 0.3:
                time.sleep(chance.random() * 0.02)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    except (OSError, ssl.SSLError):
        pass  # killed just now


class Storm:
    """One relay with its posters; `answers` maps identifiers to what was answered, every time."""

    def __init__(self, relay, door, name, messages, seed):
        self.relay, self.door, self.seed = relay, door, seed
        self.work = queue.Queue()
        self.alerts = {}
        self.answers = {}
        self.cuts = 0
        self.failure = None
        for i in range(messages):
            alert = Alert(f"{name}-{i}", side="ca" if i % 2 else "us", status="Exercise" if i % 5 == 0 else "Actual")
            self.alerts[alert.identifier] = alert
            self.work.put(alert)
        self.posters = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(POSTERS)]

    def run(self, number):
        chance = random.Random(f"{self.seed} {number}")
        try:
            while True:
                alert = self.work.get_nowait()
                while chance.random() < 0.3:
                    self.cuts += 1
                    cut_short(self.door, alert.xml, chance)
                answers = [insist(self.door, alert.xml, seconds=90)]
                if chance.random() < 0.2:
                    answers.append(insist(self.door, alert.xml, seconds=90))
                self.answers[alert.identifier] = answers
        except queue.Empty:
            pass
        except BaseException as failure:  # told by the test's own thread
            self.failure = failure

    def busy(self):
        return any(poster.is_alive() for poster in self.posters)

    def check(self):
        """Against the journal itself, once the relay has stopped."""
        assert self.failure is None, f"seed {self.seed}: {self.failure}"
        assert set(self.answers) == set(self.alerts)
        journal = sqlite3.connect(f"file:{self.relay.state / 'journal.db'}?mode=ro", uri=True)
        relayed = dict(journal.execute("SELECT identifier, COUNT(*) FROM arrivals WHERE verdict = 'relayed' GROUP BY identifier"))
        assert relayed == {identifier: 1 for identifier in self.alerts}, f"seed {self.seed}"
        others = {verdict for verdict, in journal.execute("SELECT DISTINCT verdict FROM arrivals")} - {"relayed", "duplicate"}
        assert not others, f"seed {self.seed}: half a request became {others}"
        numbers = {(class_, seq): identifier for class_, seq, identifier in journal.execute(
            "SELECT bulletins.class, seq, identifier FROM bulletins JOIN arrivals USING (arrival)")}
        for identifier, answers in self.answers.items():
            cap = self.alerts[identifier].xml
            receipt = answers[0].receipt(self.relay, cap)
            assert receipt["outcome"] == "accepted" and len(receipt["bulletins"]) == 1, f"seed {self.seed}: {receipt}"
            assert numbers[receipt["class"], receipt["bulletins"][0]["seq"]] == identifier, f"seed {self.seed}"
            for answer in answers:
                assert answer.status in (200, 201) and answer.body == answers[0].body, f"seed {self.seed}"
            stored, = journal.execute("SELECT receipt FROM receipts WHERE authority = 'emo' AND digest = ?", [bytes.fromhex(digest(cap))]).fetchone()
            assert answers[0].body in stored, f"seed {self.seed}: not the stored receipt"
        journal.close()


def test_two_relays_under_cuts_and_kills(make_relay, tmp_path):
    seed = int(os.environ.get("CAPRELAY_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    storms = []
    for name in ("one", "two"):
        door = Door(tmp_path / name)
        relay = make_relay(**door.changes()).start()
        relay.wait_log("source=inject-http state=live")
        storms.append(Storm(relay, door, name, MESSAGES // 2, seed))
    for storm in storms:
        for poster in storm.posters:
            poster.start()
    kills = 0
    while any(storm.busy() for storm in storms):
        time.sleep(chance.uniform(0.2, KILL_EVERY_S))
        storm = chance.choice(storms)
        if storm.busy():
            storm.relay.kill()
            storm.relay.start()
            kills += 1
    print(f"seed {seed}: {MESSAGES} posted, {sum(s.cuts for s in storms)} cut, {kills} kills")
    for storm in storms:
        storm.relay.stop()
        storm.check()
    # And after all that a repeat gets what it got then.
    storm = storms[0]
    storm.relay.start()
    storm.relay.wait_log("source=inject-http state=live")
    for identifier in chance.sample(sorted(storm.answers), 20):
        answer = insist(storm.door, storm.alerts[identifier].xml)
        assert answer.status == 200 and answer.body == storm.answers[identifier][0].body, f"seed {seed}"
    assert post(storm.door, Alert("after", side="ca").xml).status == 201
