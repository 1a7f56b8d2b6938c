"""A MASAS hub on loopback, behind TLS: an Atom feed that is read by time and box and posted to, as far as the facts about hubs go.

The default feed holds what is current; with `dtsince` also what ended since. CAP is an enclosure of its entry. An author changes an entry by
PUT to its `edit` link, its CAP by PUT to `edit-media`, and withdraws it by an `expires` of now.
"""

import datetime
import http.server
import random
import socket
import threading
import urllib.parse

from alerts import now
from lxml import etree

ATOM, AGE, TOMB = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/age/1.0", "http://purl.org/atompub/tombstones/1.0"
CAP_TYPE = "application/common-alerting-protocol+xml"
SECRET = "dh4nhz-wire"


def stamp(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Entry:
    def __init__(self, hub, number, inside, cap=None, hours=6, status="Actual", author="https://hub.example/ff"):
        self.hub, self.number, self.inside, self.cap, self.status = hub, number, inside, cap, status
        self.author = author
        self.id = f"{hub.name}/entry/{number}"
        self.version = 0
        self.published = now()
        self.ends = self.published + datetime.timedelta(hours=hours)
        self.touch()

    def touch(self):
        self.updated = max(datetime.datetime.now(datetime.timezone.utc), self.hub.last_updated + datetime.timedelta(microseconds=1))
        self.hub.last_updated = self.updated
        self.version += 1

    @property
    def current(self):
        return self.ends > datetime.datetime.now(datetime.timezone.utc)

    def xml(self):
        links = f'<link rel="edit" type="application/atom+xml" href="/hub/entry/{self.number}"/>'
        if self.cap is not None:
            links += (f'<link rel="edit-media" type="{CAP_TYPE}" href="/hub/entry/{self.number}/cap"/>'
                      f'<link rel="enclosure" type="{CAP_TYPE}" href="/hub/entry/{self.number}/cap?v={self.version}"/>')
        status = f'<category scheme="masas:category:status" term="{self.status}"/>' if self.status else ""
        return (f"<entry><id>{self.id}</id><updated>{stamp(self.updated)}</updated><published>{stamp(self.published)}</published>"
                f"<author><name>Fredericton Fire</name><uri>{self.author}</uri></author>{status}{links}{self.inside}"
                f'<age:expires xmlns:age="{AGE}">{stamp(self.ends)}</age:expires></entry>')


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.hub.serve(self, "GET", b"")

    def do_POST(self):
        self.server.hub.serve(self, "POST", self.rfile.read(int(self.headers["Content-Length"])))

    do_PUT = lambda self: self.server.hub.serve(self, "PUT", self.rfile.read(int(self.headers["Content-Length"])))  # noqa: E731

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the relay was killed, or a fault cut the connection


class Hub:
    """`faults`: the share of answers that are cut in the middle."""

    def __init__(self, page=200, faults=0.0, seed=1):
        self.lock = threading.RLock()
        self.entries, self.deleted, self.asked, self.posted = [], [], [], []
        self.page, self.faults, self.chance = page, faults, random.Random(seed)
        self.last_updated = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
        self.name = "https://hub.example"
        self.narrows = True  # by parameter `author`
        self.answers_with = ("entry", "Location")  # what it took
        self.answers = []  # what the next POST or PUT becomes: a status, "cut" (not taken), "lost" (taken, no answer)
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.hub = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    # --- what its members do ---

    def add(self, inside="", **options):
        with self.lock:
            self.entries.append(Entry(self, len(self.entries), inside, **options))
            return self.entries[-1]

    def incident(self, title, **options):
        return self.add(f"<title>{title}</title>", **options)

    def update(self, entry, title):
        with self.lock:
            entry.inside = f"<title>{title}</title>"
            entry.touch()

    def withdraw(self, entry):
        with self.lock:
            entry.touch()
            entry.ends = entry.updated

    def delete(self, entry):
        with self.lock:
            self.entries[entry.number] = None
            self.deleted.append((entry.id, datetime.datetime.now(datetime.timezone.utc)))

    def forget(self, entries):
        """What was seen ends: the feed must not grow for ever."""
        with self.lock:
            for entry in entries:
                self.entries[entry.number] = None

    # --- what a relay sees ---

    def serve(self, handler, method, body):
        address = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        with self.lock:
            self.asked.append((method, handler.path, dict(handler.headers)))
        if query.get("secret") != SECRET and handler.headers.get("Authorization") != f"MASAS-Secret {SECRET}":
            self.answer(handler, 401)
        elif method == "GET":
            self.get(handler, address.path, query)
        else:
            self.change(handler, method, address.path, body)

    def get(self, handler, path, query):
        parts = path.strip("/").split("/")
        with self.lock:
            if path == "/hub/feed":
                kind, body = "application/atom+xml", self.feed(query)
            else:
                entry = self.entries[int(parts[2])] if len(parts) > 2 and int(parts[2]) < len(self.entries) else None
                kind, body = (CAP_TYPE, entry and entry.cap) if parts[-1] == "cap" else ("application/atom+xml", entry and self.alone(entry))
        if body is None:
            self.answer(handler, 404)
            return
        tag = f'"{hash(body)}"'
        if handler.headers.get("If-None-Match") == tag:
            self.answer(handler, 304, ETag=tag)
        else:
            self.answer(handler, 200, body, **{"Content-Type": kind, "ETag": tag})

    @staticmethod
    def alone(entry):
        return entry.xml().replace("<entry>", f'<entry xmlns="{ATOM}">', 1).encode()

    def feed(self, query):
        skip, since = int(query.get("page", 0)), query.get("dtsince")
        since = since and datetime.datetime.fromisoformat(since.replace("Z", "+00:00"))
        listed = [e for e in self.entries if e and (e.current if not since else e.updated >= since)]
        if "author" in query and self.narrows:
            listed = [e for e in listed if e.author == query["author"]]
        listed.sort(key=lambda e: e.updated, reverse=True)
        tombs = "".join(f'<at:deleted-entry xmlns:at="{TOMB}" ref="{one}" when="{stamp(when)}"/>' for one, when in self.deleted)
        more = dict(query, page=skip + self.page)
        more.pop("secret", None)
        following = f'<link rel="next" href="?{urllib.parse.urlencode(more)}"/>'.replace("&", "&amp;")
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{ATOM}" xml:lang="en"><id>{self.name}/hub</id><title>Hub</title>'
                f'{"".join(e.xml() for e in listed[skip:skip + self.page])}{tombs}'
                f'{following if len(listed) > skip + self.page else ""}</feed>').encode()

    # --- what a relay posts ---

    def change(self, handler, method, path, body):
        with self.lock:
            fault = self.answers.pop(0) if self.answers else None
            if fault == "cut":
                self.cut(handler)
                return
            if isinstance(fault, int):
                self.answer(handler, fault)
                return
            status, entry = self.take(method, path, handler.headers["Content-Type"], body)
            if fault == "lost":
                self.cut(handler)
            elif entry is None:
                self.answer(handler, status)
            else:
                headers = {"Location": f"/hub/entry/{entry.number}"} if "Location" in self.answers_with else {}
                body = self.alone(entry) if "entry" in self.answers_with else b""
                self.answer(handler, status, body, **headers, **{"Content-Type": "application/atom+xml"})

    def take(self, method, path, kind, body):
        parts = path.strip("/").split("/")
        try:
            root = etree.fromstring(body)
        except etree.XMLSyntaxError:
            return 400, None
        self.posted.append((method, path, kind, body))
        if method == "POST":
            entry = self.add()
        else:
            number = int(parts[2])
            entry = self.entries[number] if number < len(self.entries) else None
            if not entry:
                return 404, None
            if entry.author != "https://hub.example/ff":
                return 403, None  # only its author may change it
            entry.touch()
        if kind == "application/atom+xml":
            keep = [child for child in root if child.tag not in (f"{{{ATOM}}}{name}" for name in ("id", "updated", "published", "author", "link"))]
            expires = [child for child in keep if child.tag == f"{{{AGE}}}expires"]
            entry.inside = "".join(etree.tostring(child, encoding="unicode", with_tail=False) for child in keep if child not in expires)
            entry.status = None
            if expires:
                entry.ends = datetime.datetime.fromisoformat(expires[0].text.replace("Z", "+00:00"))
        elif kind == CAP_TYPE:
            entry.cap, entry.inside = body, "<title>CAP</title>"
        else:
            return 415, None
        return 201 if method == "POST" else 200, entry

    # --- answers ---

    @staticmethod
    def cut(handler):
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        handler.connection.close()

    def answer(self, handler, status, body=b"", **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0" if status == 304 else str(len(body)))
        handler.end_headers()
        if len(body) > 1 and self.faults and self.chance.random() < self.faults:
            handler.wfile.write(body[: self.chance.randrange(1, len(body))])
            self.cut(handler)
        elif status != 304:
            handler.wfile.write(body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
