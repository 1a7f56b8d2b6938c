#!/usr/bin/python3
"""Signed alerts for test_fixtures.c, made anew for each run by implementations that are not the relay's: python3-cryptography with lxml, and
the program xmlsec1. Writes messages, certificates, pins.tsv and cases.tsv into the folder that is given."""

import base64
import datetime
import hashlib
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from lxml import etree

OUT = Path(sys.argv[1])
NOW = datetime.datetime(2026, 6, 1)
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"


def alert(text="storm surge", extra="", attributes=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="{CAP}"{attributes}>\n<identifier>urn:x:1</identifier><sender>met@example.ca</sender>'
            "<sent>2026-06-01T00:00:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\n<info><language>en-CA</language>"
            f"<category>Met</category><event>{text}</event><urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"
            f"<area><areaDesc>c\u00f4te</areaDesc></area></info>{extra}\n</alert>\n")


# --- keys and certificates ---

def key_rsa(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key, name, begins=-30, ends=300, issuer=None, issuer_key=None, ca=False, digest=hashes.SHA256()):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(NOW + datetime.timedelta(days=begins)).not_valid_after(NOW + datetime.timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True).sign(issuer_key or key, digest))


def der(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def spki(cert):
    return hashlib.sha256(cert.public_key().public_bytes(serialization.Encoding.DER,
                                                         serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem(name, cert):
    (OUT / name).write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    return name


# --- signing, from the standard's text ---

def canonical(tree, exclusive):
    return etree.tostring(tree, method="c14n", exclusive=exclusive, with_comments=False)


def without_signatures(text):
    tree = etree.fromstring(text.encode()).getroottree()
    for signature in tree.getroot().findall(f"{{{DS}}}Signature"):
        tail = signature.tail or ""
        before = signature.getprevious()
        before.tail = (before.tail or "") + tail
        tree.getroot().remove(signature)
    return tree


def raw_signature(key, method, data):
    digest = {"rsa-sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384}[
        "rsa-sha1" if method.endswith("rsa-sha1") else method.rsplit("-", 1)[1]]()
    if "ecdsa" not in method:
        return key.sign(data, padding.PKCS1v15(), digest)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def sign(text, key, cert, c14n=EXC, method=MORE + "rsa-sha256", digest=SHA256, uri="", transforms=None, references=None, name="Environment Canada",
         obj="", key_info=None, covered=None):
    """`covered` is what the digest is over where it is not the whole alert; `references` replaces all References."""
    hashed = covered if covered is not None else canonical(without_signatures(text), c14n == EXC)
    if covered is None and transforms is None and c14n == EXC:
        # Without a canonicalisation among the transforms the digest is over the inclusive form.
        hashed = canonical(without_signatures(text), False)
    algorithm = hashlib.sha1 if digest == DS + "sha1" else hashlib.sha256
    value = base64.b64encode(algorithm(hashed).digest()).decode()
    transforms = transforms or f'<Transform Algorithm="{DS}enveloped-signature"/>'
    reference = references or (f'<Reference URI="{uri}"><Transforms>{transforms}</Transforms><DigestMethod Algorithm="{digest}"/>'
                               f"<DigestValue>{value}</DigestValue></Reference>")
    info = (f'<SignedInfo><CanonicalizationMethod Algorithm="{c14n}"/><SignatureMethod Algorithm="{method}"/>{reference}</SignedInfo>')
    if key_info is None:
        key_info = f"<KeyInfo><X509Data><X509Certificate>\n{base64.encodebytes(der(cert)).decode()}</X509Certificate></X509Data></KeyInfo>"
    ident = f' Id="{name}"' if name else ""
    signed = f'<Signature xmlns="{DS}"{ident}>{info}<SignatureValue>@@</SignatureValue>{key_info}{obj}</Signature>'
    whole = text.replace("\n</alert>", signed + "\n</alert>")
    node = etree.fromstring(whole.encode()).findall(f"{{{DS}}}Signature")[-1].find(f"{{{DS}}}SignedInfo")
    # Here both canonicalisations give the same: no prefix is declared above. lxml's inclusive form of a part of a tree is wrong (xmlns="" in it).
    raw = raw_signature(key, method, canonical(node, True))
    return whole.replace("@@", base64.b64encode(raw).decode())


def xmlsec1(text, key, cert, c14n, method, digest, transform=""):
    """The same by xmlsec1, which fills a template."""
    (OUT / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    pem("signer.pem", cert)
    template = text.replace("\n</alert>", (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n}"/><ds:SignatureMethod Algorithm="{method}"/>'
        f'<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"/>{transform}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
        "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName/><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>\n</alert>"))
    (OUT / "template.xml").write_text(template)
    subprocess.run(["xmlsec1", "--sign", "--privkey-pem", f"{OUT}/key.pem,{OUT}/signer.pem", "--output", f"{OUT}/signed.xml", f"{OUT}/template.xml"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=30)
    return (OUT / "signed.xml").read_text()


cases, pins = [], []


def case(name, message, verdict, accepted=None, each=None):
    """`each`: the verdicts of the single signatures, in order."""
    (OUT / f"{name}.xml").write_bytes(message if isinstance(message, bytes) else message.encode())
    accepted = accepted if accepted is not None else verdict in ("valid", "expired-pinned")
    cases.append((name, verdict, "yes" if accepted else "no", ",".join(each or [])))


def pin(name, kind, value, subject="-", begins="-", ends="-", expired=False, weak=False):
    pins.append((name, kind, value, subject, begins, ends, "yes" if expired else "no", "yes" if weak else "no"))


# --- whom the tests trust ---

good, late, late_refused, stranger, curve, short, future = key_rsa(), key_rsa(), key_rsa(), key_rsa(), ec.generate_private_key(ec.SECP256R1()), key_rsa(1024), key_rsa()
c_good, c_late, c_late_refused = certificate(good, "good.example"), certificate(late, "late.example", -400, -10), certificate(late_refused, "over.example", -400, -10)
c_stranger, c_curve, c_short = certificate(stranger, "good.example"), certificate(curve, "curve.example"), certificate(short, "short.example")
c_future = certificate(future, "future.example", 5, 300)
root, leaf, fake_root, kept = key_rsa(), key_rsa(), key_rsa(), key_rsa()
c_root = certificate(root, "An Authority", -900, 900, ca=True)
c_leaf = certificate(leaf, "dss.example", issuer=c_root, issuer_key=root)
c_other_leaf = certificate(leaf, "elsewhere.example", issuer=c_root, issuer_key=root)
c_sha1_leaf = certificate(leaf, "dss.example", issuer=c_root, issuer_key=root, digest=hashes.SHA1())
c_fake_leaf = certificate(stranger, "dss.example", issuer=certificate(fake_root, "An Authority", -900, 900, ca=True), issuer_key=fake_root)
ended, begun, old_weak = key_rsa(), key_rsa(), key_rsa()
c_ended, c_begun, c_old_weak = certificate(ended, "roll.example"), certificate(begun, "roll.example"), certificate(old_weak, "old.example")

pin("good", "spki", spki(c_good))
pin("late", "file", pem("late.pem", c_late), expired=True)
pin("over", "file", pem("over.pem", c_late_refused))
pin("curve", "file", pem("curve.pem", c_curve))
pin("short", "spki", spki(c_short))
pin("future", "spki", spki(c_future))
pin("dss", "ca", pem("root.pem", c_root), subject="dss.example")
pin("old-key", "spki", spki(c_ended), ends="2026-05-31")
pin("new-key", "spki", spki(c_begun), begins="2026-05-20")
pin("old-weak", "spki", spki(c_old_weak), weak=True)

# --- what is good ---

plain = alert()
base = sign(plain, good, c_good)
case("exclusive", base, "valid", each=["valid"])
case("inclusive", sign(plain, good, c_good, c14n=INC), "valid")
case("c14n-transform", sign(plain, good, c_good, covered=canonical(without_signatures(plain), True),
                            transforms=f'<Transform Algorithm="{DS}enveloped-signature"/><Transform Algorithm="{EXC}"/>'), "valid")
case("ecdsa", sign(plain, curve, c_curve, method=MORE + "ecdsa-sha256"), "valid")
case("sha384", sign(plain, good, c_good, method=MORE + "rsa-sha384"), "valid")
case("issued", sign(plain, leaf, c_leaf), "valid")
case("rolled-over", sign(plain, begun, c_begun), "valid")
properties = f'<Object xmlns=""><SignatureProperties><SignatureProperty Id="N 1"><xc:value xmlns:xc="urn:x"/></SignatureProperty></SignatureProperties></Object>'
hub = sign(base, leaf, c_leaf, c14n=INC, name="NAADS Signature", obj=properties)
case("two", hub, "valid", each=["valid", "valid"])
start = hub.index("<Signature "), hub.rindex("<Signature ")
case("two-turned", hub[:start[0]] + hub[start[1]:hub.index("\n</alert>")] + hub[start[0]:start[1]] + hub[hub.index("\n</alert>"):], "valid", each=["valid", "valid"])
case("moved-to-front", base.replace(base[base.index("<Signature"):base.index("\n</alert>")], "").replace(
    "<identifier>", base[base.index("<Signature"):base.index("\n</alert>")] + "<identifier>"), "valid")
case("without-area", sign(plain.replace("<area><areaDesc>c\u00f4te</areaDesc></area>", ""), good, c_good), "valid")
case("characters", sign(alert("a &amp; b &lt; c &gt; d ]]&gt; \"e\" &#13;&#9;f\t\u00e9", extra="<note><![CDATA[<x> & ]]></note>",
                              attributes=' xmlns:x="urn:x" x:y="1&#10;2&#9;&quot;3"'), good, c_good), "valid")
case("comment", base.replace("met@example.ca", "met@<!-- x -->example.ca"), "valid")
for number, (c14n, method, key, cert) in enumerate([(EXC, MORE + "rsa-sha256", good, c_good), (INC, MORE + "rsa-sha512", good, c_good),
                                                    ("http://www.w3.org/2006/12/xml-c14n11", MORE + "rsa-sha256", good, c_good), (EXC, MORE + "ecdsa-sha256", curve, c_curve)]):
    case(f"xmlsec1-{number}", xmlsec1(alert(attributes=' xmlns:x="urn:unused"'), key, cert, c14n, method, SHA256), "valid")
prefixes = f'<ds:Transform Algorithm="{EXC}"><ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="x"/></ds:Transform>'
case("xmlsec1-prefixes", xmlsec1(alert(attributes=' xmlns:x="urn:unused"'), good, c_good, EXC, MORE + "rsa-sha256", SHA256, prefixes), "valid")

# --- what is less than good ---

case("unsigned", plain, "none")
case("stranger", sign(plain, stranger, c_stranger), "untrusted")
case("another-key", base.replace(base64.encodebytes(der(c_good)).decode(), base64.encodebytes(der(certificate(kept, "good.example"))).decode()), "signature-invalid")
case("expired-allowed", sign(plain, late, c_late), "expired-pinned")
case("expired", sign(plain, late_refused, c_late_refused), "untrusted")
case("not-yet", sign(plain, future, c_future), "untrusted")
case("pin-ended", sign(plain, ended, c_ended), "untrusted")
case("issued-to-another", sign(plain, leaf, c_other_leaf), "untrusted")
case("issued-by-namesake", sign(plain, stranger, c_fake_leaf), "untrusted")
case("issued-over-sha1", sign(plain, leaf, c_sha1_leaf), "untrusted")
case("sha1", sign(plain, good, c_good, method=DS + "rsa-sha1", digest=DS + "sha1"), "weak")
case("sha1-digest", sign(plain, good, c_good, digest=DS + "sha1"), "weak")
case("sha1-allowed", sign(plain, old_weak, c_old_weak, method=DS + "rsa-sha1", digest=DS + "sha1"), "weak", accepted=True)
case("short-key", sign(plain, short, c_short), "weak")
case("xmlsec1-sha1", xmlsec1(plain, good, c_good, INC, DS + "rsa-sha1", DS + "sha1"), "weak")
case("one-bad-of-two", sign(base, stranger, c_stranger, name="Somebody"), "valid", each=["valid", "untrusted"])
case("broken-beside", sign(base, leaf, c_leaf, covered=b"else"), "valid", each=["valid", "digest-mismatch"])
case("changed", base.replace("storm surge", "storm Surge"), "digest-mismatch")
case("of-another-alert", alert("all is well").replace("\n</alert>", base[base.index("<Signature"):]), "digest-mismatch")

# --- signature wrapping, and other tricks: never accepted ---

signature = base[base.index("<Signature"):base.index("\n</alert>")]
body = base[base.index("<alert"):]
evil = alert("all is well")
in_object = signature.replace("</Signature>", f"<Object>{body.replace(signature, '')}</Object></Signature>")
case("alert-in-object", evil.replace("\n</alert>", in_object + "\n</alert>"), "malformed")
case("alert-in-foreign-object", evil.replace("\n</alert>", in_object.replace("<Object>", '<Object xmlns="">') + "\n</alert>"), "malformed")
case("alert-in-alert", evil.replace("\n</alert>", body.replace(signature, "") + signature + "\n</alert>"), "malformed")
case("signed-alert-in-alert", evil.replace("\n</alert>", body + "\n</alert>"), "malformed")
case("alert-of-no-namespace", evil.replace("\n</alert>", '<alert xmlns=""/>' + signature + "\n</alert>"), "malformed")
case("signature-in-info", base.replace(signature, "").replace("</info>", signature + "</info>"), "malformed")
case("signature-in-object", base.replace("</KeyInfo></Signature>", f"</KeyInfo><Object>{signature}</Object></Signature>"), "malformed")
case("enveloped-alert", f"<alerts>{body}</alerts>", "malformed")
case("duplicate-info", base.replace("</info>", "</info><info><language>en-CA</language><category>Met</category><event>all is well</event></info>"), "digest-mismatch")
case("two-signed-infos", base.replace("</SignedInfo>", "</SignedInfo>" + signature[signature.index("<SignedInfo>"):signature.index("</SignedInfo>") + 13]), "malformed")
case("same-three-times", base.replace(signature, signature * 3), "valid", each=["valid"] * 3)
case("five", base.replace(signature, signature * 5), "malformed")
marked = plain.replace("<info>", '<info Id="i">')
inner = canonical(etree.fromstring(marked.encode()).find(f"{{{CAP}}}info"), True)
case("reference-to-element", sign(marked, good, c_good, uri="#i", covered=inner), "malformed")
case("reference-to-xpointer", sign(plain, good, c_good, uri="#xpointer(/)"), "malformed")
case("reference-outside", sign(plain, good, c_good, uri="file:///etc/hostname"), "malformed")
one = f'<Transforms><Transform Algorithm="{DS}enveloped-signature"/></Transforms><DigestMethod Algorithm="{SHA256}"/><DigestValue>AAAA</DigestValue></Reference>'
case("two-references", sign(plain, good, c_good, references=f'<Reference URI="">{one}<Reference URI="#i">{one}'), "malformed")
case("no-uri", sign(plain, good, c_good, references=f"<Reference>{one}"), "malformed")
case("no-reference", sign(plain, good, c_good, references="<!-- none -->"), "malformed")
envelope = f'<Transform Algorithm="{DS}enveloped-signature"/>'
for name, transforms in [("xpath", envelope + '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>ancestor-or-self::alert</XPath></Transform>'),
                         ("xpath2", envelope + '<Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>'),
                         ("xslt", envelope + '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'),
                         ("base64", envelope + f'<Transform Algorithm="{DS}base64"/>'),
                         ("not-enveloped", f'<Transform Algorithm="{EXC}"/>'), ("three-transforms", envelope + 2 * f'<Transform Algorithm="{EXC}"/>')]:
    case(name, sign(plain, good, c_good, transforms=transforms), "unsupported")
case("with-comments", base.replace(f'CanonicalizationMethod Algorithm="{EXC}"', f'CanonicalizationMethod Algorithm="{EXC}WithComments"'), "unsupported")
case("hmac", base.replace(MORE + "rsa-sha256", MORE + "hmac-sha256"), "unsupported")
case("md5", base.replace(MORE + "rsa-sha256", MORE + "rsa-md5"), "unsupported")
case("wrong-kind-of-key", base.replace(MORE + "rsa-sha256", MORE + "ecdsa-sha256"), "signature-invalid")
chain = lambda *certs: "<KeyInfo><X509Data>" + "".join(f"<X509Certificate>{base64.b64encode(der(c)).decode()}</X509Certificate>" for c in certs) + "</X509Data></KeyInfo>"
case("pinned-second", sign(plain, stranger, c_stranger, key_info=chain(c_stranger, c_good)), "untrusted")
case("pinned-first", sign(plain, stranger, c_stranger, key_info=chain(c_good, c_stranger)), "signature-invalid")
numbers = stranger.public_key().public_numbers()
value = lambda n: base64.b64encode(n.to_bytes((n.bit_length() + 7) // 8, "big")).decode()
raw_key = f"<KeyValue><RSAKeyValue><Modulus>{value(numbers.n)}</Modulus><Exponent>{value(numbers.e)}</Exponent></RSAKeyValue></KeyValue>"
case("key-value-first", sign(plain, stranger, c_stranger, key_info=chain(c_good).replace("<KeyInfo>", "<KeyInfo>" + raw_key)), "signature-invalid")
case("key-value-alone", sign(plain, stranger, c_stranger, key_info=f"<KeyInfo>{raw_key}</KeyInfo>"), "unsupported")
case("retrieval", sign(plain, good, c_good, key_info='<KeyInfo><RetrievalMethod URI="http://127.0.0.1:9/key"/></KeyInfo>'), "unsupported")
case("no-key-info", sign(plain, good, c_good, key_info=""), "unsupported")
case("doctype", base.replace("<alert", "<!DOCTYPE alert><alert", 1), "malformed")
case("entity", base.replace("<alert", '<!DOCTYPE alert [<!ENTITY e "storm surge">]><alert', 1).replace("storm surge</event>", "&e;</event>"), "malformed")
case("repaired", base.encode().replace("c\u00f4te".encode(), b"c\xf4te"), "malformed")
case("instruction", base.replace("<info>", "<?x y?><info>"), "digest-mismatch")
case("white-space", base.replace("</info>", "</info> "), "digest-mismatch")
case("truncated-value", base.replace("</SignatureValue>", "=</SignatureValue>"), "malformed")

(OUT / "cases.tsv").write_text("".join("\t".join(row) + "\n" for row in cases))
(OUT / "pins.tsv").write_text("".join("\t".join(row) + "\n" for row in pins))
