"""NWWS-OI's far side as no decent server is: lets the relay in by the book, then sends whatever a test wants."""

import pathlib
import re
import socket
import ssl
import subprocess
import threading

HOST = "localhost"
ROOM = f"nwws@rooms.{HOST}"
STREAM = (f"<?xml version='1.0'?><stream:stream from='{HOST}' id='1' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
          "<stream:features>%s</stream:features>")


class ScriptedWire:
    """`script` is called with a function that sends; the connection ends when it returns False, else when the relay goes."""

    def __init__(self, folder, script):
        self.script, self.entered = script, 0
        folder = pathlib.Path(folder)
        self.ca_file, key = folder / "wire-cert.pem", folder / "wire-key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
                        "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", self.ca_file], check=True, capture_output=True, timeout=60)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.ca_file, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        raw.settimeout(60)
        try:
            with self._let_in(raw) as connection:
                self.entered += 1
                if self.script(lambda text: connection.sendall(text.encode())) is not False:
                    while connection.recv(65536):
                        pass
        except (OSError, EOFError):
            raw.close()

    def _let_in(self, raw):
        seen = [raw, b""]

        def until(pattern):
            while not (found := re.search(pattern, seen[1])):
                data = seen[0].recv(65536)
                if not data:
                    raise EOFError
                seen[1] += data
            seen[1] = seen[1][found.end():]
            return found.group(1).decode() if found.groups() else ""

        def stream(features):
            until(rb"<stream:stream[^>]*>")
            seen[0].sendall((STREAM % features).encode())

        stream('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls>')
        until(rb"<starttls")
        raw.sendall(b'<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        seen[:] = [self.context.wrap_socket(raw, server_side=True), b""]
        stream('<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>')
        until(rb"<auth[^>]*>[^<]*</auth>")
        seen[0].sendall(b'<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
        stream('<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>')
        number = until(rb"<iq[^>]*id=[\"']([^\"']+)[\"']")
        seen[0].sendall(f'<iq type="result" id="{number}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>relay@{HOST}/x</jid></bind></iq>'.encode())
        seat = until(rb"<presence[^>]*to=[\"']([^\"']+)[\"']")
        seen[0].sendall(f'<presence from="{seat}"><x xmlns="http://jabber.org/protocol/muc#user"><status code="110"/></x></presence>'.encode())
        return seen[0]

    def close(self):
        # Not while another thread waits in it: that one ends by it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
