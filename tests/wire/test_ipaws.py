"""The adapter for FEMA's public feed: a real relay reads a scripted feed through nginx and TLS: cuts, kills, outages, clocks."""

import collections
import os
import random
import sqlite3
import time

import pytest
from alerts import Alert
from fema import Feed
from nginx import Nginx
from test_naad import state, verdicts, wait_for
from xml_signer import XmlSigner

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "600"))
KILLS = int(os.environ.get("CAPRELAY_KILLS", "3"))
BATCHES = 12
PIN = "4711-wire"


@pytest.fixture
def make_feed(tmp_path):
    made = []

    def make(its_time=True, **options):
        """`its_time`: or the proxy says its own, as most do."""
        feed = Feed(**options)
        made.append(feed)
        feed.tls = Nginx(tmp_path / f"nginx{len(made)}", feed.url, "proxy_pass_header Date;" if its_time else "")
        return feed

    yield make
    for feed in made:
        feed.close()
        feed.tls.stop()


def source(feed, **changes):
    return feed.source(url=f"{feed.tls.url}/rest", ca_file=feed.tls.ca_file, timeout="5s", **changes)


def make(name, **options):
    return Alert(name, side="us", **options)


def expect_once(relay, alerts):
    found = verdicts(relay)
    for alert in alerts:
        assert found[alert.identifier] == {"relayed": 1}, (alert.identifier, found[alert.identifier])


def test_alerts_come_once_from_all_channels(make_relay, make_feed):
    feed = make_feed()
    relay = make_relay(sources=[source(feed, channels=["public", "eas", "wea", "nwem", "public_non_eas"])]).start()
    alerts = [make(f"once-{i}") for i in range(20)]
    for i, alert in enumerate(alerts):
        feed.post(alert, None if i % 2 else ["PublicWEA", "eas"])
    wait_for(relay, [alert.identifier for alert in alerts])
    time.sleep(4)
    assert all(verdicts(relay)[alert.identifier] == {"relayed": 1} for alert in alerts), verdicts(relay)
    relay.wait_log("source=ipaws state=live")
    assert {path.split("/")[2] for path in feed.asked} == {"public", "eas", "PublicWEA", "nwem", "public_non_eas"}


def test_a_signature_is_as_good_as_it_was_before_the_wrapper(make_relay, make_feed, subscribe, tmp_path):
    feed, signer = make_feed(), XmlSigner(tmp_path / "signer")
    relay = make_relay(sources=[source(feed, signature=signer.signature("require"))]).start()
    first, second = (signer.sign(make(f"signed-{i}", description="Avenue 5 > 6; Cañon & Río é\r\n")) for i in range(2))
    forged = make("forged")
    forged.xml = first.xml.replace(b"signed-0", b"forged00")
    feed.post(first)
    feed.post(forged)
    feed.post(second)
    wait_for(relay, ["signed-0", "signed-1", "forged00"])
    assert verdicts(relay)["forged00"] == {"refused": 1}
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: len(subscriber.order) >= 2, 15, "both bulletins")
    for number in subscriber.order:
        assert subscriber.record[number]["header"]["origin"]["signature"]["verdict"] == "valid"


def test_cut_and_killed_at_random_nothing_is_lost(make_relay, make_feed):
    """Answers cut, short, refused, pages in their place, TLS gone for a while, kill -9; a clock two minutes behind, alerts that are listed late."""
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages, {KILLS} kills")
    chance = random.Random(seed)
    feed = make_feed(its_time=False, shift=-120, late=2)
    kinds, faults = ["cut", "short", "page", 500, 503, 429], collections.Counter()

    def fault():
        if chance.random() > 1 / 3:  # not every third: of three channels that would be one and the same
            return None
        one = min(chance.sample(kinds, len(kinds)), key=faults.__getitem__)
        faults[one] += 1
        return one

    feed.fault = fault
    relay = make_relay(sources=[source(feed, overlap="150s", interval="1s", channels=["public", "eas", "wea"])]).start()
    alerts = [make(f"random-{i}") for i in range(MESSAGES)]
    size = -(-MESSAGES // BATCHES)
    kills = set(chance.sample(range(BATCHES), min(KILLS, BATCHES)))
    gone = chance.randrange(BATCHES)
    for batch in range(BATCHES):
        for alert in alerts[batch * size:(batch + 1) * size]:
            feed.post(alert, None if chance.random() < 0.5 else ["public"])
        if batch == gone:
            feed.tls.stop()
            time.sleep(3)
            feed.tls.start()
        time.sleep(chance.uniform(0, 1))
        if batch in kills:
            relay.kill()
            relay.start()
    deadline = time.monotonic() + 90
    while set(faults) != set(kinds):
        assert time.monotonic() < deadline, faults
        time.sleep(0.2)
    feed.fault = None
    wait_for(relay, [alert.identifier for alert in alerts], seconds=90 + MESSAGES / 50)
    time.sleep(3)
    expect_once(relay, alerts)
    again = sum(one["duplicate"] for one in verdicts(relay).values())
    print(f"faults {dict(faults)}, {len(feed.asked)} requests, {again} came again")
    assert set(verdicts(relay)) <= {alert.identifier for alert in alerts}, "a part of an alert became a row"


def an_hour_of(feed):
    """Its clock runs on by an hour, an alert in each minute; ours need not: the cursor is one of the server's."""
    began = feed.clock()
    feed.shift += 3600
    missed = [make(f"missed-{i}") for i in range(60)]
    for i, alert in enumerate(missed):
        feed.post(alert, at=began + 60 * i)
    return missed


def test_an_hours_outage_is_caught_up_with(make_relay, make_feed):
    feed = make_feed()
    relay = make_relay(sources=[source(feed, kept="30m")]).start()
    before = make("before")
    feed.post(before)
    wait_for(relay, [before.identifier])
    relay.wait_log("source=ipaws state=live")
    time.sleep(2)
    feed.tls.stop()
    relay.wait_log("source=ipaws state=degraded", seconds=30)
    missed = an_hour_of(feed)
    mark = len(relay.log())
    feed.tls.start()
    wait_for(relay, [alert.identifier for alert in missed])
    relay.wait_log("source=ipaws state=live", start=mark)
    relay.wait_log("ipaws.gap", start=mark)
    time.sleep(2)
    assert all(verdicts(relay)[alert.identifier] == {"relayed": 1} for alert in [before, *missed]), verdicts(relay)


def cursor(relay, channel="public"):
    """As it is stored: a second of the feed's clock."""
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        found = journal.execute("SELECT value FROM marks WHERE source = 'ipaws' AND key = ?", (f"since {channel}",)).fetchone()
    return int(found[0]) if found else 0


def test_the_relay_was_away_for_an_hour(make_relay, make_feed):
    feed = make_feed()
    relay = make_relay(sources=[source(feed, catch_up="10m")]).start()
    before = make("before")
    feed.post(before)
    wait_for(relay, [before.identifier])
    deadline = time.monotonic() + 20
    while cursor(relay) < feed.posted[0][0]:
        assert time.monotonic() < deadline, cursor(relay)
        time.sleep(0.2)
    relay.stop()
    missed = an_hour_of(feed)
    relay.start()
    wait_for(relay, [alert.identifier for alert in missed])
    time.sleep(2)
    assert all(verdicts(relay)[alert.identifier] == {"relayed": 1} for alert in [before, *missed]), verdicts(relay)


def test_a_pin_is_sent_and_shown_nowhere(make_relay, make_feed, tmp_path):
    feed = make_feed()
    pin = tmp_path / "ipaws.pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    relay = make_relay(sources=[source(feed, pin_file=pin)], log={"level": "debug"}).start()
    feed.post(make("pin"))
    wait_for(relay, ["pin"])
    feed.fault = lambda: 403
    relay.wait_log("see pin_file")
    assert feed.asked and all(path.endswith(f"?pin={PIN}") for path in feed.asked)
    assert PIN not in relay.log() and PIN not in state(relay)


@pytest.mark.parametrize("options, told", [({"interval": "30s", "url": "https://apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest"}, "2m"),
                                           ({"channels": ["weather"]}, "public_non_eas"), ({"url": "https://a.example/"}, "slash")])
def test_a_wrong_configuration_is_told(make_relay, options, told):
    relay = make_relay(sources=[{"name": "i", "adapter": "ipaws", **options}])
    with pytest.raises(AssertionError) as refused:
        relay.start()
    assert told in str(refused.value) and "caprelay.yaml:" in str(refused.value)
