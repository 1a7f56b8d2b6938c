"""A relay that says what a test tells it to say: feed, queries and injection on loopback, with CURVE.

Bulletins are made by the encoders of subscriber.py, so that both the C client and the relay are held against one independent text.
"""

import json
import threading
import time

import nacl.signing
import zmq
import zmq.utils.z85
from subscriber import (ZERO, chain_of, compress, digest, key_id, now_text, open_frame, parse_json, put_parts, sign,
                        signed_packet)

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{identifier}</identifier><sender>{sender}</sender><sent>2026-01-12T15:45:00-04:00</sent>
<status>{status}</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-CA</language><category>Safety</category><event>evacuation</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Observed</certainty><expires>2036-01-13T02:00:00-04:00</expires>
<senderName>Test Office</senderName><headline>Leave the waterfront</headline>
<area><areaDesc>Waterfront</areaDesc><circle>45.187,-67.277 3.0</circle></area></info>
<info><language>fr-CA</language><category>Safety</category><event>évacuation</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Observed</certainty><expires>2036-01-13T02:00:00-04:00</expires>
<headline>Quittez le bord de l'eau</headline>
<area><areaDesc>Bord de l'eau</areaDesc><circle>45.187,-67.277 3.0</circle></area></info>
</alert>
"""


def cap(identifier, status="Actual", sender="office@example.org"):
    return CAP.format(identifier=identifier, status=status, sender=sender).encode()


class Relay:
    """Holds keys, numbers and stored frames; `publish` and `beat` send, `answer` replies in its own thread."""

    def __init__(self, folder, name="test relay", curve=True, compressed=True):
        self.name, self.compressed = name, compressed
        self.root = nacl.signing.SigningKey.generate()
        self.key = {c: nacl.signing.SigningKey.generate() for c in ("actual", "exercise")}
        self.authority = nacl.signing.SigningKey.generate()
        self.revoked = set()
        self.head = {c: (0, ZERO) for c in self.key}
        self.last = {c: {} for c in self.key}
        self.stored = {c: [] for c in self.key}  # (seq, topics, frame)
        self.originals = {}
        self.started, self.deaf, self.answer_filter, self.receipt_filter = now_text(), False, None, None
        self.asked, self.injected = [], []
        self.issued = now_text()
        self.context = zmq.Context()
        public, secret = zmq.curve_keypair()
        self.sockets = {}
        for role, kind in (("feed", zmq.XPUB), ("query", zmq.ROUTER), ("inject", zmq.ROUTER)):
            socket = self.context.socket(kind)
            socket.linger = 0
            if curve:
                socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, public, secret
            port = socket.bind_to_random_port("tcp://127.0.0.1")
            self.sockets[role] = (socket, f"tcp://127.0.0.1:{port}")
        self.feed = self.sockets["feed"][0]
        card = {"v": 1, "relay": name, "root": bytes(self.root.verify_key).hex(),
                "curve": zmq.utils.z85.decode(public).hex() if curve else None,
                **{role: endpoint for role, (_, endpoint) in self.sockets.items()}}
        self.card = folder / "card.json"
        self.card.write_text(json.dumps(card))
        self.authority_file = folder / "authority.key"
        self.authority_file.write_text(json.dumps({
            "v": 1, "type": "caprelay-key", "purpose": "authority",
            "public": bytes(self.authority.verify_key).hex(), "secret": bytes(self.authority).hex()}))
        self.authority_file.chmod(0o600)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.thread.join()
        for socket, _ in self.sockets.values():
            socket.close()
        self.context.term()

    def wait_for_subscribers(self, count, seconds=5):
        """`count` subscriptions have arrived."""
        seen, end = 0, time.monotonic() + seconds
        while seen < count and time.monotonic() < end:
            if self.feed.poll(50):
                seen += self.feed.recv().startswith(b"\x01")
        assert seen >= count, f"{seen} subscriptions came"

    # --- making ---

    def frame_of(self, packet):
        return compress(packet) if self.compressed else packet

    def keylist(self):
        keys = [(self.key["actual"], "actual", None), (self.key["exercise"], "exercise", None),
                (self.authority, "authority", "office")]
        items = [{"key": bytes(k.verify_key).hex(), "id": key_id(bytes(k.verify_key)), "purpose": purpose, "name": name,
                  "not_before": None, "not_after": None, "revoked": purpose in self.revoked}
                 for k, purpose, name in keys]
        return signed_packet(self.root, "keylist", {"v": 1, "relay": self.name, "issued": self.issued, "keys": items})

    def common(self, class_, signer=None):
        signer = signer or self.key[class_]
        return {"v": 1, "relay": self.name, "key": key_id(bytes(signer.verify_key)), "class": class_, "time": now_text()}

    def make(self, class_="actual", side="us", regions=("ME",), status=None, store=True, signer=None, change=None,
             tamper=None, inline=True):
        """One bulletin: its frame and topics. `change(header)` and `tamper(parts)` spoil it before and after signing."""
        status = status or {"actual": "Actual", "exercise": "Exercise"}[class_]
        seq, chain_prev = self.head[class_][0] + 1, self.head[class_][1]
        topics = sorted([f"{class_}.{side}.{r}." for r in regions] + [f"{class_}.{side}.all."])
        original = cap(f"original-{class_}-{seq}", status)
        derived = cap(f"urn:caprelay:{seq:032x}", status, "relay@example.org")
        chain = chain_of(chain_prev, seq, class_, side, topics, digest(derived), digest(original))
        header = {
            **self.common(class_, signer), "seq": seq, "chain_prev": chain_prev, "chain": chain,
            "topics": [{"topic": t, "prev": self.last[class_].get(t, 0)} for t in topics],
            "side": side, "regions": list(regions),
            "cap": {"status": status, "msgType": "Alert", "sender": "office@example.org",
                    "identifier": f"original-{class_}-{seq}", "sent": "2026-01-12T15:45:00-04:00", "references": []},
            "origin": {"source": "script", "sender": "office@example.org", "identifier": f"original-{class_}-{seq}",
                       "sent": "2026-01-12T15:45:00-04:00", "digest": digest(original), "size": len(original),
                       "inline": inline, "signature": {"verdict": "none", "signer": None}, "recording": None},
            "derived": {"target": "us-exchange", "sender": "relay@example.org", "identifier": f"urn:caprelay:{seq:032x}",
                        "digest": digest(derived), "size": len(derived)},
            "translation": {"tables": "0", "version": "0", "notes": [{"where": None, "code": "n", "text": "t"}]},
            "area": {"bbox": None, "grade": "none", "geocodes": {}}, "copies": [], "conflict": None, "remarks": [],
            "in_force_until": None,
        }
        if change:
            change(header)
        data = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        parts = [data, sign(signer or self.key[class_], "bulletin", data), derived, original if inline else b""]
        if tamper:
            tamper(parts)
        frame = self.frame_of(put_parts(*parts))
        self.originals[digest(original)] = original
        if store:
            self.head[class_] = (seq, chain)
            self.last[class_].update(dict.fromkeys(topics, seq))
            self.stored[class_].append((seq, topics, frame))
        return frame, topics

    # --- sending ---

    def send(self, topics, frame):
        for topic in topics:
            self.feed.send_multipart([topic.encode(), frame])

    def publish(self, **arguments):
        frame, topics = self.make(**arguments)
        self.send(topics, frame)
        return frame

    def beat(self, class_="actual", interval_ms=200, change=None, topic=None):
        seq, chain = self.head[class_]
        header = {**self.common(class_), "interval_ms": interval_ms, "started": self.started, "state": "ok", "reasons": [],
                  "head": {"seq": seq, "chain": chain}, "topics": self.last[class_],
                  "in_force": {"count": 0, "digest": digest(b"")}, "sources": [], "journal": {}, "clock": {}, "counts": {},
                  "keys_issued": self.issued}
        if change:
            change(header)
        frame = self.frame_of(signed_packet(self.key[header["class"]], "beat", header))
        self.feed.send_multipart([(topic or f"beat.{class_}.").encode(), frame])
        return frame

    # --- answering ---

    def serve(self):
        poller = zmq.Poller()
        query, inject = self.sockets["query"][0], self.sockets["inject"][0]
        poller.register(query, zmq.POLLIN)
        poller.register(inject, zmq.POLLIN)
        while not self.stop.is_set():
            ready = dict(poller.poll(50))
            if query in ready:
                who, request = query.recv_multipart()
                request = parse_json(request)
                self.asked.append(request)
                if not self.deaf:
                    query.send_multipart([who, *self.answer(request)])
            if inject in ready:
                who, frame = inject.recv_multipart()
                self.injected.append(frame)
                if not self.deaf:
                    inject.send_multipart([who, self.receipt(frame)])

    def answer(self, request):
        class_, verb = request["class"], request["verb"]
        frames, more, result, error = [], False, None, None
        if verb == "keys":
            frames = [self.keylist()]
        elif verb in ("since", "in-force"):
            wanted = request.get("topics")
            rows = [row for row in self.stored[class_] if row[0] > request["after"]
                    and (wanted is None or set(wanted) & set(row[1]))]
            frames = [row[2] for row in rows[: request["max"]]]
            more = len(rows) > len(frames)
        elif verb == "get" and "digest" in request:
            frames = [put_parts(self.originals[request["digest"]])] if request["digest"] in self.originals else []
            error = None if frames else {"code": "not-found", "text": "no such bytes"}
        elif verb == "get":
            frames = [row[2] for row in self.stored[class_] if row[0] == request["seq"]]
            error = None if frames else {"code": "not-found", "text": "no such number"}
        else:
            error = {"code": "unknown-verb", "text": verb}
        seq, chain = self.head[class_]
        header = {**self.common(class_), "verb": verb, "nonce": request["nonce"], "error": error, "more": more,
                  "head": {"seq": seq, "chain": chain}, "as_of": dict(self.last[class_]), "result": result}
        if self.answer_filter:
            frames = self.answer_filter(verb, header, frames)
        header["count"], header["digests"] = len(frames), [digest(frame) for frame in frames]
        return [self.frame_of(signed_packet(self.key[class_], "answer", header)), *frames]

    def receipt(self, frame):
        request = parse_json(open_frame(frame)[0])
        header = {**self.common("actual"), "authority": request["authority"], "digest": request["digest"],
                  "dry_run": request["dry_run"], "outcome": "accepted", "verdict": "relayed", "reason": "border.near",
                  "text": None, "details": None,
                  "bulletins": [{"seq": 1, "side": "us", "regions": ["ME"], "topics": ["actual.us.ME.", "actual.us.all."],
                                 "derived_identifier": "urn:caprelay:1", "blocked": ["EAS", "CMAS", "NWEM"]}]}
        if self.receipt_filter:
            self.receipt_filter(header)
        return signed_packet(self.key["actual"], "receipt", header)
