"""What a test needs of a subscriber: a record of one class of its own, verified, in order and without gaps, whatever happens to the relay.

Reads and checks by subscriber.py; follows docs/protocol.md 6.
"""

import json
import os
import threading
import time

import zmq

from subscriber import ZERO, KeyList, Refused, check_answer, check_beat, check_bulletin, connect


def need(condition, text):
    if not condition:
        raise Refused(text)


class Link:
    """The sockets of one client. A context of its own, so that nothing of it outlives the test."""

    def __init__(self, card, curve=None):
        self.card, self.curve = card, curve
        self.context = zmq.Context()

    def socket(self, kind, endpoint):
        socket = connect(self.context, kind, endpoint, self.card, self.curve)
        socket.rcvhwm = 0
        socket.reconnect_ivl, socket.reconnect_ivl_max = 20, 500
        return socket

    def close(self):
        """Bounded: libzmq has been seen to wait for ever for a connection that it closes while answers come in."""
        ending = threading.Thread(target=self.context.destroy, kwargs={"linger": 0}, daemon=True)
        ending.start()
        ending.join(10)


class Asker:
    """Queries. A socket that got no answer is thrown away: the answer may come later, to a question that nobody asks any more."""

    def __init__(self, link, class_name="actual"):
        self.link, self.class_name, self.keys, self.socket = link, class_name, None, None

    def raw(self, request, timeout=5.0):
        """Frames of the answer to these bytes; None when none comes in time."""
        if self.socket is None:
            self.socket = self.link.socket(zmq.DEALER, self.link.card["query"])
        self.socket.send(request)
        if self.socket.poll(timeout * 1000):
            return self.socket.recv_multipart()
        self.socket.close()
        self.socket = None
        return None

    def ask(self, verb, timeout=5.0, **arguments):
        """The verified header and the frames behind it; None when no answer came."""
        nonce = os.urandom(16).hex()
        request = dict(v=1, verb=verb, nonce=nonce, **{"class": self.class_name}, **arguments)
        frames = self.raw(json.dumps(request).encode(), timeout)
        if frames is None:
            return None
        if verb == "keys":
            need(len(frames) == 2, "keys: two frames")
            self.keys = KeyList(bytes.fromhex(self.link.card["root"]), frames[1])
        return check_answer(self.keys, frames, verb, self.class_name, nonce), frames[1:]

    def learn_keys(self, seconds=20.0):
        deadline = time.monotonic() + seconds
        while self.keys is None:
            need(time.monotonic() < deadline, "no key list")
            self.ask("keys", timeout=1.0)


class Recorder:
    """Everything of one class (or of some topics), from the first number on. `record` maps numbers to bulletins."""

    def __init__(self, card, class_name="actual", topics=None, curve=None):
        self.link = Link(card, curve)
        self.class_name = class_name
        self.whole = topics is None
        self.topics = topics or [f"{class_name}.ca.all.", f"{class_name}.us.all."]
        self.asker = Asker(self.link, class_name)
        self.feed = self.link.socket(zmq.SUB, card["feed"])
        for topic in self.topics + [f"beat.{class_name}."]:
            self.feed.subscribe(topic)
        self.record, self.order = {}, []
        # Up to `position` nothing can be missing. Who takes some topics only moves it by beats and answers: a bulletin shows
        # the gaps on its own topics, not those on the others.
        self.position, self.last = 0, {topic: 0 for topic in self.topics}
        self.beat, self.beats = None, 0
        self.contradictions = []  # a number with two contents: the one thing that must never be
        self.asked_at = 0.0
        self.behind = True  # something may be missing: ask

    def close(self):
        self.link.close()

    # --- taking ---

    def take(self, frame, topic=None):
        """Accepts, drops a repeat, or notes that something is missing. Returns the number."""
        header, derived, original = check_bulletin(self.asker.keys, frame, topic)
        need(header["class"] == self.class_name, "another class")
        seq = header["seq"]
        known = self.record.get(seq)
        if known or seq <= self.position:
            if not known or known["frame"] != frame:
                self.contradictions.append(seq)
        elif self._follows(header):
            self.order.append(seq)
            self.record[seq] = {"header": header, "derived": derived, "original": original, "frame": frame}
        else:
            self.behind = True
        return seq

    def _follows(self, header):
        seq = header["seq"]
        prevs = {e["topic"]: e["prev"] for e in header["topics"] if e["topic"] in self.last}
        hole = self.whole and seq != self.position + 1
        if hole or any(prev > self.last[topic] for topic, prev in prevs.items()):
            return False
        need(all(prev == self.last[topic] for topic, prev in prevs.items()), "the relay contradicts itself")
        if self.whole:
            before = self.record[seq - 1]["header"]["chain"] if seq > 1 else ZERO
            need(header["chain_prev"] == before, f"chain_prev of {seq}")
            self.position = seq
        self.last.update(dict.fromkeys(prevs, seq))
        return True

    def take_beat(self, beat):
        need(self.beat is None or beat["time"] > self.beat["time"], "a beat from the past")
        if self.beat and beat["started"] != self.beat["started"]:
            self.behind = True
        self.beat, self.beats = beat, self.beats + 1
        head = beat["head"]
        # A beat counts what was sent; what an answer brought may be ahead of it.
        if any(beat["topics"].get(topic, 0) > last for topic, last in self.last.items()):
            self.behind = True
        elif self.whole and head["seq"] and head["seq"] == self.position:
            need(head["chain"] == self.record[head["seq"]]["header"]["chain"], "chain of the beat")
        elif not self.whole:
            self.position = max(self.position, head["seq"])

    def _take_message(self, frames):
        need(len(frames) == 2, "a message of the feed has two frames")
        topic = frames[0].decode("ascii")
        if topic.startswith("beat."):
            need(topic == f"beat.{self.class_name}.", "another beat than subscribed")
            self.take_beat(check_beat(self.asker.keys, frames[1], self.class_name))
        else:
            self.take(frames[1], topic)

    # --- following ---

    def pump(self, seconds):
        """Follows for so long."""
        self.asker.learn_keys()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.feed.poll(min(left, 0.05) * 1000):
                self._take_message(self.feed.recv_multipart())
            if self.behind and time.monotonic() - self.asked_at > 0.2:
                self.catch_up(timeout=1.0)

    def catch_up(self, timeout=5.0):
        """Asks for what is missing; false when the relay does not answer."""
        self.asked_at = time.monotonic()
        more, after = True, self.position
        while more:
            arguments = {} if self.whole else {"topics": self.topics}
            answer = self.asker.ask("since", timeout=timeout, after=after, **arguments)
            if answer is None:
                return False
            header, frames = answer
            need(header["error"] is None, f"since: {header['error']}")
            need(header["head"]["seq"] >= self.position, "the relay's numbers went back")
            self.behind = False  # what is taken now may say otherwise
            for frame in frames:
                after = self.take(frame)
            need(not self.behind, "an answer with a gap")
            more = header["more"]
            need(not more or frames, "an empty page that promises more")
        for topic in self.last:
            need(self.last[topic] >= header["as_of"].get(topic, 0), f"the answer falls short on {topic}")
        self.position = max(self.position, header["head"]["seq"])
        return True

    def pump_until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds} s; position {self.position}, beat {self.beat}")
            self.pump(0.05)

    def identifiers(self):
        return [self.record[seq]["header"]["origin"]["identifier"] for seq in self.order]
