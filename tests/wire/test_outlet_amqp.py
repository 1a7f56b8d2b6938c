"""AMQP outlets against a real RabbitMQ: confirmed, in order, over restarts and kills of both sides."""

import os
import pathlib
import random
import signal
import time

import pytest

pytest.importorskip("pika", reason="skipped: python3-pika is not installed")

import pika  # noqa: E402
from alerts import Alert, Stream  # noqa: E402
from receiver import json_body  # noqa: E402
from test_eccc import broker  # noqa: E402, F401  one RabbitMQ, with TLS
from test_webhook import row, wait_row  # noqa: E402

MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "120"))  # the long run: 10000
KILLS = int(os.environ.get("CAPRELAY_KILLS", "6"))


class Queue:
    """A durable queue on an exchange of its own, read as a careful consumer does."""

    def __init__(self, broker, name, binding="#"):
        self.broker, self.name, self.exchange, self.binding = broker, f"q-{name}", f"x-{name}", binding
        self.taken = []  # (number, properties, body) as they came
        self.connect()
        self.channel.exchange_declare(self.exchange, "topic", durable=True)

    def connect(self):
        self.connection = self.broker.connect()
        self.channel = self.connection.channel()

    def bind(self):
        self.channel.queue_declare(self.name, durable=True)
        self.channel.queue_bind(self.name, self.exchange, self.binding)
        return self

    def take(self):
        while True:
            method, properties, body = self.channel.basic_get(self.name)
            if method is None:
                return
            self.taken.append((properties.headers["number"], properties, body, method.routing_key))
            self.channel.basic_ack(method.delivery_tag)

    def wait(self, count, seconds=30):
        deadline = time.monotonic() + seconds
        while len(self.firsts()) < count:
            self.take()
            assert time.monotonic() < deadline, self.firsts()[-10:]
            time.sleep(0.02)
        self.take()

    def firsts(self):
        return list(dict.fromkeys(t[0] for t in self.taken))

    def close(self):
        if self.connection.is_open:
            self.connection.close()


@pytest.fixture
def queue(broker, request):  # noqa: F811
    made = Queue(broker, request.node.name[:60])
    yield made
    made.close()


def outlet(tmp_path, queue, **changes):
    password = tmp_path / "password"
    password.write_text("anonymous\n")
    password.chmod(0o600)
    return dict({"name": "eoc", "kind": "amqp", "broker": "127.0.0.1", "port": queue.broker.port, "tls": False, "user": "anonymous",
                 "password_file": password, "exchange": queue.exchange, "retry_first": "50ms", "retry_max": "500ms", "timeout": "10s"},
                **changes)


def send(relay, count, name="amqp"):
    for alert, _ in zip(Stream(name), range(count)):
        relay.drop(alert)


def test_what_a_message_says(make_relay, queue, broker, tmp_path):  # noqa: F811
    queue.binding = "relay.actual.us.#.ME.#"
    queue.bind()
    relay = make_relay(outlets=[outlet(tmp_path, queue, broker="localhost", port=broker.tls_port, tls=True, ca_file=broker.ca_file, prefix="relay.",
                                       **{"class": ["actual", "exercise"]})]).start()
    relay.drop(Alert("for-maine", side="ca"))
    queue.wait(1)
    number, properties, body, key = queue.taken[0]
    value, original = json_body(body)
    assert value["number"] == number and value["header"]["side"] == "us" and b"for-maine" in original
    assert properties.delivery_mode == 2 and properties.content_type == "application/json" and properties.app_id == "caprelay"
    assert properties.message_id == f"test/actual/{number}" and abs(properties.timestamp - time.time()) < 60
    headers = properties.headers
    assert headers["class"] == "actual" and headers["side"] == "us" and headers["relay"] == "test"
    assert headers["topics"].split() == [t["topic"] for t in value["header"]["topics"]]
    assert headers["identifier"] == value["header"]["derived"]["identifier"]
    assert key == ".".join(["relay.actual.us", *value["header"]["regions"]])
    # An exercise has no queue here: its stream waits alone.
    relay.drop(Alert("exercise", side="ca", status="Exercise"))
    deadline = time.monotonic() + 20
    while "no queue is bound" not in (row(relay, "exercise")["reason"] or ""):
        assert time.monotonic() < deadline, row(relay, "exercise")
        time.sleep(0.1)
    relay.drop(Alert("for-maine-2", side="ca"))
    queue.wait(2)
    assert row(relay)["state"] == "live"


def test_what_nobody_would_read_is_not_delivered(make_relay, queue, tmp_path):
    relay = make_relay(outlets=[outlet(tmp_path, queue)]).start()
    wait_row(relay, lambda o: o["state"] == "live" and o["reason"] == "connected")
    send(relay, 5)
    found = wait_row(relay, lambda o: o["state"] != "live")
    assert "no queue is bound" in found["reason"] and queue.exchange in found["reason"] and found["number"] == 0
    queue.bind()
    queue.wait(5)
    assert queue.firsts()[:5] == [1, 2, 3, 4, 5]


def test_faults_of_the_configuration_are_told(make_relay, queue, broker, tmp_path):  # noqa: F811
    wrong = tmp_path / "wrong"
    wrong.write_text("nonsense")
    wrong.chmod(0o600)
    for changes, wanted in (({"exchange": "nowhere"}, "NOT_FOUND"), ({"password_file": wrong}, "ACCESS_REFUSED"),
                            ({"port": broker.tls_port, "tls": True}, "cert verification"), ({"vhost": "none"}, "none"), ({"port": 1}, "127.0.0.1:1")):
        relay = make_relay(outlets=[outlet(tmp_path, queue, **changes)]).start()
        found = wait_row(relay, lambda o: o["state"] in ("degraded", "down"))
        assert wanted in found["reason"], (changes, found)
        relay.stop()


def test_a_broker_that_dies_and_comes_back(make_relay, queue, broker, tmp_path):  # noqa: F811
    queue.bind()
    relay = make_relay(outlets=[outlet(tmp_path, queue)]).start()
    send(relay, 10, "before")
    queue.wait(10)
    broker.kill()
    wait_row(relay, lambda o: o["state"] in ("degraded", "down"))
    send(relay, 30, "during")
    wait_row(relay, lambda o: o["behind"] >= 30)
    broker.start()
    queue.connect()
    queue.wait(40, 60)
    firsts = queue.firsts()
    assert firsts == list(range(1, firsts[-1] + 1))
    wait_row(relay, lambda o: o["state"] == "live" and o["behind"] == 0)
    relay.stop()


def test_a_broker_that_hangs(make_relay, queue, broker, tmp_path):  # noqa: F811
    queue.bind()
    relay = make_relay(outlets=[outlet(tmp_path, queue, timeout="1s")]).start()
    send(relay, 3, "before")
    queue.wait(3)
    wait_row(relay, lambda o: o["behind"] == 0)
    threads = len(list(pathlib.Path(f"/proc/{relay.process.pid}/task").iterdir()))
    os.killpg(broker.process.pid, signal.SIGSTOP)
    try:
        relay.drop(Alert("large", description=chr(34) * 7_000_000))  # twice that as JSON: more than the sockets between them hold
        found = wait_row(relay, lambda o: o["state"] in ("degraded", "down"))
        assert "confirms nothing within 1 s" in found["reason"]
        relay.wait_log("state=degraded")
        time.sleep(3)  # further tries
        assert len(list(pathlib.Path(f"/proc/{relay.process.pid}/task").iterdir())) <= threads
    finally:
        os.killpg(broker.process.pid, signal.SIGCONT)
    queue.wait(4, 60)
    assert queue.firsts()[:4] == [1, 2, 3, 4]
    relay.stop()


def test_killed_at_random_instants(make_relay, queue, tmp_path):
    """1 to N at least once and in order, over kill -9 of the relay."""
    seed = int(os.environ.get("CAPRELAY_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    print(f"seed {seed}, {KILLS} kills, {MESSAGES} messages")
    queue.bind()
    relay = make_relay(outlets=[outlet(tmp_path, queue)]).start()
    alerts = Stream("kill")
    relay.drop_and_die(alerts, MESSAGES, KILLS, chance)
    queue.wait(MESSAGES, 60 + MESSAGES / 20)
    found = wait_row(relay, lambda o: o["behind"] == 0 and o["number"] >= alerts.count, 60 + MESSAGES / 20)
    queue.take()
    assert queue.firsts() == list(range(1, found["number"] + 1)), f"seed {seed}"
    bodies = {}
    for number, _, body, _ in queue.taken:
        assert bodies.setdefault(number, body) == body, f"seed {seed}: number {number} with two contents"
    relay.stop()
