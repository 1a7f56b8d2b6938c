"""A Prosody server of one test's own: folder, port, certificate, accounts, a chat room, and an end."""

import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

from ports import free_ports

READY_S = 60
HOST = "localhost"
ROOMS = "rooms.localhost"

CONFIG = """
pidfile = "{folder}/pid"
data_path = "{folder}/data"
certificates = "{folder}"
run_as_root = true
daemonize = false
log = {{ info = "*console" }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping" }}
modules_disabled = {{ "s2s", "posix" }}
c2s_ports = {{ {port} }}
c2s_interfaces = {{ "127.0.0.1" }}
c2s_require_encryption = true
c2s_stanza_size_limit = 20 * 1024 * 1024
admins = {{ "nwws@{host}" }}
authentication = "internal_hashed"
storage = "internal"
ssl = {{ key = "{folder}/key.pem", certificate = "{folder}/cert.pem" }}
VirtualHost "{host}"
Component "{rooms}" "muc"
    modules_enabled = {{ {room_modules} }}
    restrict_room_creation = {restrict}
    muc_room_default_persistent = true
    muc_room_locking = false
    muc_room_default_history_length = {history}
    max_history_messages = {history}
    muc_log_by_default = true
    muc_log_expires_after = "never"
    storage_archive_item_limit = 1000000
"""


class Prosody:
    """With `archive` what is said is on disk before it is said on, and survives the server; without, it is in memory.
    Rooms are made by nwws alone, or by `anybody` who asks for one."""

    def __init__(self, folder, archive=True, history=100000, anybody=False):
        self.program = shutil.which("prosody")
        if not self.program or not shutil.which("prosodyctl"):
            pytest.skip("skipped: no prosody (Debian's prosody)")
        self.folder = pathlib.Path(folder)
        (self.folder / "data").mkdir(parents=True)
        self.port = free_ports(1)[0]
        self.ca_file = self.folder / "cert.pem"
        self.process = None
        self.make_certificate()
        self.config = self.folder / "prosody.cfg.lua"
        self.config.write_text(CONFIG.format(folder=self.folder, port=self.port, host=HOST, rooms=ROOMS, restrict="false" if anybody else "true", history=history,
                                             room_modules='"muc_mam"' if archive else ""))

    def make_certificate(self, name=HOST):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", self.folder / "key.pem", "-out", self.ca_file],
                       check=True, capture_output=True, timeout=60)

    def account(self, user, password):
        subprocess.run(["prosodyctl", "--root", "--config", self.config, "register", user, HOST, password], check=True, capture_output=True, timeout=60)
        return self

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen([self.program, "--config", self.config, "-F"], stdout=output, stderr=output, cwd=self.folder)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, "Prosody did not start\n" + self.log()
                time.sleep(0.1)

    def log(self):
        path = self.folder / "output"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    close = kill
