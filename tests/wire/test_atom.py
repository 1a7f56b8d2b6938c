"""The Atom adapter: a real relay reads a scripted MASAS hub through nginx and TLS: cuts, kills, outages, entries that change and go."""

import collections
import os
import random
import sqlite3
import time

import pytest
from alerts import Alert
from masas_hub import SECRET, Hub
from nginx import Nginx
from test_naad import state, verdicts, wait_for

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "240"))
BATCH = 120
KILLS = int(os.environ.get("CAPRELAY_KILLS", "3"))


@pytest.fixture
def make_hub(tmp_path):
    made = []

    def make(**options):
        hub = Hub(**options)
        made.append(hub)
        hub.tls = Nginx(tmp_path / f"nginx{len(made)}", hub.url)
        hub.secret_file = tmp_path / "hub.secret"
        hub.secret_file.write_text(SECRET)
        hub.secret_file.chmod(0o600)
        return hub

    yield make
    for hub in made:
        hub.close()
        hub.tls.stop()


def source(of, **changes):
    return {"name": "masas", "adapter": "atom", "country": "ca", "hub": "operations", "url": f"{of.tls.url}/hub/feed",
            "secret_file": of.secret_file, "ca_file": of.tls.ca_file, "interval": "1s", "timeout": "5s", **changes}


def embedded(alert):
    """In the entry itself, without the XML declaration."""
    return f'<title>x</title><content type="application/cap+xml">{alert.xml.decode().split("?>", 1)[1]}</content>'


def edxl(alert, status="Actual"):
    inside = alert.xml.decode().split("?>", 1)[1]
    return ('<title>x</title><content type="text/xml"><EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
            f"<distributionID>d</distributionID><distributionStatus>{status}</distributionStatus><contentObject><xmlContent>"
            f"<embeddedXMLContent>{inside}</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution></content>")


def offer(hub, number, prefix):
    """(entry, identifier in the journal): by turns CAP behind a link, in the entry, in an envelope in it, and an incident."""
    alert = Alert(f"{prefix}-{number}")
    kind = number % 4
    if kind == 0:
        return hub.add(cap=alert.xml), alert.identifier
    if kind == 3:
        entry = hub.incident(f"Incident {number}")
        return entry, entry.id
    return hub.add((embedded, edxl)[kind - 1](alert)), alert.identifier


def expect_once(relay, identifiers):
    found = verdicts(relay)
    for one in identifiers:
        assert found[one] == {"relayed": 1}, (one, found[one])


def assert_no_secret(relay):
    assert SECRET not in relay.log()
    assert SECRET not in state(relay)


def versions(relay, identifier):
    """(verdict, msgType) of each version of an incident, in the order of their arrival."""
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT verdict, msg_type FROM arrivals WHERE identifier = ? ORDER BY arrival", (identifier,)).fetchall()


def wait_versions(relay, identifier, wanted, seconds=30):
    deadline = time.monotonic() + seconds
    while (found := versions(relay, identifier)) != wanted:
        assert time.monotonic() < deadline, f"{found} is not {wanted}\n{relay.log()[-3000:]}"
        time.sleep(0.1)


def test_every_kind_of_entry_arrives_once(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[source(hub)]).start()
    wanted = [offer(hub, number, "kinds")[1] for number in range(12)]
    wait_for(relay, wanted)
    time.sleep(3)
    assert all(verdicts(relay)[one] == {"relayed": 1} for one in wanted), verdicts(relay)
    relay.wait_log("source=masas state=live")
    caps = [path for method, path, _ in hub.asked if "/cap" in path]
    assert len(caps) == 3, "each fetched once, however often it is listed"
    assert any("dtsince=" in path for _, path, _ in hub.asked)
    assert_no_secret(relay)


def test_the_secret_as_a_header_is_in_nobodys_log(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[source(hub, secret_in="header", bbox="'-69.1,44.5,-63.7,48.1'", lang="fr")]).start()
    entry, identifier = offer(hub, 0, "header")
    wait_for(relay, [identifier])
    assert all("secret" not in path for _, path, _ in hub.asked)
    assert SECRET not in (hub.tls.folder / "access.log").read_text()
    assert any("bbox=-69.1%2C44.5%2C-63.7%2C48.1&lang=fr" in path for _, path, _ in hub.asked)
    assert_no_secret(relay)


def test_a_wrong_secret_is_told(make_relay, make_hub):
    hub = make_hub()
    hub.secret_file.write_text("wrong-wire-secret")
    relay = make_relay(sources=[source(hub)]).start()
    relay.wait_log("access code")
    assert "wrong-wire-secret" not in relay.log()


def test_cut_and_killed_at_random_nothing_is_lost(make_relay, make_hub):
    """Answers cut in the middle, TLS gone for a while, kill -9; every message is journalled once."""
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages")
    chance = random.Random(seed)
    hub = make_hub(faults=0.03, seed=seed, page=50)
    relay = make_relay(sources=[source(hub, hub="none")]).start()
    kills = sorted(chance.sample(range(MESSAGES), KILLS))
    wanted, batch = [], []
    for number in range(MESSAGES):
        entry, identifier = offer(hub, number, "kill")
        batch.append(entry)
        wanted.append(identifier)
        if number in kills:
            time.sleep(chance.uniform(0, 1.5))
            relay.kill()
            if chance.random() < 0.5:
                hub.tls.stop()
                assert hub.tls.start()
            relay.start()
        if len(batch) == BATCH or number == MESSAGES - 1:
            wait_for(relay, wanted[-len(batch):], seconds=90)
            hub.forget(batch[:-5])  # some stay
            batch = []
    expect_once(relay, wanted)
    assert_no_secret(relay)


def test_an_outage_is_caught_up_by_time(make_relay, make_hub):
    """What came and ended while the hub could not be reached is in no list of what is current."""
    hub = make_hub()
    relay = make_relay(sources=[source(hub)]).start()
    relay.wait_log("source=masas state=live")
    hub.tls.stop()
    relay.wait_log("source=masas state=degraded", seconds=20)
    wanted = []
    for number in range(8):
        entry, identifier = offer(hub, number, "outage")
        hub.entries[entry.number].ends = entry.updated  # no longer current
        if number % 4 != 3:  # an incident that is over when it comes is none
            wanted.append(identifier)
    mark = len(relay.log())
    assert hub.tls.start()
    wait_for(relay, wanted, seconds=40)
    relay.wait_log("source=masas state=live", seconds=30, start=mark)
    expect_once(relay, wanted)


def test_an_incident_that_changes_and_is_withdrawn_is_one_chain(make_relay, make_hub, subscribe):
    """Also over a kill: what a reader has in force is what the hub has."""
    hub = make_hub()
    relay = make_relay(sources=[source(hub)]).start()
    entry = hub.incident("A fire")
    wait_versions(relay, entry.id, [("relayed", "Alert")])
    time.sleep(1.1)  # versions of one second are one to CAP
    hub.update(entry, "A fire, roads closed")
    wait_versions(relay, entry.id, [("relayed", "Alert"), ("relayed", "Update")])
    relay.kill()
    time.sleep(1.1)
    hub.withdraw(entry)
    relay.start()
    wait_versions(relay, entry.id, [("relayed", "Alert"), ("relayed", "Update"), ("relayed", "Cancel")])
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat and len(subscriber.order) >= 3, 20, "all versions")
    assert subscriber.beat["in_force"]["count"] == 0
    chain = [subscriber.record[number]["header"] for number in subscriber.order]
    assert [header["cap"]["msgType"] for header in chain] == ["Alert", "Update", "Cancel"]
    time.sleep(2)
    assert len(versions(relay, entry.id)) == 3


def test_a_deleted_incident_is_cancelled(make_relay, make_hub):
    """By RFC 6721, and after a restart too, as long as the hub lists it."""
    hub = make_hub()
    relay = make_relay(sources=[source(hub)]).start()
    entry = hub.incident("A fire")
    wait_versions(relay, entry.id, [("relayed", "Alert")])
    relay.kill()
    mark = len(relay.log())
    relay.start()
    relay.wait_log("source=masas state=live", start=mark)
    time.sleep(1.1)
    hub.delete(entry)
    wait_versions(relay, entry.id, [("relayed", "Alert"), ("relayed", "Cancel")])


def test_two_hubs_are_kept_apart(make_relay, make_hub):
    """The same status, Actual, from an operations and from an exercise hub."""
    operations, exercise = make_hub(), make_hub()
    exercise.name = "https://exercise.example"
    relay = make_relay(sources=[source(operations), source(exercise, name="drill", hub="exercise", **{"class": "exercise"})]).start()
    real = operations.incident("A fire")
    drill = exercise.incident("No fire")
    deadline = time.monotonic() + 30
    classes = {}
    while len(classes) < 2:
        assert time.monotonic() < deadline, relay.log()[-3000:]
        time.sleep(0.2)
        with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
            classes = dict(journal.execute("SELECT source, class FROM arrivals WHERE verdict = 'relayed'"))
    assert len(set(classes.values())) == 2, classes
    assert real.id in verdicts(relay) and drill.id not in verdicts(relay)  # an exercise has an identity of its own


def test_an_incident_of_an_exercise_hub_is_one_chain_too(make_relay, make_hub):
    """An exercise must run as the real thing does."""
    hub = make_hub()
    relay = make_relay(sources=[source(hub, hub="exercise", **{"class": "exercise"})]).start()
    entry = hub.incident("No fire")
    identifier = f"{entry.id}.xsource-masas"
    wait_versions(relay, identifier, [("relayed", "Alert")])
    time.sleep(1.1)
    hub.update(entry, "No fire, roads closed")
    wait_versions(relay, identifier, [("relayed", "Alert"), ("relayed", "Update")])
    time.sleep(1.1)
    hub.withdraw(entry)
    wait_versions(relay, identifier, [("relayed", "Alert"), ("relayed", "Update"), ("relayed", "Cancel")])


def test_a_contradiction_is_refused(make_relay, make_hub):
    hub = make_hub()
    relay = make_relay(sources=[source(hub, hub="training")])
    with pytest.raises(AssertionError, match="`class: exercise` must stand beside it"):
        relay.start()
