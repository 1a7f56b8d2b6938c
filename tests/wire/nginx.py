"""nginx as a child process on a port of its own, with a certificate made for it: TLS in front of a scripted server."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest
from ports import free_ports


def program():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Nginx:
    """`upstream` is http://HOST:PORT; `lines` go into the location."""

    def __init__(self, folder, upstream, lines=""):
        if not program() or not shutil.which("openssl"):
            pytest.skip("skipped: nginx or openssl is not installed")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.upstream, self.lines = upstream, lines
        self.ca_file = self.folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self.folder / "key.pem", "-out", self.ca_file],
                       check=True, capture_output=True, timeout=60)
        self.process = self.port = None
        for _ in range(5):
            self.port = free_ports(1)[0]
            if self.start():
                return
        raise AssertionError((self.folder / "error.log").read_text())

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def configuration(self):
        at = self.folder
        temporary = " ".join(f"{kind}_temp_path {at}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return (f"daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n"
                f"events {{ worker_connections 256; }}\n"
                f"http {{ access_log {at}/access.log; {temporary} client_max_body_size 20m;\n"
                f"server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {self.ca_file}; ssl_certificate_key {at}/key.pem;\n"
                f"location / {{ proxy_pass {self.upstream}; proxy_read_timeout 20s; {self.lines} }} }} }}\n")

    def start(self):
        """False where another took the port."""
        (self.folder / "nginx.conf").write_text(self.configuration())
        log = self.folder / "error.log"
        self.process = subprocess.Popen([program(), "-e", log, "-p", self.folder, "-c", self.folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.02)
        self.stop()
        return False

    def stop(self):
        """Connections that are open are cut."""
        process, self.process = self.process, None
        if process and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
