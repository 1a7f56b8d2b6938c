"""Who signs alerts as Environment Canada and Pelmorex do: XML signatures made by xmlsec1, and the pin that a source accepts them by."""

import copy
import subprocess

import pytest

_TEMPLATE = (
    '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>'
    '<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI=""><Transforms>'
    '<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms>'
    '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/>'
    "<KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>")


class XmlSigner:
    """A key of its own, with a certificate for two days."""

    def __init__(self, folder, name="signer"):
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.key, self.certificate = folder / f"{name}.key.pem", folder / f"{name}.pem"
        try:
            subprocess.run(["xmlsec1", "--version"], check=True, capture_output=True, timeout=30)
        except FileNotFoundError:
            pytest.skip("skipped: no xmlsec1")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}.example", "-keyout",
                        self.key, "-out", self.certificate], check=True, capture_output=True, timeout=60)

    @property
    def pin(self):
        return {"name": self.name, "file": self.certificate}

    def signature(self, policy="flag"):
        """A source's `signature:` that pins this signer."""
        return {"policy": policy, "pins": [self.pin]}

    def sign(self, alert):
        """The same alert, signed."""
        made = copy.copy(alert)
        template, out = self.folder / "template.xml", self.folder / "signed.xml"
        template.write_bytes(alert.xml.replace(b"</alert>", _TEMPLATE.encode() + b"</alert>"))
        subprocess.run(["xmlsec1", "--sign", "--privkey-pem", f"{self.key},{self.certificate}", "--output", out, template], check=True,
                       capture_output=True, timeout=30)
        made.xml = out.read_bytes().strip() + b"\n"
        return made
