"""An authority's program without ZeroMQ: POSTs alerts and checks receipts (docs/protocol.md 5.3)."""

import datetime
import hashlib
import http.client
import ipaddress
import json
import secrets
import ssl
import time

import nacl.exceptions
import nacl.signing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ports import free_ports
from recorder import need
from subscriber import digest


def make_certificate(folder, name, days=30):
    """A certificate of its own making, begun two days ago, until so many days from now, and its key: two paths."""
    folder.mkdir(parents=True, exist_ok=True)
    path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=2, hours=1))
            .not_valid_after(now + datetime.timedelta(days=days)).add_extension(names, critical=False).sign(key, hashes.SHA256()))
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.touch(mode=0o600)
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path, key_path


def fingerprint(certificate):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


class Door:
    """What a relay's configuration says of the door, for one authority `emo` with a token and a client certificate."""

    def __init__(self, folder, tls=True, **needs):
        self.port = free_ports(1)[0]
        self.token = "caprelay_" + secrets.token_urlsafe(32)
        self.tls = tls
        self.folder = folder
        self.certificate, self.key = make_certificate(folder, "relay")
        self.client = make_certificate(folder, "emo")
        self.needs = dict({"certificate": self.certificate, "key": self.key} if tls else {}, **needs)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def authority(self, **changes):
        return dict({"name": "emo", "classes": ["actual", "exercise"], "token_sha256": hashlib.sha256(self.token.encode()).hexdigest(),
                     "certificate_sha256": fingerprint(self.client[0])}, **changes)

    def changes(self, *others):
        """For make_relay()."""
        changes = {"listen": {"inject_http": self.url}, "authorities": [self.authority(), *others]}
        return dict(changes, inject_http=self.needs) if self.needs else changes

    def context(self, client=None, trust=None):
        context = ssl.create_default_context(cafile=trust or self.certificate)
        if client:
            context.load_cert_chain(*client)
        return context

    def connect(self, client=None, timeout=20.0, trust=None):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.context(client, trust))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def receipt(self, relay, cap=None):
        """The verified receipt."""
        receipt = self.json
        key = relay.keys.read("exercise" if receipt["class"] == "exercise" else "actual")
        need(receipt["key"] == key["id"], "the receipt's key")
        signature = bytes.fromhex(self.headers["Caprelay-Receipt-Signature"])
        try:
            nacl.signing.VerifyKey(bytes.fromhex(key["public"])).verify(b"caprelay/1/receipt\0" + self.body, signature)
        except nacl.exceptions.BadSignatureError:
            raise AssertionError("the receipt's signature") from None
        if cap is not None:
            need(receipt["authority"] == "emo" and receipt["digest"] == digest(cap), "a receipt for something else")
        return receipt


def post(door, cap, path="/v1/alerts", method="POST", client=None, token=True, connection=None, **headers):
    """One request. `token`: True for the door's, a text for another, None for none."""
    own = connection is None
    connection = connection or door.connect(client)
    fields = {"Content-Type": "application/cap+xml"}
    if token:
        fields["Authorization"] = "Bearer " + (door.token if token is True else token)
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    try:
        connection.request(method, path, body=cap, headers={k: v for k, v in fields.items() if v is not None})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        if own:
            connection.close()


def insist(door, cap, seconds=60.0, cut=None, **options):
    """Again until there is an answer that is final. `cut`: called with each connection before it is used."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection = door.connect(timeout=5.0)
            try:
                if cut:
                    cut(connection)
                answer = post(door, cap, connection=connection, **options)
            finally:
                connection.close()
            if answer.status not in (429, 503):
                return answer
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.01)
    raise AssertionError(f"no final answer within {seconds} s")
