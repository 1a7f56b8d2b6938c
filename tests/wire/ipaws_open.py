"""IPAWS-OPEN's interface for COGs on loopback, with mutual TLS: checks both signatures of every request by python3-cryptography with lxml and by
xmlsec1, answers getACK, getMessageAll and postCAP, and fails by a script."""

import datetime
import http.server
import os
import pathlib
import ssl
import sys
import threading

import pytest

pytest.importorskip("cryptography", reason="skipped: no python3-cryptography")
pytest.importorskip("lxml", reason="skipped: no python3-lxml")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import ipaws_signatures as signatures  # noqa: E402
from lxml import etree  # noqa: E402
from ports import free_ports  # noqa: E402

RESPONSE = "http://gov.fema.ipaws.services/capresponse"
COG, USER = "120999", "caprelay@eoc.example"
# What IPAWS says where all is well and nothing is broadcast.
GOOD = [("CAPEXCH", "200", "N", "Ack"), ("CAPEXCH", "202", "N", "alert-signature-is-valid"), ("IPAWS", "300", "N", "Ack"),
        ("NWEM", "401", "N", "message-not-disseminated-as-NWEM"), ("EAS", "501", "N", "message-not-disseminated-as-EAS"),
        ("PUBLIC", "800", "N", "Ack")]


def envelope(body):
    return (f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{signatures.SOAP}"><S:Body>'.encode() + body + b"</S:Body></S:Envelope>")


def fault(text):
    return envelope(f"<S:Fault><faultcode>S:Client</faultcode><faultstring>{text}</faultstring></S:Fault>".encode())


def instant(text):
    return datetime.datetime.fromisoformat(text)


class _Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        ipaws = self.server.ipaws
        try:
            status, body = ipaws.serve(self.headers, data)
        except Exception as problem:  # noqa: BLE001 told by the test's end
            ipaws.faults.append(f"{type(problem).__name__}: {problem}")
            status, body = 500, fault("the request is not as it must be")
        if status == "cut":
            self.close_connection = True
            self.connection.close()
            return
        whole = len(body)
        if status == "half":
            status, body = 200, body[:len(body) // 2]
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(whole))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass # the relay was killed
        if len(body) != whole:
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A handshake that failed, a relay that died: the tests see it at the other end."""

    def get_request(self):
        # The handshake belongs to the connection's own thread.
        connection, address = super().get_request()
        self.ipaws.connections += 1
        connection.settimeout(30)
        return self.ipaws.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


class Ipaws:
    def __init__(self, folder, cog_name=f"IPAWSOPEN_{COG}"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        key, server_key = signatures.rsa_key(), signatures.rsa_key()
        self.cert = signatures.certificate(key, cog_name)
        server_cert = signatures.certificate(server_key, "localhost", hosts=("localhost",))
        self.bundle = signatures.write(folder / "cog.pem", key, self.cert)
        self.cert_path = signatures.write(folder / "cog.cert.pem", self.cert, mode=0o644)
        self.ca_file = signatures.write(folder / "server.cert.pem", server_cert, mode=0o644)
        server = signatures.write(folder / "server.pem", server_key, server_cert)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(server)
        self.tls.verify_mode = ssl.CERT_REQUIRED
        self.tls.load_verify_locations(self.cert_path)
        self.lock = threading.RLock()
        self.alerts, self.faults, self.calls = [], [], []
        self.posted, self.tries = [], []  # alerts that were taken; identifiers as they came
        self.script = lambda operation, number: None
        self.statuses = lambda identifier: GOOD
        self.port, self.connections = free_ports(1)[0], 0
        self.open()

    def open(self):
        self.away = False
        self.server = _Server(("127.0.0.1", self.port), _Service)
        self.server.ipaws = self
        self.url = f"https://localhost:{self.port}/IPAWS_CAPService/IPAWS"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def close(self):
        self.away = True # also for connections that are open
        self.server.shutdown()
        self.server.server_close()

    def source(self, **options):
        return dict({"name": "ipaws", "adapter": "ipaws_cog", "country": "us", "url": self.url, "cog_id": f"'{COG}'", "user": USER,
                     "certificate": self.bundle, "ca_file": self.ca_file, "interval": "1s"}, **options)

    def outlet(self, **options):
        return dict({"name": "cog", "kind": "ipaws_cog", "sides": "us", "on_refusal": "skip", "agreement": "MOA 2026-17", "environment": "test",
                     "url": self.url, "cog_id": f"'{COG}'", "user": USER, "certificate": self.bundle, "ca_file": self.ca_file,
                     "retry_first": "50ms", "retry_max": "300ms", "timeout": "5s"}, **options)

    def publish(self, *alerts):
        with self.lock:
            self.alerts += alerts

    # --- a request ---

    def serve(self, headers, data):
        if self.away:
            return "cut", b""
        element = signatures.check_request(data, self.cert)
        signatures.xmlsec1_request(data, self.cert_path)
        operation = etree.QName(element).localname
        root = element.getroottree().getroot()
        for name, wanted in (("logonUser", USER), ("logonCogId", COG)):
            if signatures.one(root, f"/s:Envelope/s:Header/i:CAPHeaderTypeDef/i:{name}/text()") != wanted:
                raise signatures.Bad(name)
        action = {"getRequestTypeDef": "getRequest", "getMessageTypeDef": "getMessage", "postCAPRequestTypeDef": "postCAP"}[operation]
        if headers["SOAPAction"] != f'"{signatures.SERVICE}{action}"' or headers["Content-Type"] != "text/xml; charset=utf-8":
            raise signatures.Bad("headers")
        with self.lock:
            self.calls.append(action)
            chosen = self.script(action, self.calls.count(action))
            if isinstance(chosen, (int, bytes)) or chosen == "cut":
                return (chosen, b"busy") if not isinstance(chosen, bytes) else (200, chosen)
            body = getattr(self, action)(element, data)
            if chosen == "lost":
                return "cut", b""
            return ("half" if chosen == "half" else 200), body

    def getRequest(self, element, _):
        if signatures.one(element, "r:requestAPI").text != "REQUEST1" or signatures.one(element, "r:requestOperation").text != "getACK":
            raise signatures.Bad("operation")
        return envelope(f'<g:getResponseTypeDef xmlns:g="{signatures.SERVICE}"/>'.encode())

    def getMessage(self, element, _):
        parameter = signatures.one(element, "r:parameters")
        texts = [signatures.one(parameter, f"r:{name}").text for name in ("parameterName", "comparisonOp", "parameterValue")]
        if signatures.one(element, "r:requestOperation").text != "getMessageAll" or texts[:2] != ["sent", "greaterthan"]:
            raise signatures.Bad("operation")
        since = instant(texts[2])
        found = [a.xml.partition(b"?>")[2] for a in self.alerts if instant(a.sent) > since]
        return envelope(f'<m:messageResponseTypeDef xmlns:m="{signatures.SERVICE}">'.encode() + b"".join(found) + b"</m:messageResponseTypeDef>")

    def postCAP(self, element, data):
        alert = signatures.alert_in(data)
        signatures.check_alert(alert, self.cert)
        signatures.xmlsec1_alert(alert, self.cert_path)
        identifier = signatures.one(element, "c:alert/c:identifier").text
        self.tries.append(identifier)
        known = any(identifier == one for one, _ in self.posted)
        statuses = [("CAPEXCH", "201", "Y", "duplicate-message")] if known else self.statuses(identifier)
        if not known and ("CAPEXCH", "200", "N", "Ack") in statuses:
            self.posted.append((identifier, alert))
        pairs = "".join(f"<r:subParaListItem><r:subParameterName>{name}</r:subParameterName><r:subParameterValue>{value}</r:subParameterValue>"
                        "</r:subParaListItem>"
                        for status in statuses for name, value in zip(("CHANNELNAME", "STATUSITEMID", "ERROR", "STATUS"), status))
        return envelope((f'<p:postCAPResponseTypeDef xmlns:p="{signatures.SERVICE}" xmlns:r="{RESPONSE}"><r:parameterListItem>'
                         f"<r:parameterName>identifier</r:parameterName><r:parameterValue>{identifier}</r:parameterValue></r:parameterListItem>"
                         f"<r:parameterListItem>{pairs}</r:parameterListItem></p:postCAPResponseTypeDef>").encode())


@pytest.fixture
def make_ipaws(tmp_path):
    if not any(os.access(f"{folder}/xmlsec1", os.X_OK) for folder in os.environ["PATH"].split(":")):
        pytest.skip("skipped: no xmlsec1")
    made = []

    def make(**options):
        made.append(Ipaws(tmp_path / f"ipaws{len(made)}", **options))
        return made[-1]

    yield make
    for ipaws in made:
        ipaws.close()
        assert not ipaws.faults, ipaws.faults
