"""NAAD as a last mile distributor meets it, on loopback: TCP streams that push the same messages, heartbeats, and an archive."""

import http.server
import random
import socket
import threading
import time

from alerts import CAP, now, stamp
from ports import free_ports


def archive_path(reference):
    """DATE/SENTIIDENTIFIER.xml, with - and : as _ and + as p."""
    _, identifier, sent = reference.split(",")
    plain = str.maketrans({"-": "_", ":": "_", "+": "p"})
    return f"/{sent[:10]}/{sent.translate(plain)}I{identifier.translate(plain)}.xml"


def heartbeat(references, source="NAADS-1"):
    sent = stamp(now())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="{CAP}"><identifier>hb-{random.getrandbits(64):x}</identifier>'
        f"<sender>NAADS-Heartbeat</sender><sent>{sent}</sent><status>System</status><msgType>Alert</msgType><source>{source}</source>"
        f"<scope>Public</scope><code>profile:CAP-CP:0.4</code><references>{' '.join(references)}</references></alert>"
    ).encode()


class _Archive(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.files.get(self.path) if self.server.open else None
        self.server.asked.append(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Archive:
    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Archive)
        self.server.files, self.server.asked, self.server.open = {}, [], True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, alert):
        self.server.files[archive_path(alert.reference)] = alert.xml

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Stream:
    """One listener. What is pushed goes to every connection that is open, in pieces; with `cuts` a push may end the connection in its middle."""

    def __init__(self, chance, cuts=0.0, pieces=3):
        self.chance, self.cuts, self.pieces = chance, cuts, pieces
        self.port = free_ports(1)[0]
        self.peers, self.lock, self.accepted, self.cut = [], threading.Lock(), 0, 0
        self.open()

    def open(self):
        """At the port that it had before."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=8)
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.peers.append(peer)
                self.accepted += 1

    def push(self, data):
        with self.lock:
            for peer in list(self.peers):
                cut = self.chance.random() < self.cuts
                try:
                    self._send(peer, data[: self.chance.randrange(len(data))] if cut else data)
                except OSError:
                    cut = True
                if cut:
                    self.cut += 1
                    peer.close()
                    self.peers.remove(peer)

    def _send(self, peer, data):
        places = sorted(self.chance.sample(range(len(data)), min(self.pieces - 1, len(data)))) if data else []
        for begin, end in zip([0, *places], [*places, len(data)]):
            peer.sendall(data[begin:end])

    def wait_peer(self, seconds=15):
        deadline = time.monotonic() + seconds
        while not self.peers:
            assert time.monotonic() < deadline, "nobody connected"
            time.sleep(0.01)

    def drop(self):
        with self.lock:
            for peer in self.peers:
                peer.close()
            self.peers.clear()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # whoever waits in accept() goes too
        except OSError:
            pass
        self.listener.close()
        self.drop()


class Hub:
    def __init__(self, seed=1, streams=2, cuts=0.0):
        self.chance = random.Random(seed)
        self.streams = [Stream(self.chance, cuts) for _ in range(streams)]
        self.archive = Archive()
        self.latest = []

    def source(self, **options):
        return {"name": "naad", "adapter": "naad", "country": "ca", "streams": [s.address for s in self.streams],
                "archives": [self.archive.url], "archive_grace": "200ms", **options}

    def publish(self, alert, streams=None):
        self.archive.keep(alert)
        self.latest = [*self.latest[-9:], alert.reference]
        for i, stream in enumerate(self.streams):
            if streams is None or i in streams:
                stream.push(alert.xml)

    def beat(self):
        for i, stream in enumerate(self.streams):
            stream.push(heartbeat(self.latest, f"NAADS-{i + 1}"))

    def close(self):
        for stream in self.streams:
            stream.close()
        self.archive.close()
