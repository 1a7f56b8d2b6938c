"""The far side of NWWS-OI: whoever says the products in the room, and a line between server and relay that breaks."""

import base64
import random
import select
import socket
import ssl
import threading
import time
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from alerts import now
from prosody import HOST, ROOMS

ROOM = f"nwws@{ROOMS}"
PROCESS = 14425
CLIENT, STREAMS, SASL, BIND = "jabber:client", "http://etherx.jabber.org/streams", "urn:ietf:params:xml:ns:xmpp-sasl", "urn:ietf:params:xml:ns:xmpp-bind"


def product(text, awips_id="CAPCAE", heading="XOUS52 KWBC", number=6):
    """As NOAAPort carries it, and as XML leaves it: CR CR LF has become LF LF."""
    return f"\n\n{number % 1000:03d} \n\n{heading} {now():%d%H%M}\n\n{awips_id}\n\n{text}\n\n"


class Speaker:
    """An XMPP client of a hundred lines: logs in, enters the room, speaks, and hears what the room has taken."""

    def __init__(self, server, user="nwws", password="speaks", nick="nwws-oi", room=ROOM):
        self.room, self.nick, self.number = room, nick, 0
        self.heard, self.condition = set(), threading.Condition()
        raw = socket.create_connection(("127.0.0.1", server.port), 30)
        self.parser, self.socket = None, raw
        self._open()
        self._until(f"{{{STREAMS}}}features")
        self._send('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        self._until("{urn:ietf:params:xml:ns:xmpp-tls}proceed")
        context = ssl.create_default_context(cafile=server.ca_file)
        self.socket = context.wrap_socket(raw, server_hostname=HOST)
        self._open()
        self._until(f"{{{STREAMS}}}features")
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self._send(f'<auth xmlns="{SASL}" mechanism="PLAIN">{token}</auth>')
        self._until(f"{{{SASL}}}success")
        self._open()
        self._until(f"{{{STREAMS}}}features")
        self._send(f'<iq type="set" id="bind"><bind xmlns="{BIND}"/></iq>')
        self._until(f"{{{CLIENT}}}iq")
        self._send(f'<presence to="{room}/{nick}"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x></presence>')
        self._until(f"{{{CLIENT}}}message")  # the room's subject ends the entering
        threading.Thread(target=self._listen, daemon=True).start()

    def _send(self, text):
        self.socket.sendall(text.encode())

    def _open(self):
        self.parser = etree.XMLPullParser(events=("start", "end"))
        self.depth = 0
        self._send(f"<?xml version='1.0'?><stream:stream to='{HOST}' xmlns='{CLIENT}' xmlns:stream='{STREAMS}' version='1.0'>")

    def _read(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server has closed")
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            self.depth += 1 if event == "start" else -1
            if event == "end" and self.depth == 1:
                yield element

    def _until(self, tag):
        while True:
            found = [element for element in self._read() if element.tag == tag]
            if found:
                return found[0]

    def _listen(self):
        try:
            while True:
                for element in self._read():
                    if element.tag == f"{{{CLIENT}}}message" and element.get("id"):
                        with self.condition:
                            self.heard.add(element.get("id"))
                            self.condition.notify_all()
                    element.clear()
        except (OSError, ValueError, etree.XMLSyntaxError):
            return

    def say(self, payload, body="KWBC issues CAP valid 2026", awips_id="CAPCAE", ttaaii="XOUS52", number=None, process=PROCESS):
        """One message; returns its id. With `payload` None there is no extension."""
        self.number = self.number + 1 if number is None else number
        extension = ""
        if payload is not None:
            extension = (f'<x xmlns="nwws-oi" cccc="KWBC" ttaaii={quoteattr(ttaaii)} issue="{now():%Y-%m-%dT%H:%M:%SZ}" awipsid={quoteattr(awips_id)} '
                         f'id="{process}.{self.number}">{escape(payload)}</x>')
        name = f"m{self.number}-{random.getrandbits(32):x}"
        self._send(f'<message to="{self.room}" type="groupchat" id="{name}"><body>{escape(body)}</body>{extension}</message>')
        return name

    def alert(self, alert, **options):
        return self.say(product(alert.xml.decode(), number=self.number + 1), **options)

    def wait_heard(self, names, seconds=60):
        """Until the room has taken all of them."""
        with self.condition:
            assert self.condition.wait_for(lambda: self.heard.issuperset(names), seconds), "the room did not take what was said"

    def close(self):
        # Not while another thread reads: that one ends by it.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Line:
    """A TCP proxy that is cut at once or after so many bytes, lets nothing through, or nobody in."""

    def __init__(self, server):
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        self.port = self.listener.getsockname()[1]
        self.lock, self.pairs, self.accepted, self.cuts, self.left = threading.Lock(), [], 0, 0, None
        self.refusing = self.stalled = self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.closed:
                return
            self.accepted += 1
            try:
                if self.refusing:
                    raise ConnectionError
                far = socket.create_connection(("127.0.0.1", self.server.port), 5)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _allowed(self, data):
        """How much of what the server sends still gets through, and whether that was the last."""
        with self.lock:
            if self.left is None or len(data) < self.left:
                self.left = self.left and self.left - len(data)
                return data, False
            data, self.left = data[: self.left], None
            self.cuts += 1
            return data, True

    def _carry(self, near, far):
        try:
            while True:
                ready, _, _ = select.select([near, far], [], [], 0.05)
                if self.stalled:
                    time.sleep(0.05)
                    continue
                for source in ready:
                    data = source.recv(16384)
                    if not data:
                        return
                    if source is near:
                        far.sendall(data)
                        continue
                    data, last = self._allowed(data)
                    near.sendall(data)
                    if last:
                        return
        except (OSError, ValueError):
            return
        finally:
            near.close()
            far.close()

    def cut_after(self, count):
        """In the middle of whatever the server is saying then; `count` is 1 or more."""
        with self.lock:
            self.left = count

    def cut_by_now(self, seconds):
        """What was to be cut and is not, since the server says nothing more, is cut all the same."""
        deadline = time.monotonic() + seconds
        while self.left is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.left is not None:
            self.cut()

    def cut(self):
        with self.lock:
            self.left = None
            for pair in self.pairs:
                for one in pair:
                    try:
                        one.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
            self.pairs.clear()

    def close(self):
        self.closed = True
        self.listener.close()
        self.cut()
