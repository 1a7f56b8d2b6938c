"""An EOC's endpoint as a test wants it: takes posts of bulletins, checks every signature, and answers by a script."""

import base64
import hashlib
import hmac
import http.server
import json
import socket
import threading
import time

from ports import free_ports


def verify(secret, headers, body, now=None):
    """The 15 lines of docs/outlets.md: raises where the request is not the relay's, or is an old one."""
    fields = dict(part.split("=", 1) for part in headers["Caprelay-Signature"].split(","))
    signed = b".".join([fields["t"].encode(), headers["Caprelay-Class"].encode(), headers["Caprelay-Number"].encode(), body])
    expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, fields["v1"]):
        raise ValueError("not signed with our secret")
    if abs((time.time() if now is None else now) - int(fields["t"])) > 300:
        raise ValueError("an old request")


class Receiver:
    """`script(number, tries)` gives what is done with a bulletin: a status, a dict of status and headers, "cut" (the connection
    is reset without an answer), "lost" (taken, then reset), or seconds as a float to sleep before a 200."""

    def __init__(self, secret, script=None):
        self.secret = secret
        self.script = script or (lambda number, tries: 200)
        self.lock = threading.Lock()
        self.taken = []  # numbers that were answered with 2xx or taken and cut, as they came
        self.posts = []  # (number, headers, body) of every post
        self.tries = {}
        self.faults = []
        self.port = free_ports(1)[0]
        self.start()

    def start(self):
        receiver = self
        self.away = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.post(self)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the relay was killed, or the script cut the connection

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        """Away until start(): connections are refused, and those that are open are cut."""
        self.away = True
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/alerts"

    def post(self, handler):
        if self.away:
            self.answer(handler, "cut")
            return
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = dict(handler.headers.items())
        with self.lock:
            try:
                verify(self.secret, headers, body)
            except (ValueError, KeyError) as fault:
                self.faults.append(repr(fault))
            number = int(headers["Caprelay-Number"])
            self.posts.append((number, headers, body))
            self.tries[number] = self.tries.get(number, 0) + 1
            answer = self.script(number, self.tries[number])
            if answer == "lost" or isinstance(answer, float) or (isinstance(answer, int) and answer < 300):
                self.taken.append(number)
        self.answer(handler, answer)

    @staticmethod
    def answer(handler, answer):
        if answer in ("cut", "lost"):
            handler.close_connection = True
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            handler.connection.close()
            return
        if isinstance(answer, float):
            time.sleep(answer)
            answer = 200
        fields = answer if isinstance(answer, dict) else {"status": answer}
        handler.send_response(fields.pop("status"))
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def firsts(self):
        """The numbers in the order in which each came first."""
        with self.lock:
            return list(dict.fromkeys(self.taken))

    def wait(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}; got {self.firsts()[-10:]} of {len(self.firsts())}")
            time.sleep(0.02)


def json_body(body):
    """The object of a `json` body, with the original's bytes."""
    value = json.loads(body)
    return value, base64.b64decode(value["original"]) if value["original"] is not None else None
