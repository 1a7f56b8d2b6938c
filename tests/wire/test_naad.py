"""The NAAD adapter against a scripted hub: two streams cut at random, heartbeats, an archive, outages."""

import collections
import datetime
import os
import pathlib
import socket
import sqlite3
import time

import pytest

from alerts import Alert, now
from naad_hub import Hub
from relay import tool
from xml_signer import XmlSigner

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "1500"))
CORPUS = pathlib.Path(os.environ.get("CAPRELAY_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared")) / "corpus"


@pytest.fixture
def make_hub():
    hubs = []

    def make(**options):
        hubs.append(Hub(**options))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


def verdicts(relay):
    """identifier -> how often each verdict, of the journal as it is."""
    found = collections.defaultdict(collections.Counter)
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        for identifier, verdict in journal.execute("SELECT identifier, verdict FROM arrivals"):
            found[identifier][verdict] += 1
    return found


def wait_for(relay, identifiers, hub=None, seconds=60):
    """Until all have a row; heartbeats meanwhile, as NAAD sends them."""
    deadline = time.monotonic() + seconds
    while missing := set(identifiers) - set(verdicts(relay)):
        assert time.monotonic() < deadline, f"{len(missing)} of {len(identifiers)} did not come: {sorted(missing)[:3]}\n{relay.log()[-2000:]}"
        if hub:
            hub.beat()
        time.sleep(0.2)


def state(relay):
    card = relay.write_card()
    return tool("status", "--relay", card, check=False).stdout


def test_both_streams_bring_everything_once(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[hub.source()]).start()
    for stream in hub.streams:
        stream.wait_peer()
    alerts = [Alert(f"both-{i}", headline="Crue – rivière Sainte-Croix ] ]> &amp;") for i in range(20)]
    for alert in alerts:
        hub.publish(alert)
    wait_for(relay, [alert.identifier for alert in alerts])
    hub.beat()
    deadline = time.monotonic() + 20
    while sum(sum(c.values()) for i, c in verdicts(relay).items() if i and i.startswith("both-")) < 40:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert all(verdicts(relay)[alert.identifier] == {"relayed": 1, "duplicate": 1} for alert in alerts)
    assert not hub.archive.server.asked
    assert "state=live" in relay.log()


def test_connections_cut_at_random_lose_nothing(make_relay, make_hub):
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages")
    hub = make_hub(seed=seed, cuts=0.01)
    relay = make_relay(sources=[hub.source(reconnect_max="1s")]).start()
    for stream in hub.streams:
        stream.wait_peer()
    alerts = [Alert(f"cut-{i}", side="ca") for i in range(MESSAGES)]
    for i, alert in enumerate(alerts):
        hub.publish(alert)
        if i % 4 == 3:
            hub.beat()
        if not any(stream.peers for stream in hub.streams):
            for stream in hub.streams:
                stream.wait_peer()
            hub.beat()
    wait_for(relay, [alert.identifier for alert in alerts], hub, 60 + MESSAGES / 50)
    found = verdicts(relay)
    for alert in alerts:
        assert found[alert.identifier]["relayed"] == 1, (alert.identifier, found[alert.identifier])
        assert set(found[alert.identifier]) <= {"relayed", "duplicate"}
    assert sum(stream.cut for stream in hub.streams) > MESSAGES / 200
    assert "unreadable" not in {verdict for counts in found.values() for verdict in counts}


def test_what_both_streams_missed_comes_from_the_archive(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[hub.source()]).start()
    for stream in hub.streams:
        stream.wait_peer()
    missed = [Alert(f"missed-{i}") for i in range(3)]
    seen = Alert("seen")
    for alert in missed:
        hub.publish(alert, streams=())
    hub.publish(seen)
    hub.beat()
    wait_for(relay, [alert.identifier for alert in missed])
    assert len(hub.archive.server.asked) == 3
    relay.wait_log("archive.brought")
    # A restart asks for nothing again: what has arrived is known.
    relay.stop()
    relay.start()
    for stream in hub.streams:
        stream.drop()
        stream.wait_peer()
    hub.beat()
    hub.publish(Alert("after"))
    wait_for(relay, ["after"])
    time.sleep(1)
    assert len(hub.archive.server.asked) == 3
    # An Update whose Alert nobody has: the archive does.
    first = Alert("first-of-chain")
    hub.archive.keep(first)
    hub.publish(Alert("second-of-chain", msg_type="Update", references=[first]))
    wait_for(relay, ["first-of-chain"])


def test_a_refused_forgery_does_not_keep_the_archive_from_being_asked(make_relay, make_hub, tmp_path):
    hub, signer = make_hub(streams=1), XmlSigner(tmp_path / "signer")
    relay = make_relay(sources=[hub.source(signature=signer.signature("require"))]).start()
    hub.streams[0].wait_peer()
    forged = Alert("forged")
    hub.publish(signer.sign(forged), streams=())
    hub.streams[0].push(forged.xml)
    wait_for(relay, ["forged"])
    hub.beat()
    deadline = time.monotonic() + 20
    while verdicts(relay)["forged"] != {"refused": 1, "relayed": 1}:
        assert time.monotonic() < deadline, relay.log()[-2000:]
        time.sleep(0.1)


def test_an_exercise_source_has_its_archive_too(make_relay, make_hub):
    """Everything of it is rewritten, so that the journal and the archive know an alert by different names."""
    hub = make_hub(streams=1)
    relay = make_relay(sources=[hub.source(**{"class": "exercise"})]).start()
    hub.streams[0].wait_peer()
    missed, seen, first = Alert("missed"), Alert("seen"), Alert("first-of-chain")
    hub.publish(missed, streams=())
    hub.publish(seen)
    hub.archive.keep(first)
    hub.publish(Alert("second-of-chain", msg_type="Update", references=[first]))
    names = [f"{name}.xsource-naad" for name in ("missed", "seen", "first-of-chain", "second-of-chain")]
    wait_for(relay, names, hub)
    for _ in range(5):
        hub.beat()
        time.sleep(0.3)
    assert all(verdicts(relay)[name] == {"relayed": 1} for name in names), verdicts(relay)
    assert sorted(path.rpartition("I")[2] for path in hub.archive.server.asked) == ["first_of_chain.xml", "missed.xml"]
    assert "archive.missing" not in relay.log()


def test_an_archive_without_it_is_asked_again_and_then_given_up(make_relay, make_hub):
    hub = make_hub()
    hub.archive.server.open = False
    relay = make_relay(sources=[hub.source(archive_grace="100ms")]).start()
    hub.streams[0].wait_peer()
    hub.latest = [Alert("nowhere").reference]
    hub.beat()
    relay.wait_log("archive.missing", seconds=60)
    assert 2 <= len(hub.archive.server.asked) <= 6
    assert "nowhere" in relay.log().split("archive.missing")[1].splitlines()[0]


def test_a_stream_that_fails_is_named_once_in_the_reason(make_relay, make_hub):
    hub = make_hub()
    with socket.socket() as nobody:  # bound, so that nobody else listens there
        nobody.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{nobody.getsockname()[1]}"
        source = hub.source(silence="1s", reconnect_max="1s")
        silent = source["streams"][0]
        relay = make_relay(sources=[{**source, "streams": [closed, silent]}]).start()
        relay.wait_log("state=down")
        relay.wait_log(f'reason="{closed}: Connection refused; {silent}: no document for 1 s"')


def test_an_outage_is_told_and_made_good(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[hub.source(silence="1s", reconnect_max="1s")]).start()
    for stream in hub.streams:
        stream.wait_peer()
    hub.publish(Alert("before"))
    wait_for(relay, ["before"])
    # Both are silent for longer than heartbeats may be apart; meanwhile an alert is published.
    relay.wait_log("no document for 1 s")
    relay.wait_log("state=down")
    hub.publish(Alert("meanwhile"), streams=())
    mark = len(relay.log())
    deadline = time.monotonic() + 30
    while "meanwhile" not in verdicts(relay):
        assert time.monotonic() < deadline, relay.log()
        for stream in hub.streams:
            stream.wait_peer()
        hub.beat()
        time.sleep(0.1)
    relay.wait_log("state=live", start=mark)


def test_an_hour_without_streams_is_caught_up_with_as_far_as_heartbeats_name_it(make_relay, make_hub):
    """Ten alerts are named, and each names those that it follows."""
    hub = make_hub()
    relay = make_relay(sources=[hub.source(silence="1s", reconnect_max="1s")]).start()
    for stream in hub.streams:
        stream.wait_peer()
    ago = now() - datetime.timedelta(hours=1)
    hub.publish(Alert("before", sent=ago))
    wait_for(relay, ["before"])
    for stream in hub.streams:
        stream.close()
    relay.wait_log("state=down")
    minutes = [ago + datetime.timedelta(minutes=2 * i) for i in range(1, 30)]
    hour = [Alert(f"hour-{i}", sent=sent) for i, sent in enumerate(minutes)]
    follows = {28: 3, 27: 4}  # updates of what no heartbeat names any more
    for i, first in follows.items():
        hour[i] = Alert(f"hour-{i}", sent=minutes[i], msg_type="Update", references=[hour[first]])
    for alert in hour:
        hub.publish(alert, streams=())
    for stream in hub.streams:
        stream.open()
    for stream in hub.streams:
        stream.wait_peer(30)
    wait_for(relay, [f"hour-{i}" for i in (3, 4, *range(19, 29))], hub)
    found = verdicts(relay)
    assert all(found[f"hour-{i}"] == {"relayed": 1} for i in (3, 4, *range(19, 29)))
    assert relay.log().count("naad.gap") == 1 and hour[19].sent in relay.log().split("naad.gap")[1].splitlines()[0]
    assert "state=live" in relay.log().split("state=down")[-1]


def test_ten_alerts_of_an_outage_leave_no_gap(make_relay, make_hub):
    hub = make_hub(streams=1)
    relay = make_relay(sources=[hub.source(reconnect_max="1s")]).start()
    hub.streams[0].wait_peer()
    hub.publish(Alert("before"))
    wait_for(relay, ["before"])
    missed = [Alert(f"missed-{i}") for i in range(9)]
    for alert in missed:
        hub.publish(alert, streams=())
    wait_for(relay, [alert.identifier for alert in missed], hub)
    assert "naad.gap" not in relay.log()


def test_one_stream_down_is_degraded(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[hub.source(reconnect_max="1s")]).start()
    for stream in hub.streams:
        stream.wait_peer()
    hub.beat()
    relay.wait_log("state=live")
    hub.streams[1].close()
    relay.wait_log("state=degraded")
    assert "1 of 2 streams" in state(relay)
    hub.publish(Alert("by-the-other"))
    wait_for(relay, ["by-the-other"])


def test_broken_messages_have_a_row_and_harm_nobody(make_relay, make_hub):
    hub = make_hub(streams=1)
    relay = make_relay(sources=[hub.source()]).start()
    hub.streams[0].wait_peer()
    good = [Alert(f"good-{i}") for i in range(3)]
    hub.publish(good[0])
    hub.streams[0].push(good[1].xml[: len(good[1].xml) // 2])  # and on with the next
    hub.publish(good[2])
    hub.streams[0].push(b"\x00\xff garbage \n")
    hub.publish(Alert("last"))
    wait_for(relay, ["good-0", "good-2", "last"])
    assert verdicts(relay)[None]["unreadable"] == 2
    assert "what=broken-off" in relay.log() and "what=no-document" in relay.log()


def test_recorded_alerts_arrive_as_they_were(make_relay, make_hub):
    if not CORPUS.is_dir():
        pytest.skip(f"skipped: no recorded messages at {CORPUS}")
    recorded = [path for folder in ("naad", "eccc") for path in sorted((CORPUS / folder).iterdir())]
    hub = make_hub(streams=1)
    relay = make_relay(sources=[hub.source()]).start()
    hub.streams[0].wait_peer()
    for path in recorded:
        hub.streams[0].push(path.read_bytes().strip())
    deadline = time.monotonic() + 60
    while sum(sum(counts.values()) for counts in verdicts(relay).values()) < len(recorded):
        assert time.monotonic() < deadline, relay.log()[-2000:]
        time.sleep(0.1)
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        sizes = sorted(size for (size,) in journal.execute("SELECT size FROM originals"))
    assert sizes == sorted(len(path.read_bytes().strip()) for path in recorded)


@pytest.mark.parametrize(
    "options, told",
    [({"streams": ["127.0.0.1"]}, "HOST:PORT"), ({"streams": []}, "streams"), ({"archives": ["ftp://x/"]}, "archives")],
)
def test_a_wrong_configuration_is_told(make_relay, make_hub, options, told):
    relay = make_relay(sources=[{"name": "naad", "adapter": "naad", "streams": ["127.0.0.1:1"], **options}])
    with pytest.raises(AssertionError) as refused:
        relay.start()
    assert told in str(refused.value) and "caprelay.yaml:" in str(refused.value)
