"""A RabbitMQ server of one test's own: node, ports, folders, and an end."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pika
import pytest

from ports import free_ports

SERVER = pathlib.Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = SERVER.with_name("rabbitmqctl")
READY_S = 90


class RabbitMQ:
    def __init__(self, folder, certificate=None):
        """With `certificate` (a PEM file with key and certificate for 127.0.0.1) the port speaks TLS."""
        if not SERVER.exists() or not shutil.which("epmd"):
            pytest.skip(f"skipped: no RabbitMQ at {SERVER} (Debian's rabbitmq-server)")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port, self.distribution, self.epmd, self.tls_port = free_ports(4)
        lines = ["listeners.tcp.local = 127.0.0.1:%d" % self.port, "loopback_users = none", "default_user = anonymous",
                 "default_pass = anonymous", "log.console = true", "log.console.level = info", "log.file = false"]
        if certificate:
            lines += ["listeners.ssl.local = 127.0.0.1:%d" % self.tls_port, f"ssl_options.certfile = {certificate}",
                      f"ssl_options.keyfile = {certificate}", "ssl_options.verify = verify_none", "ssl_options.fail_if_no_peer_cert = false"]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        self.environment = dict(
            os.environ, HOME=str(self.folder), ERL_EPMD_PORT=str(self.epmd), ERL_EPMD_ADDRESS="127.0.0.1",
            RABBITMQ_NODENAME=f"caprelay{os.getpid()}{self.port}@localhost", RABBITMQ_DIST_PORT=str(self.distribution),
            RABBITMQ_CONFIG_FILE=str(self.folder / "rabbitmq"), RABBITMQ_MNESIA_BASE=str(self.folder / "mnesia"),
            RABBITMQ_LOG_BASE=str(self.folder / "log"), RABBITMQ_ENABLED_PLUGINS_FILE=str(self.folder / "plugins"),
            RABBITMQ_PID_FILE=str(self.folder / "pid"), RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1 +sbwt none",
            RABBITMQ_CONF_ENV_FILE=str(self.folder / "none"),
        )
        self.process = None

    def start(self):
        self.output = open(self.folder / "output", "ab")
        self.process = subprocess.Popen([SERVER], env=self.environment, stdout=self.output, stderr=self.output, cwd=self.folder,
                                        start_new_session=True)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.connect().close()
                return self
            except (pika.exceptions.AMQPError, OSError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("RabbitMQ did not start\n" + self.log()) from None
                time.sleep(0.2)

    def connect(self):
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, credentials=pika.PlainCredentials("anonymous", "anonymous")))

    def messages(self, queue):
        """What the queue holds, with what a consumer has and did not acknowledge."""
        run = subprocess.run([CONTROL, "--quiet", "--no-table-headers", "list_queues", "name", "messages"], env=self.environment, capture_output=True,
                             text=True, check=True, timeout=60)
        return int(dict(line.split("\t") for line in run.stdout.splitlines())[queue])

    def log(self):
        return (self.folder / "output").read_text(errors="replace")[-4000:]

    def kill(self):
        """The node and all that it started, at once."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
        self.process = None

    def close(self):
        self.kill()
        # It made itself a daemon, on a port that is ours alone, and refuses to end while it believes that the node lives.
        for _ in range(50):
            with socket.socket() as probe:
                if not shutil.which("epmd") or probe.connect_ex(("127.0.0.1", self.epmd)) != 0:
                    return
            subprocess.run(["epmd", "-port", str(self.epmd), "-kill"], env=self.environment, capture_output=True, timeout=30)
            time.sleep(0.1)
