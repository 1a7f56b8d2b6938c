#!/usr/bin/python3
"""Keys of a COG, and both signatures of its requests checked by implementations that are not the relay's: python3-cryptography with lxml, and
xmlsec1. As a module for the scripted IPAWS; as a program for the unit tests:
  make FOLDER           cog.pem, cog.key, both.pem, and bad ones
  alert FILE CERT       exit 0 where the alert's enveloped signature is good by both
  request FILE CERT     the same for a SOAP request; prints the alert of a postCAP"""

import base64
import datetime
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://gov.fema.ipaws.services/IPAWS_CAPService/"
REQUEST = "http://gov.fema.ipaws.services/caprequest"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"


class Bad(Exception):
    """A signature, or what is around it, is not as it must be."""


# --- keys and certificates ---

def certificate(key, name, begins=-1, ends=365, hosts=()):
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(days=begins))
               .not_valid_after(now + datetime.timedelta(days=ends))
               .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True))
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
    return builder.sign(key, hashes.SHA256())


def write(path, *parts, mode=0o600, password=None):
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        for part in parts:
            out.write(part.public_bytes(serialization.Encoding.PEM) if isinstance(part, x509.Certificate) else
                      part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection))
    os.chmod(path, mode)
    return path


def rsa_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make(folder):
    folder = Path(folder)
    key, other, curve, short = rsa_key(), rsa_key(), ec.generate_private_key(ec.SECP256R1()), rsa_key(1024)
    cert = certificate(key, "IPAWSOPEN_120999")
    write(folder / "cog.pem", cert, mode=0o644)
    write(folder / "cog.key", key)
    write(folder / "both.pem", key, cert)
    write(folder / "open.pem", key, cert, mode=0o644)
    write(folder / "open.key", key, mode=0o644)
    write(folder / "other.key", other)
    write(folder / "encrypted.key", key, password=b"secret")
    write(folder / "curve.pem", curve, certificate(curve, "IPAWSOPEN_120999"))
    write(folder / "short.pem", short, certificate(short, "IPAWSOPEN_120999"))
    write(folder / "ended.pem", key, certificate(key, "IPAWSOPEN_120999", begins=-30, ends=-1))
    write(folder / "early.pem", key, certificate(key, "IPAWSOPEN_120999", begins=2))


# --- checking, from the standards' texts ---

def one(tree, path, **more):
    found = tree.xpath(path, namespaces=dict(s=SOAP, i=SERVICE, w=WSSE, u=WSU, d=DS, c=CAP, r=REQUEST, **more))
    if len(found) != 1:
        raise Bad(f"{path}: {len(found)} of them")
    return found[0]


def canonical(node):
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def check_value(signature, public_key):
    info = one(signature, "d:SignedInfo")
    if one(info, "d:CanonicalizationMethod/@Algorithm") != EXC or not one(info, "d:SignatureMethod/@Algorithm").endswith("#rsa-sha256"):
        raise Bad("another algorithm than IPAWS wants")
    # By itself, so that nothing around it can count.
    value = base64.b64decode("".join(one(signature, "d:SignatureValue").text.split()))
    try:
        public_key.verify(value, canonical(info), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as fault:
        raise Bad("the signature's value") from fault


def check_digest(reference, target, transforms):
    if [t.get("Algorithm") for t in reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")] != transforms:
        raise Bad("other transforms")
    digest = base64.b64encode(hashlib.sha256(canonical(target)).digest()).decode()
    if digest != one(reference, "d:DigestValue").text.strip():
        raise Bad("digest of " + (reference.get("URI") or "the alert"))


def same_key(certificate_text, cert):
    return base64.b64decode("".join(certificate_text.split())) == cert.public_bytes(serialization.Encoding.DER)


def check_alert(data, cert):
    root = etree.fromstring(data)
    signature = one(root, "/c:alert/d:Signature")
    check_value(signature, cert.public_key())
    if not same_key(one(signature, "d:KeyInfo/d:X509Data/d:X509Certificate").text, cert):
        raise Bad("another certificate")
    reference = one(signature, "d:SignedInfo/d:Reference")
    if reference.get("URI") != "":
        raise Bad("a part of the alert is signed")
    before, tail = signature.getprevious(), signature.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    root.remove(signature)
    check_digest(reference, root, [DS + "enveloped-signature", EXC])


def check_request(data, cert):
    """The one element in the Body."""
    root = etree.fromstring(data)
    security = one(root, "/s:Envelope/s:Header/w:Security")
    token = one(security, "w:BinarySecurityToken")
    signature = one(security, "d:Signature")
    if not same_key(token.text, cert):
        raise Bad("another token")
    if one(signature, "d:KeyInfo/w:SecurityTokenReference/w:Reference/@URI") != "#" + token.get(f"{{{WSU}}}Id"):
        raise Bad("the token is not the signature's")
    check_value(signature, cert.public_key())
    signed = set()
    for reference in signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference"):
        target = one(root, f"//*[@u:Id='{reference.get('URI')[1:]}']")
        check_digest(reference, target, [EXC])
        signed.add(target)
    body = one(root, "/s:Envelope/s:Body")
    if body not in signed or any(t not in signed for t in security.findall(f"{{{WSU}}}Timestamp")):
        raise Bad("Body or Timestamp are not signed")
    return one(body, "*")


def alert_in(data):
    """The bytes of the alert in a postCAP, cut out of the text."""
    start, end = data.index(b"<alert"), data.rindex(b"</alert>")
    return data[start:end + len(b"</alert>")]


def xmlsec1(data, cert_path, *options):
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(data)
        file.flush()
        done = subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", str(cert_path), *options, file.name],
                              capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise Bad("xmlsec1: " + (done.stderr.splitlines() or ["?"])[0])


def xmlsec1_alert(data, cert_path):
    xmlsec1(data, cert_path, "--enabled-reference-uris", "empty")


def xmlsec1_request(data, cert_path):
    xmlsec1(data, cert_path, "--id-attr:Id", f"{SOAP}:Body", "--id-attr:Id", f"{WSU}:Timestamp",
            "--node-xpath", "/*[local-name()='Envelope']/*[local-name()='Header']/*[local-name()='Security']/*[local-name()='Signature']")


def main(verb, path, cert_path=None):
    if verb == "make":
        return make(path)
    data, cert = Path(path).read_bytes(), x509.load_pem_x509_certificate(Path(cert_path).read_bytes())
    if verb == "alert":
        check_alert(data, cert)
        xmlsec1_alert(data, cert_path)
        return None
    element = check_request(data, cert)
    xmlsec1_request(data, cert_path)
    if element.tag == f"{{{SERVICE}}}postCAPRequestTypeDef":
        check_alert(alert_in(data), cert)
        xmlsec1_alert(alert_in(data), cert_path)
    return None


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Bad as fault:
        sys.exit(f"bad: {fault}")
