"""The COG interface of IPAWS as a source: every request signed, every alert once, whatever breaks."""

import copy
import os
import random
import sqlite3
import time

from alerts import Alert
from ipaws_open import fault, make_ipaws, signatures  # noqa: F401 a fixture
from test_naad import state, verdicts, wait_for
from xml_signer import XmlSigner

MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "300"))  # the long run: 10000


def wait(good, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def original(relay, identifier):
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT verdict, reason FROM arrivals WHERE identifier = ?", (identifier,)).fetchall()


def assert_relayed_once(relay, alerts):
    found = verdicts(relay)
    wrong = {a.identifier: found[a.identifier] for a in alerts if found[a.identifier] != {"relayed": 1}}
    assert not wrong, wrong


def test_what_ipaws_has_comes_once(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    alerts = [Alert(f"cog-{i}", side="us", description="Wasser über “Straße” &amp; <Weg>") for i in range(20)]
    ipaws.publish(*alerts[:10])
    relay = make_relay(sources=[ipaws.source()]).start()
    wait_for(relay, [a.identifier for a in alerts[:10]])
    ipaws.publish(*alerts[10:])
    wait_for(relay, [a.identifier for a in alerts])
    looks = ipaws.calls.count("getMessage")
    wait(lambda: ipaws.calls.count("getMessage") >= looks + 2, "two more looks")
    assert_relayed_once(relay, alerts)
    assert ipaws.calls[0] == "getRequest" and ipaws.calls.count("getRequest") == 1
    assert "ipaws" in state(relay) and "live" in state(relay)
    # Nothing is taken again after a start, which asks for a whole day.
    relay.stop()
    relay.start()
    looks = ipaws.calls.count("getMessage")
    wait(lambda: ipaws.calls.count("getMessage") >= looks + 2, "two looks after the start")
    assert_relayed_once(relay, alerts)
    relay.stop()


def test_killed_and_cut_at_random_nothing_is_lost(make_relay, make_ipaws):  # noqa: F811
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages")
    chance = random.Random(seed)
    ipaws = make_ipaws()
    ipaws.script = lambda operation, number: chance.choice(["cut", "half", "lost", 503, b"<html/>"]) if chance.random() < 0.15 else None
    relay = make_relay(sources=[ipaws.source(interval="1s" if MESSAGES < 1000 else "10s")]).start()
    wanted = []
    for number in range(MESSAGES):
        alert = Alert(f"kill-{number}", side="us")
        wanted.append(alert.identifier)
        ipaws.publish(alert)
        if chance.random() < 0.1:
            time.sleep(chance.uniform(0, 0.3))
        if chance.random() < 5 / MESSAGES:
            relay.kill()
            relay.start()
    ipaws.script = lambda operation, number: None
    wait_for(relay, wanted, seconds=90 + MESSAGES / 50)
    looks = ipaws.calls.count("getMessage")
    wait(lambda: ipaws.calls.count("getMessage") >= looks + 2, "two more looks")
    found = verdicts(relay)
    for one in wanted:
        assert found[one] == {"relayed": 1}, (seed, one, found[one])
    relay.stop()


def test_an_outage_is_caught_up_with(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    relay = make_relay(sources=[ipaws.source()]).start()
    relay.wait_log("source=ipaws state=live")
    ipaws.close()
    alerts = [Alert(f"away-{i}", side="us") for i in range(30)]
    ipaws.publish(*alerts)
    relay.wait_log("source=ipaws state=degraded")
    ipaws.open()
    wait_for(relay, [a.identifier for a in alerts])
    assert_relayed_once(relay, alerts)
    relay.stop()


def test_who_is_refused_says_why(make_relay, make_ipaws):  # noqa: F811
    ipaws, other = make_ipaws(), make_ipaws()
    # Signed by a key that IPAWS does not know: a fault, and no alert is asked for.
    ipaws.script = lambda operation, number: fault("signed with invalid certificate")
    relay = make_relay(sources=[ipaws.source()]).start()
    relay.wait_log("IPAWS answers with a fault: S:Client: signed with invalid certificate")
    assert set(ipaws.calls) == {"getRequest"}
    relay.stop()
    # A server that nobody vouches for, and one that does not take our certificate.
    for name, options in (("server", {"ca_file": other.ca_file}), ("client", {"certificate": other.bundle})):
        calls = len(ipaws.calls)
        relay = make_relay(sources=[ipaws.source(name=name, **options)]).start()
        relay.wait_log("error=")
        wait(lambda: "state=down" in relay.log() or "state=degraded" in relay.log(), "a state")
        relay.stop()
        assert len(ipaws.calls) == calls
        assert "tls" in relay.log() or "broken" in relay.log() or "connect" in relay.log()


def test_a_certificate_of_another_cog_is_no_start(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws(cog_name="IPAWSOPEN_120998")
    relay = make_relay(sources=[ipaws.source()]).start()
    relay.wait_log("does not hold the COG id 120999")
    assert not ipaws.calls
    relay.stop()


def test_alerts_are_held_to_their_own_signatures(make_relay, make_ipaws, tmp_path):  # noqa: F811
    signer, stranger = XmlSigner(tmp_path / "signer"), XmlSigner(tmp_path / "stranger", "stranger")
    ipaws = make_ipaws()
    good, bare, foreign, forged = (Alert(f"sig-{name}", side="us") for name in ("good", "bare", "foreign", "forged"))
    forged = copy.copy(signer.sign(forged))
    forged.xml = forged.xml.replace(b"Stay away", b"Stay there")
    ipaws.publish(signer.sign(good), bare, stranger.sign(foreign), forged)
    relay = make_relay(sources=[ipaws.source(signature=signer.signature("require"))]).start()
    wait_for(relay, ["sig-good", "sig-bare", "sig-foreign", "sig-forged"])
    assert {name: original(relay, f"sig-{name}") for name in ("good", "bare", "foreign", "forged")} == {
        "good": original(relay, "sig-good"), "bare": [("refused", "signature.none")], "foreign": [("refused", "signature.untrusted")],
        "forged": [("refused", "signature.digest-mismatch")]}
    assert [row[0] for row in original(relay, "sig-good")] == ["relayed"]
    relay.stop()


def test_a_key_that_everybody_may_read_is_not_used(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    ipaws.bundle.chmod(0o644)
    relay = make_relay(sources=[ipaws.source()]).start()
    relay.wait_log("may be read by everybody")
    assert not ipaws.calls
    ipaws.bundle.chmod(0o600)
    wait(lambda: ipaws.calls, "a look")
    relay.stop()
