"""One alert that comes by many ways is one bulletin; who else brought it is in the header if before the commit, else in the signed record of copies."""

import contextlib
import copy
import json
import sqlite3
import time

import pytest

pytest.importorskip("pika", reason="skipped: python3-pika is not installed")

from alerts import Alert, now  # noqa: E402
from fema import Feed  # noqa: E402
from naad_hub import Hub  # noqa: E402
from relay import tool  # noqa: E402
from test_eccc import broker, datamart, identifier, wait_acknowledged, wait_consumed  # noqa: E402, F401 fixtures
from test_naad import verdicts  # noqa: E402
from test_nwws import server, source, speak  # noqa: E402, F401 fixtures
from weather_gov import WeatherGov  # noqa: E402
from xml_signer import XmlSigner  # noqa: E402

SPOOL = {"name": "spool", "adapter": "file", "spool": True, "rescan": "1s"}


@pytest.fixture
def hub():
    made = Hub(streams=1)
    yield made
    made.close()


@pytest.fixture
def weather():
    made = WeatherGov()
    yield made
    made.close()


@pytest.fixture
def fema():
    made = Feed()
    yield made
    made.close()


def start(make_relay, *sources):
    """With a folder, for what is copied by hand, beside the sources."""
    relay = make_relay()
    relay.changes["sources"] = [dict(SPOOL, folder=relay.spool), *sources]
    relay.write_config()
    return relay.start()


def wait_rows(relay, alert, count, seconds=20):
    deadline = time.monotonic() + seconds
    while sum((found := verdicts(relay)[alert.identifier]).values()) < count:
        assert time.monotonic() < deadline, f"{dict(found)}\n{relay.log()[-3000:]}"
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def nothing_commits(relay):
    """Whatever comes meanwhile came before the commit."""
    with contextlib.closing(sqlite3.connect(f"{relay.state}/journal.db", isolation_level=None)) as journal:
        journal.execute("BEGIN IMMEDIATE")
        yield
        journal.execute("ROLLBACK")


def wait_queued(relay, count, seconds=15):
    deadline = time.monotonic() + seconds
    while (queued := json.loads(tool("status", "--relay", relay.write_card(), "--json").stdout)["result"]["journal"]["queued"]) < count:
        assert time.monotonic() < deadline, f"{queued} of {count} messages wait for their commit\n{relay.log()[-3000:]}"
        time.sleep(0.05)


def only_bulletin(relay, subscribe, number=1):
    """The header of the last one, with that number, as an independent subscriber has verified it."""
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: len(subscriber.order) >= number and subscriber.beat, 15, "the bulletin")
    subscriber.pump(0.5)
    assert subscriber.order == list(range(1, number + 1)) and subscriber.beat["head"]["seq"] == number
    return subscriber.record[number]["header"]


def later_copies(relay, number=1):
    """The sources in the signed record, as `caprelay copies` verifies and shows them."""
    shown = json.loads(tool("copies", "--relay", relay.write_card(), "--json", number).stdout)
    return sorted(one["source"] for one in shown["copies"])


def signed(alert, *names):
    """The alert with XML signatures: who signs last signs beside those before. Not checked here: the sources' policy is `ignore`."""
    made = copy.copy(alert)
    signatures = "".join(
        f'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="{name}"><SignedInfo/><SignatureValue>{name}</SignatureValue></Signature>'
        for name in names)
    made.xml = alert.xml.replace(b"</alert>", signatures.encode() + b"</alert>")
    return made


def test_naad_datamart_and_a_file_after_the_commit(make_relay, subscribe, hub, datamart):  # noqa: F811
    relay = start(make_relay, hub.source(), datamart.source(**datamart.options, skip_known=False))
    hub.streams[0].wait_peer()
    wait_consumed(datamart)
    alert = Alert(identifier(1))
    hub.publish(signed(alert, "ECCC Signature", "NAADS Signature"))
    wait_rows(relay, alert, 1)
    datamart.publish(signed(alert, "ECCC Signature"), 1)
    wait_rows(relay, alert, 2)
    relay.drop(alert)
    assert wait_rows(relay, alert, 3) == {"relayed": 1, "duplicate": 2}
    header = only_bulletin(relay, subscribe)
    assert header["origin"]["source"] == "naad" and header["copies"] == [] and header["conflict"] is None
    assert later_copies(relay) == ["datamart", "spool"]
    wait_acknowledged(datamart)


def test_copies_before_the_commit_are_in_the_header(make_relay, subscribe, hub, datamart):  # noqa: F811
    relay = start(make_relay, hub.source(), datamart.source(**datamart.options, skip_known=False))
    hub.streams[0].wait_peer()
    wait_consumed(datamart)
    alert = Alert(identifier(2))
    with nothing_commits(relay):
        relay.drop(Alert("what the disk is busy with"))
        wait_queued(relay, 1)
        hub.publish(signed(alert, "ECCC Signature", "NAADS Signature"))
        wait_queued(relay, 2)
        datamart.publish(signed(alert, "ECCC Signature"), 2)
        wait_queued(relay, 3)
        relay.drop(alert)
        wait_queued(relay, 4)
    assert wait_rows(relay, alert, 3) == {"relayed": 1, "duplicate": 2}
    header = only_bulletin(relay, subscribe, 2)
    assert header["origin"]["source"] == "naad" and header["conflict"] is None
    assert sorted(header["copies"]) == ["datamart", "spool"]
    assert later_copies(relay, 2) == ["datamart", "spool"], "the record names all copies, those of the header too"


def test_what_naad_brought_is_not_fetched_and_no_copy(make_relay, subscribe, hub, datamart, tmp_path):  # noqa: F811
    signer = XmlSigner(tmp_path / "signer")
    relay = start(make_relay, hub.source(signature=signer.signature()), datamart.source(**datamart.options, skip_known=True))
    hub.streams[0].wait_peer()
    wait_consumed(datamart)
    alert, other = signer.sign(Alert(identifier(3))), Alert(identifier(4))
    hub.publish(alert)
    wait_rows(relay, alert, 1)
    datamart.publish(alert, 3)
    relay.drop(alert)
    datamart.publish(other, 4)
    wait_rows(relay, other, 1)
    assert wait_rows(relay, alert, 2) == {"relayed": 1, "duplicate": 1}
    assert len(datamart.server.asked) == 1 and later_copies(relay) == ["spool"]
    wait_acknowledged(datamart)


def wmo(alert):
    """A saved product of the weather wire: a bulletin between SOH and ETX, lines ending in CR CR LF, before the alert."""
    return b"\x01\r\r\n042 \r\r\nXOUS51 KWBC 151200\r\r\nCAPGYX\r\r\n" + alert.xml.replace(b"\n", b"\r\r\n") + b"\r\r\n\x03"


def weather_alert(number, **changes):
    return Alert(f"urn:oid:2.49.0.1.840.0.{number:040x}.001.1", side="us", **changes)


def start_us(make_relay, source, server, *sources):
    """In the room, so that what is said there is heard."""
    relay = start(make_relay, source(server), *sources)
    relay.wait_log('source.state source=wire state=live reason="in the room', seconds=30)
    return relay


def test_weather_gov_and_the_wire_after_the_commit(make_relay, subscribe, weather, server, speak, source):  # noqa: F811
    speaker = speak(server)
    relay = start_us(make_relay, source, server, weather.source())
    alert = weather_alert(1)
    weather.publish(alert)
    wait_rows(relay, alert, 1)
    speaker.alert(alert)
    wait_rows(relay, alert, 2)
    relay.drop(wmo(alert))
    assert wait_rows(relay, alert, 3) == {"relayed": 1, "duplicate": 2}
    header = only_bulletin(relay, subscribe)
    assert header["origin"]["source"] == "nws" and header["copies"] == [] and header["conflict"] is None
    assert later_copies(relay) == ["spool", "wire"]
    caps = [path for path in weather.server.asked if path.endswith(".cap")]
    assert len(caps) == 1, "fetched once, however often it is listed"


def test_the_wire_first(make_relay, subscribe, weather, server, speak, source):  # noqa: F811
    speaker = speak(server)
    relay = start_us(make_relay, source, server, weather.source())
    alert = weather_alert(2)
    speaker.alert(alert)
    wait_rows(relay, alert, 1)
    weather.publish(alert)
    assert wait_rows(relay, alert, 2) == {"relayed": 1, "duplicate": 1}
    assert only_bulletin(relay, subscribe)["origin"]["source"] == "wire"
    assert later_copies(relay) == ["nws"]


@pytest.mark.parametrize("first", ["nws", "wire", "ipaws"])
def test_weather_gov_the_wire_and_ipaws(make_relay, subscribe, weather, fema, server, speak, source, tmp_path, first):  # noqa: F811
    """IPAWS signs what it passes on; that is no other content."""
    speaker, signer = speak(server), XmlSigner(tmp_path / "signer", "ipaws")
    relay = start_us(make_relay, source, server, weather.source(), fema.source(signature=signer.signature("require")))
    alert = weather_alert(4)
    ways = {"nws": weather.publish, "wire": speaker.alert, "ipaws": lambda one: fema.post(signer.sign(one))}
    for count, name in enumerate([first, *sorted(set(ways) - {first})], 1):
        ways[name](alert)
        wait_rows(relay, alert, count)
    time.sleep(1.2)  # another look at each list
    assert wait_rows(relay, alert, 3) == {"relayed": 1, "duplicate": 2}
    header = only_bulletin(relay, subscribe)
    assert header["origin"]["source"] == first and header["copies"] == [] and header["conflict"] is None
    assert header["origin"]["signature"]["verdict"] == ("valid" if first == "ipaws" else "none")
    assert later_copies(relay) == sorted(set(ways) - {first})


def test_copies_for_the_us_before_the_commit_are_in_the_header(make_relay, subscribe, weather, fema, server, speak, source, tmp_path):  # noqa: F811
    speaker, signer = speak(server), XmlSigner(tmp_path / "signer")
    relay = start_us(make_relay, source, server, weather.source(), fema.source())
    alert = weather_alert(3)
    with nothing_commits(relay):
        relay.drop(Alert("what the disk is busy with"))
        wait_queued(relay, 1)
        speaker.alert(alert)
        wait_queued(relay, 2)
        weather.publish(alert)
        wait_queued(relay, 3)
        fema.post(signer.sign(alert))
        wait_queued(relay, 4)
    assert wait_rows(relay, alert, 3) == {"relayed": 1, "duplicate": 2}
    header = only_bulletin(relay, subscribe, 2)
    assert header["origin"]["source"] == "wire" and sorted(header["copies"]) == ["ipaws", "nws"] and header["conflict"] is None
    assert later_copies(relay, 2) == ["ipaws", "nws"], "the record names all copies, those of the header too"


def test_ipaws_under_another_identifier_is_told_by_its_vtec(make_relay, subscribe, weather, fema):
    """As the weather service hands its alerts to IPAWS."""
    vtec = b"<parameter><valueName>VTEC</valueName><value>/O.NEW.KCAR.FL.W.0012.260112T1200Z-260112T1800Z/</value></parameter><area>"
    relay = start(make_relay, weather.source(), fema.source())
    sent = now()
    alert, other = weather_alert(5, sent=sent), Alert("NWS-IDP-PROD-3296165-2882593", side="us", sent=sent)
    for one in (alert, other):
        one.xml = one.xml.replace(b"<area>", vtec)
    weather.publish(alert)
    wait_rows(relay, alert, 1)
    fema.post(other)
    assert wait_rows(relay, other, 1) == {"duplicate": 1}
    assert only_bulletin(relay, subscribe)["origin"]["identifier"] == alert.identifier
    assert later_copies(relay) == ["ipaws"]
