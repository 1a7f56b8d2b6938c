"""An authority's program: injects and reads receipts (docs/protocol.md 5)."""

import os
import time

import nacl.signing
import zmq

from recorder import Asker, Link, need
from subscriber import Refused, digest, now_text, open_signed, signed_packet


class Injector:
    def __init__(self, card, key, name="emo", curve=None):
        """`key` is the content of a key file of purpose authority."""
        self.link = Link(card, curve)
        self.name, self.key = name, key
        self.signer = nacl.signing.SigningKey(bytes.fromhex(key["secret"])[:32])
        self.asker = Asker(self.link)
        self.socket = None

    def close(self):
        self.link.close()

    def request(self, cap, dry_run=False, **changes):
        header = {
            "v": 1,
            "authority": self.name,
            "key": self.key["id"],
            "digest": digest(cap),
            "time": now_text(),
            "nonce": os.urandom(16).hex(),
            "dry_run": dry_run,
        }
        return signed_packet(self.signer, "inject", dict(header, **changes), cap)

    def send(self, frame, timeout=5.0):
        """The receipt's frame; None when none came in time."""
        if self.socket is None:
            self.socket = self.link.socket(zmq.DEALER, self.link.card["inject"])
        self.socket.send(frame)
        if self.socket.poll(timeout * 1000):
            frames = self.socket.recv_multipart()
            need(len(frames) == 1, "a receipt is one frame")
            return frames[0]
        self.socket.close()
        self.socket = None
        return None

    def read(self, frame, cap=None, dry_run=False):
        """The verified receipt."""
        self.asker.learn_keys()
        receipt, _ = open_signed(self.asker.keys, frame, "receipt", 2, "actual")
        if cap is not None:
            need(receipt["authority"] == self.name and receipt["digest"] == digest(cap), "a receipt for something else")
            need(receipt["dry_run"] == dry_run, "dry_run")
        return receipt

    def inject(self, alert, timeout=5.0, dry_run=False):
        """One try: the verified receipt, or None."""
        cap = alert if isinstance(alert, bytes) else alert.xml
        frame = self.send(self.request(cap, dry_run), timeout)
        return self.read(frame, cap, dry_run) if frame else None

    def insist(self, alert, seconds=60.0, timeout=1.0):
        """Sends again, with a new nonce and time, until there is a receipt."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            receipt = self.inject(alert, timeout)
            if receipt and receipt["reason"] != "inject.busy":
                return receipt
        raise Refused(f"no receipt within {seconds} s")
