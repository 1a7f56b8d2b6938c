"""The Datamart adapter against a real RabbitMQ and a real HTTP server: cuts, restarts, outages, files that are late or lost."""

import datetime
import os
import random
import subprocess
import time

import pytest

pytest.importorskip("pika", reason="skipped: python3-pika is not installed")

from alerts import Alert, now  # noqa: E402
from datamart import Datamart  # noqa: E402
from naad_hub import Hub  # noqa: E402
from rabbitmq import RabbitMQ  # noqa: E402
from test_naad import state, verdicts, wait_for  # noqa: E402
from xml_signer import XmlSigner  # noqa: E402

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "400"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rabbitmq")
    certificate = folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True, timeout=60)
    certificate.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    certificate.chmod(0o644)
    made = RabbitMQ(folder / "node", certificate)
    made.ca_file = folder / "cert.pem"
    yield made.start()
    made.close()


@pytest.fixture
def datamart(broker, request):
    made = Datamart(broker, exchange=f"x-{request.node.name}"[:60])
    made.queue = f"q_anonymous.{request.node.name}"
    made.options = {"queue": made.queue, "exchange": made.exchange}
    yield made
    made.close()


def identifier(number):
    return f"urn:oid:2.49.0.1.124.{number:010d}.2026"


def wait_consumed(datamart, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if datamart.waiting(datamart.queue)[1] == 1:
                return
        except Exception:  # noqa: BLE001 the queue is not there yet
            pass
        assert time.monotonic() < deadline, "nobody consumes the queue"
        time.sleep(0.1)


def wait_acknowledged(datamart, seconds=60):
    """Of what was given out again after a cut, some may be fetched yet when every alert is relayed."""
    deadline = time.monotonic() + seconds
    while left := datamart.broker.messages(datamart.queue):
        assert time.monotonic() < deadline, f"{left} announcements were never acknowledged"
        time.sleep(0.1)


def test_announced_files_are_fetched_and_acknowledged_after_the_commit(make_relay, datamart):
    relay = make_relay(sources=[datamart.source(**datamart.options)]).start()
    wait_consumed(datamart)
    for number in range(20):
        datamart.publish(Alert(identifier(number)), number, form=("v02", "v03")[number % 2])
    wait_for(relay, [identifier(number) for number in range(20)])
    assert all(verdicts(relay)[identifier(number)] == {"relayed": 1} for number in range(20))
    relay.wait_log("state=live")
    wait_acknowledged(datamart)


def test_what_an_hour_away_brought_waits_in_the_queue(make_relay, datamart):
    """More than prefetch, on a busy day."""
    relay = make_relay(sources=[datamart.source(**datamart.options)]).start()
    wait_consumed(datamart)
    relay.stop()
    ago = now() - datetime.timedelta(hours=1)
    for number in range(100, 400):
        datamart.publish(Alert(identifier(number), sent=ago + datetime.timedelta(seconds=12 * (number - 100))), number)
    relay.start()
    wait_for(relay, [identifier(number) for number in range(100, 400)])
    found = verdicts(relay)
    assert all(found[identifier(number)] == {"relayed": 1} for number in range(100, 400))
    wait_acknowledged(datamart)


def test_killed_at_random_nothing_is_lost(make_relay, datamart):
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages")
    chance = random.Random(seed)
    relay = make_relay(sources=[datamart.source(**datamart.options)]).start()
    wait_consumed(datamart)
    for number in range(1000, 1000 + MESSAGES):
        if chance.random() < 0.02:
            datamart.server.faults.append(503)
        datamart.publish(Alert(identifier(number)), number)
        if chance.random() < 4 / MESSAGES:
            relay.kill()
            relay.start()
    wanted = [identifier(number) for number in range(1000, 1000 + MESSAGES)]
    wait_for(relay, wanted, seconds=60 + MESSAGES / 20)
    found = verdicts(relay)
    for one in wanted:
        assert found[one]["relayed"] == 1 and set(found[one]) <= {"relayed", "duplicate"}, (one, found[one])
    wait_acknowledged(datamart)


def test_a_broken_connection_is_told_and_made_again(make_relay, broker, datamart):
    relay = make_relay(sources=[datamart.source(**datamart.options)]).start()
    wait_consumed(datamart)
    relay.wait_log("state=live")
    broker.kill()
    relay.wait_log("state=down", seconds=30)
    mark = len(relay.log())
    broker.start()
    datamart.connect()
    relay.wait_log("state=live", seconds=60, start=mark)
    datamart.publish(Alert(identifier(2000)), 2000)
    wait_for(relay, [identifier(2000)])


def test_a_late_file_is_tried_again_and_a_lost_one_is_told(make_relay, datamart):
    relay = make_relay(sources=[datamart.source(**datamart.options, give_up="3s")]).start()
    wait_consumed(datamart)
    datamart.server.faults += [404, 500]
    datamart.publish(Alert(identifier(3000)), 3000)
    wait_for(relay, [identifier(3000)])
    datamart.publish(Alert(identifier(3001)), 3001, keep=False)
    datamart.publish(Alert(identifier(3002)), 3002)
    wait_for(relay, [identifier(3002)])  # it holds up nobody
    relay.wait_log("eccc.missing", seconds=30)
    assert "0000003001" in relay.log()
    assert "announced, and nowhere: 1 so far, the last T_WWCN16_C_CWUL_202604152051_0000003001.cap" in state(relay)
    wait_acknowledged(datamart)


def test_only_what_is_allowed_is_fetched(make_relay, datamart):
    relay = make_relay(sources=[datamart.source(**datamart.options)]).start()
    wait_consumed(datamart)
    for body in ("20260415 http://127.0.0.1:9/ x/T.cap", f"20260415 {datamart.url} /../../etc/passwd", "{}", "", "\xff\xfe",
                 f'{{"baseUrl": "{datamart.url[:-1]}.evil.example/", "relPath": "T.cap"}}'):
        datamart.announce(body)
    datamart.publish(Alert(identifier(4000)), 4000)
    wait_for(relay, [identifier(4000)])
    assert relay.log().count("eccc.announcement") == 6
    assert len(datamart.server.asked) == 1
    wait_acknowledged(datamart)


@pytest.fixture
def hub():
    made = Hub(streams=1)
    yield made
    made.close()


def wait_verdicts(relay, identifier, wanted, seconds=20):
    deadline = time.monotonic() + seconds
    while verdicts(relay)[identifier] != wanted:
        assert time.monotonic() < deadline, f"{verdicts(relay)[identifier]}\n{relay.log()[-2000:]}"
        time.sleep(0.1)


def test_what_naad_has_brought_with_a_good_signature_is_not_fetched(make_relay, datamart, hub, tmp_path):
    signer = XmlSigner(tmp_path / "signer")
    relay = make_relay(sources=[datamart.source(**datamart.options), hub.source(signature=signer.signature())]).start()
    hub.streams[0].wait_peer()
    wait_consumed(datamart)
    alert = signer.sign(Alert(identifier(5000)))
    hub.publish(alert)
    wait_for(relay, [alert.identifier])
    datamart.publish(alert, 5000)
    other = Alert(identifier(5001))
    datamart.publish(other, 5001)
    wait_for(relay, [other.identifier])
    assert len(datamart.server.asked) == 1
    # The other way round NAAD's copy is a duplicate, and a copy of the same bulletin.
    hub.publish(other)
    wait_verdicts(relay, other.identifier, {"relayed": 1, "duplicate": 1})
    wait_acknowledged(datamart)


@pytest.mark.parametrize("policy, forged", [("flag", "relayed"), ("require", "refused"), ("ignore", "relayed")])
def test_a_forgery_on_naads_plain_stream_does_not_keep_the_true_alert_away(make_relay, datamart, hub, tmp_path, policy, forged):
    signer, stranger = XmlSigner(tmp_path / "signer"), XmlSigner(tmp_path / "stranger", "stranger")
    relay = make_relay(sources=[datamart.source(**datamart.options), hub.source(signature=signer.signature(policy))]).start()
    hub.streams[0].wait_peer()
    wait_consumed(datamart)
    sent = now()
    true = [Alert(identifier(number), sent=sent) for number in (5100, 5101, 5102)]
    lies = [Alert(one.identifier, sent=sent, headline="All is well") for one in true]
    lies[1] = stranger.sign(lies[1])
    lies[2] = signer.sign(true[2])
    lies[2].xml = lies[2].xml.replace(b"<severity>Severe<", b"<severity>Minor<")
    for number, (one, lie) in enumerate(zip(true, lies)):
        hub.publish(lie)
        wait_verdicts(relay, one.identifier, {forged: 1})
        datamart.publish(signer.sign(one), 5100 + number)
        wait_verdicts(relay, one.identifier, {"refused": 1, "relayed": 1} if forged == "refused" else {"relayed": 1, "conflict": 1})
    assert len(datamart.server.asked) == 3
    wait_acknowledged(datamart)


def test_tls_with_a_certificate_that_is_verified(make_relay, broker, datamart):
    options = dict(datamart.options, tls=True, port=broker.tls_port, broker="localhost")
    refused = make_relay(sources=[datamart.source(**options)]).start()
    refused.wait_log("state=down", seconds=30)
    assert "certificate" in refused.log() or "TLS" in refused.log() or "SSL" in refused.log()
    relay = make_relay(sources=[datamart.source(**options, ca_file=broker.ca_file)]).start()
    wait_consumed(datamart)
    datamart.publish(Alert(identifier(6000)), 6000)
    wait_for(relay, [identifier(6000)])


def test_a_refusal_says_what_the_broker_says(make_relay, datamart):
    relay = make_relay(sources=[datamart.source(**dict(datamart.options, exchange="x-nowhere"))]).start()
    relay.wait_log("state=down", seconds=30)
    assert "NOT_FOUND" in relay.log()
    other = make_relay(sources=[datamart.source(**datamart.options, password="wrong")]).start()
    other.wait_log("state=down", seconds=30)
    assert "ACCESS_REFUSED" in other.log() or "logging in" in other.log()


@pytest.mark.parametrize("options, told", [({"fetch_from": ["https://dd.example"]}, "slash"), ({"prefetch": 0}, "prefetch"), ({"queue_expires": "1s"}, "queue_expires")])
def test_a_wrong_configuration_is_told(make_relay, options, told):
    relay = make_relay(sources=[{"name": "d", "adapter": "eccc", "broker": "b", "queue": "q", "fetch_from": ["https://dd.example/"], **options}])
    with pytest.raises(AssertionError) as refused:
        relay.start()
    assert told in str(refused.value) and "caprelay.yaml:" in str(refused.value)
