"""An independent subscriber: keeps its own record of one class, verified and without gaps, whatever happens to the relay (docs/protocol.md 6)."""

import json
import os
import time

import zmq

from protocol import KeyList, Refused, digest, need, read_bulletin, read_signed

ZERO_CHAIN = "00" * 32


class Link:
    """The sockets of one client. A context of its own, so that tests can run side by side."""

    def __init__(self, card, curve=None):
        self.card = card
        self.context = zmq.Context()
        self.curve = curve or (zmq.curve_keypair() if card["curve"] else None)

    def socket(self, kind, endpoint):
        socket = self.context.socket(kind)
        socket.set(zmq.LINGER, 0)
        socket.set(zmq.RCVHWM, 0)
        socket.set(zmq.MAXMSGSIZE, 25_169_920)
        socket.set(zmq.HEARTBEAT_IVL, 5000)
        socket.set(zmq.RECONNECT_IVL, 20)
        socket.set(zmq.RECONNECT_IVL_MAX, 500)
        if self.card["curve"]:
            socket.curve_publickey, socket.curve_secretkey = self.curve
            socket.curve_serverkey = bytes.fromhex(self.card["curve"])
        socket.connect(endpoint)
        return socket

    def close(self):
        self.context.destroy(linger=0)


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

    def ask(self, verb, timeout=5.0, class_name=None, **arguments):
        """The verified header and the frames behind it; None when no answer came."""
        class_name = class_name or self.class_name
        nonce = os.urandom(16).hex()
        request = dict(v=1, verb=verb, nonce=nonce, **{"class": class_name}, **arguments)
        frames = self.raw(json.dumps(request).encode(), timeout)
        if frames is None:
            return None
        if verb == "keys":
            need(len(frames) == 2, "keys: two frames")
            self.keys = KeyList(frames[1], bytes.fromhex(self.link.card["root"]))
        header = read_signed(frames[0], self.keys, class_name, "answer")
        need(header["nonce"] == nonce and header["verb"] == verb, "an answer to another question")
        need(header["count"] == len(frames) - 1, "count")
        need(header["digests"] == [digest(frame) for frame in frames[1:]], "digests of the frames")
        return header, frames[1:]

    def learn_keys(self, deadline):
        while self.keys is None:
            need(time.monotonic() < deadline, "no key list")
            self.ask("keys", timeout=1.0)


class Subscriber:
    """Everything of one class, from the first number on. `record` maps numbers to bulletins."""

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
        self.position, self.last = 0, {topic: 0 for topic in self.topics}
        self.beat, self.beats = None, 0
        self.contradictions = []  # a number with two contents: the one thing that must never be
        self.asked_at = 0.0
        self.behind = True  # something may be missing: ask

    def close(self):
        self.link.close()

    # --- taking ---

    def take(self, bulletin):
        header = bulletin["header"]
        seq = header["seq"]
        known = self.record.get(seq)
        if known:
            if known["frame"] != bulletin["frame"]:
                self.contradictions.append(seq)
            return
        if seq <= self.position:
            self.contradictions.append(seq)
            return
        prevs = {e["topic"]: e["prev"] for e in header["topics"] if e["topic"] in self.last}
        if any(prev > self.last[topic] for topic, prev in prevs.items()):
            self.behind = True
            return
        need(all(prev == self.last[topic] for topic, prev in prevs.items()), "the relay contradicts itself")
        if self.whole:
            self._check_chain(header)
        for topic in prevs:
            self.last[topic] = seq
        self.position = seq
        self.record[seq] = bulletin
        self.order.append(seq)

    def _check_chain(self, header):
        seq = header["seq"]
        if seq != self.position + 1:
            raise Refused(f"{seq} after {self.position}, and no topic shows a gap")
        before = self.record[seq - 1]["header"]["chain"] if seq > 1 else ZERO_CHAIN
        need(header["chain_prev"] == before, f"chain_prev of {seq}")

    def take_beat(self, beat):
        need(self.beat is None or beat["time"] > self.beat["time"], "a beat from the past")
        self.beat, self.beats = beat, self.beats + 1
        head = beat["head"]
        # A beat counts what was sent; what an answer brought may be ahead of it. Only an answer can tell that numbers went back.
        if head["seq"] < self.position or any(beat["topics"].get(t, 0) > last for t, last in self.last.items()):
            self.behind = True
        elif self.whole and head["seq"] and head["seq"] == self.position:
            need(head["chain"] == self.record[head["seq"]]["header"]["chain"], "chain of the beat")

    def _take_message(self, frames):
        need(len(frames) == 2, "a message of the feed has two frames")
        topic = frames[0].decode("ascii")
        if topic.startswith("beat."):
            need(topic == f"beat.{self.class_name}.", "another beat than subscribed")
            self.take_beat(read_signed(frames[1], self.asker.keys, self.class_name, "beat"))
        else:
            self.take(read_bulletin(frames[1], self.asker.keys, self.class_name, topic))

    # --- following ---

    def pump(self, seconds):
        """Follows for so long."""
        deadline = time.monotonic() + seconds
        self.asker.learn_keys(max(deadline, time.monotonic() + 20))
        while (left := deadline - time.monotonic()) > 0:
            if self.feed.poll(min(left, 0.05) * 1000):
                self._take_message(self.feed.recv_multipart())
            if self.behind and time.monotonic() - self.asked_at > 0.2:
                self.catch_up(timeout=1.0)

    def catch_up(self, timeout=5.0):
        """Asks for what is missing; false when the relay does not answer."""
        self.asked_at = time.monotonic()
        more = True
        while more:
            arguments = {} if self.whole else {"topics": self.topics}
            answer = self.asker.ask("since", timeout=timeout, after=self.position, **arguments)
            if answer is None:
                return False
            header, frames = answer
            need(header["error"] is None, f"since: {header['error']}")
            need(header["head"]["seq"] >= self.position, "the relay's numbers went back")
            self.behind = False  # what is taken now may say otherwise
            for frame in frames:
                self.take(read_bulletin(frame, self.asker.keys, self.class_name))
            need(not self.behind, "an answer with a gap")
            more = header["more"]
            need(not more or frames, "an empty page that promises more")
        for topic in self.last:
            need(self.last[topic] >= header["as_of"].get(topic, 0), f"the answer falls short on {topic}")
        return True

    def pump_until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds} s; position {self.position}, beat {self.beat}")
            self.pump(0.05)

    def identifiers(self):
        return [self.record[seq]["header"]["origin"]["identifier"] for seq in self.order]
