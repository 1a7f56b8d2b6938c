"""FEMA's IPAWS feed on loopback: what was posted since an instant of its own clock, in a wrapper around the alerts as they were signed."""

import datetime
import http.server
import re
import socket
import struct
import threading
import time

OPEN = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">'
CLOSE = b"</ns1:alerts>"
PAGE = b"<html><head><title>Maintenance</title></head><body><p>Back soon</p></body></html>"
CHANNELS = ("public", "eas", "PublicWEA", "nwem", "public_non_eas")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        feed = self.server.feed
        feed.asked.append(self.path)
        found = re.fullmatch(r"/rest/(\w+)/recent/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(\?.*)?", self.path)
        if not found or found[1] not in CHANNELS:
            self.answer(404, b"")
            return
        since = datetime.datetime.strptime(found[2] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()
        body = feed.list(found[1], since)
        fault = feed.fault() if feed.fault else None
        if fault == "cut":
            self.answer(200, body, sent=len(body) * 2 // 3)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault == "short":
            self.answer(200, body[: len(body) * 2 // 3])
        elif fault == "page":
            self.answer(200, PAGE, kind="text/html")
        elif fault:
            self.answer(fault, b"", {"Retry-After": "1"} if fault in (429, 503) else {})
        else:
            self.answer(200, body)

    def answer(self, status, body, headers=(), kind="application/xml", sent=None):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.server.feed.clock() if timestamp is None else timestamp)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the relay was killed


class Feed:
    """`shift`: its clock is ahead of ours by so many seconds. `late`: how long after its time an alert can be had. `fault()` gives what befalls an
    answer: a status, "cut" (the connection), "short" (the text, of a length that is right) or "page" (200, and a page for people)."""

    def __init__(self, shift=0, late=0):
        self.shift, self.late, self.fault = shift, late, None
        self.posted, self.asked = [], []
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.feed = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def clock(self):
        return time.time() + self.shift

    def list(self, channel, since):
        now = self.clock()
        listed = [xml for at, xml, channels in self.posted if at >= since and at + self.late <= now and (channels is None or channel in channels)]
        return OPEN + b"".join(listed) + CLOSE

    def post(self, alert, channels=None, at=None):
        """Without its XML declaration, as it stands in the wrapper."""
        self.posted.append((self.clock() if at is None else at, alert.xml.split(b"?>", 1)[1].strip(), channels))

    def source(self, **options):
        """In clear, without the TLS that a test may put before it."""
        return {"name": "ipaws", "adapter": "ipaws", "country": "us", "url": f"{self.url}/rest", "interval": "1s", "catch_up": "1h", **options}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
