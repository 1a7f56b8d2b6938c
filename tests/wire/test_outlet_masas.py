"""Posting to a MASAS hub: a real relay, a scripted hub behind nginx and TLS: one entry for each chain, whatever is lost on the way."""

import datetime
import os
import random
import time

import pytest
from alerts import Alert, Stream
from lxml import etree
from masas_hub import AGE, ATOM, SECRET
from relay import tool
from subscriber import parse_json
from test_atom import make_hub  # noqa: F401 fixture

MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "100"))  # the long run: 10000
KILLS = int(os.environ.get("CAPRELAY_KILLS", "4"))
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
OURS, THEIRS = "https://hub.example/ff", "https://hub.example/somebody-else"


def start(make_relay, of, **changes):
    outlet = {"name": "hub", "kind": "masas", "hub": "operations", "agreement": "Test agreement of 2026", "url": f"{of.tls.url}/hub/feed",
              "author": OURS, "secret_file": of.secret_file, "ca_file": of.tls.ca_file, "retry_first": "50ms", "retry_max": "300ms", "timeout": "3s", **changes}
    return make_relay(outlets=[{key: value for key, value in outlet.items() if value is not None}]).start()


def row(relay):
    done = tool("status", "--relay", relay.write_card(), "--json", check=False)
    return parse_json(done.stdout.encode())["result"]["outlets"][0]


def wait_row(relay, good, seconds=30):
    deadline = time.monotonic() + seconds
    while not good(found := row(relay)):
        assert time.monotonic() < deadline, f"{found}\n{relay.log()[-3000:]}"
        time.sleep(0.1)
    return found


def wait_number(relay, number, seconds=30):
    return wait_row(relay, lambda o: o["number"] >= number and o["behind"] == 0, seconds)


class Seen:
    """An entry on the hub as a member reads it."""

    def __init__(self, entry):
        root = etree.fromstring(f'<entry xmlns="{ATOM}">{entry.inside}</entry>')
        self.terms = {c.get("scheme"): c.get("term") for c in root.findall(f"{{{ATOM}}}category")}
        self.title = "".join(root.find(f"{{{ATOM}}}title").itertext())
        self.alert = root.find(f"{{{CAP}}}alert")
        self.identifier = self.terms["caprelay:message"]
        self.shapes = [c for c in root if c.tag.startswith("{http://www.georss.org/georss}")]
        self.entry = entry


def entries(hub):
    return [Seen(e) for e in hub.entries if e]


def references(alert):
    text = alert.xml.decode()
    return text.split("<references>")[1].split("</references>")[0].split() if "<references>" in text else []


def assert_one_entry_each(hub):
    identifiers = [e.identifier for e in entries(hub)]
    assert len(identifiers) == len(set(identifiers)), "an entry twice"


def test_an_alert_is_an_entry_and_its_chain_stays_one(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub, sides="ca")
    first = Alert("flood-1", side="us")
    relay.drop(first)
    wait_number(relay, 1)
    (seen,) = entries(hub)
    assert seen.terms["masas:category:status"] == "Actual" and seen.terms["masas:category:severity"] == "Severe"
    assert seen.terms["masas:category:category"] == "Met" and seen.terms["caprelay:bulletin"] == "test/actual/1"
    assert seen.alert.findtext(f"{{{CAP}}}identifier") == seen.identifier and seen.alert.findtext(f"{{{CAP}}}status") == "Actual"
    assert len(seen.shapes) == 1 and seen.entry.current
    update = Alert("flood-2", side="us", msg_type="Update", references=[first], headline="Higher still")
    relay.drop(update)
    wait_number(relay, 2)
    (again,) = entries(hub)
    assert again.entry is seen.entry and again.identifier != seen.identifier and "Higher still" in again.title
    relay.drop(Alert("flood-3", side="us", msg_type="Cancel", references=[update]))
    wait_number(relay, 3)
    (ended,) = entries(hub)
    assert ended.alert.findtext(f"{{{CAP}}}msgType") == "Cancel" and "CANCELLED" in ended.title
    assert ended.entry.ends.timestamp() - time.time() < 3700 and "masas:category:severity" not in ended.terms
    assert [method for method, *_ in hub.posted] == ["POST", "PUT", "PUT"]
    assert SECRET not in relay.log() and "Test agreement of 2026" in relay.log()


def test_a_lost_answer_makes_no_second_entry(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub)
    hub.answers[:] = ["lost"]
    relay.drop(Alert("lost-1"))
    wait_number(relay, 1)
    assert len(entries(hub)) == 1 and len(hub.posted) == 1
    assert "an entry has it already" in relay.log()
    hub.answers[:] = [503, "cut", 429, 404]
    relay.drop(Alert("lost-2"))
    wait_number(relay, 2)
    assert len(entries(hub)) == 2


def ours(hub):
    return [e for e in entries(hub) if e.entry.author == OURS]


def forge(hub, of, author=THEIRS):
    """What somebody else posts who knows the identifier of a message: it is the same at every relay."""
    return hub.add(of.entry.inside, author=author)


def asked_feeds(hub):
    return [path for method, path, _ in hub.asked if method == "GET"]


def test_the_feed_is_read_once_and_after_a_doubt_what_changed_since(make_relay, make_hub):  # noqa: F811
    """What a posting costs must not grow with the feed."""
    hub = make_hub(page=50)
    for number in range(120):  # a feed of three pages
        hub.incident(f"{number}", author=OURS)
    relay = start(make_relay, hub)
    alerts = Stream("cost")
    for number in range(1, 31):
        relay.drop(next(alerts))
        wait_number(relay, number)
    whole = asked_feeds(hub)
    assert len(whole) == 3 and "dtsince" not in whole[0], "one look for thirty postings"
    for entry in hub.entries[:120]:
        entry.updated = hub.entries[0].published - datetime.timedelta(hours=1)
    hub.answers[:] = [500]
    relay.drop(next(alerts))
    wait_number(relay, 31)
    (since,) = asked_feeds(hub)[3:]
    assert "dtsince=" in since and "author=" in since
    del hub.entries[:120]
    assert_one_entry_each(hub)


@pytest.mark.parametrize("fault", ["cut", "lost", 500])
@pytest.mark.parametrize("says", [("entry",), ("Location",), ()])
def test_whatever_a_hub_answers_a_chain_stays_one(make_relay, make_hub, says, fault):  # noqa: F811
    hub = make_hub()
    hub.answers_with = says
    relay = start(make_relay, hub)
    first = Alert("says-1", side="us")
    update = Alert("says-2", side="us", msg_type="Update", references=[first], headline="Higher still")
    last = Alert("says-3", side="us", msg_type="Cancel", references=[update])
    for number, alert in enumerate([first, update, last], 1):
        hub.answers[:] = [fault]
        relay.drop(alert)
        wait_number(relay, number)
        assert len(entries(hub)) == 1
    assert "CANCELLED" in entries(hub)[0].title
    assert [method for method, *_ in hub.posted] == ["POST", "PUT", "PUT"]


def test_a_long_feed_is_read_to_its_end(make_relay, make_hub):  # noqa: F811
    hub = make_hub(page=1)
    relay = start(make_relay, hub)
    first = Alert("long-1", side="us")
    relay.drop(first)
    wait_number(relay, 1)
    relay.stop()
    for number in range(150):
        hub.incident(f"{number}", author=OURS)
    relay.start()
    relay.drop(Alert("long-2", side="us", msg_type="Update", references=[first]))
    wait_number(relay, 2)
    assert [method for method, *_ in hub.posted] == ["POST", "PUT"]


def test_an_entry_that_is_gone_from_the_hub(make_relay, make_hub):  # noqa: F811
    """Its people took it down: an Update is shown anew, a Cancel has nothing to do."""
    hub = make_hub()
    relay = start(make_relay, hub)
    one, two = Alert("gone-1", side="us"), Alert("gone-2", side="us")
    for number, alert in enumerate([one, two], 1):
        relay.drop(alert)
        wait_number(relay, number)
    for seen in entries(hub):
        hub.delete(seen.entry)
    relay.drop(Alert("gone-3", side="us", msg_type="Update", references=[one]))
    wait_number(relay, 3)
    relay.drop(Alert("gone-4", side="us", msg_type="Cancel", references=[two]))
    wait_number(relay, 4)
    (seen,) = entries(hub)
    assert [method for method, *_ in hub.posted] == ["POST", "POST", "PUT", "POST", "PUT"], "the hub is asked for each"
    assert seen.alert.findtext(f"{{{CAP}}}msgType") == "Update"


def test_an_author_that_is_not_the_hubs_is_told(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub, author="https://hub.example/typo")
    relay.drop(Alert("typo-1"))
    found = wait_number(relay, 1)
    assert "author" in found["reason"] and f"author={OURS}" in relay.log() and "outlet.author" in relay.log()


@pytest.mark.parametrize("narrows", [True, False])
def test_an_entry_of_others_keeps_nothing_back(make_relay, make_hub, narrows):  # noqa: F811
    elsewhere, hub = make_hub(), make_hub()
    first = Alert("forged-1", side="us")
    update = Alert("forged-2", side="us", msg_type="Update", references=[first])
    relay = start(make_relay, elsewhere)
    for number, alert in enumerate([first, update], 1):
        relay.drop(alert)
        wait_number(relay, number)
        forge(hub, entries(elsewhere)[0])
    hub.narrows = narrows
    relay = start(make_relay, hub)
    for number, alert in enumerate([first, update], 1):
        relay.drop(alert)
        wait_number(relay, number)
    (seen,) = ours(hub)
    assert seen.identifier == entries(elsewhere)[0].identifier
    assert [method for method, *_ in hub.posted] == ["POST", "PUT"]


def test_a_refused_change_of_our_own_entry_is_asked_again(make_relay, make_hub):  # noqa: F811
    """The hub has said that the entry is ours: an alert that is cancelled must not stand."""
    hub = make_hub()
    relay = start(make_relay, hub)
    first = Alert("own-1", side="us")
    relay.drop(first)
    wait_number(relay, 1)
    hub.answers[:] = [403]
    relay.drop(Alert("own-2", side="us", msg_type="Cancel", references=[first]))
    wait_number(relay, 2)
    (seen,) = entries(hub)
    assert "CANCELLED" in seen.title


def test_what_the_hub_refuses_stops_the_outlet_and_says_so(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub)
    hub.answers[:] = [422] * 1000
    relay.drop(Alert("refused-1"))
    found = wait_row(relay, lambda o: o["state"] == "down")
    assert "422" in found["reason"] and SECRET not in found["reason"]
    hub.answers.clear()
    wait_number(relay, 1)
    assert len(entries(hub)) == 1


def test_a_refusal_counts_only_where_the_feed_was_just_read(make_relay, make_hub):  # noqa: F811
    """What is refused may be what others made of the entry: an update must not be left out for that."""
    hub = make_hub()
    relay = start(make_relay, hub, on_refusal="skip")
    first = Alert("skip-1", side="us")
    relay.drop(first)
    wait_number(relay, 1)
    hub.answers[:] = [422]
    relay.drop(Alert("skip-2", side="us", msg_type="Update", references=[first], headline="Higher still"))
    wait_number(relay, 2)
    assert "Higher still" in entries(hub)[0].title
    hub.answers[:] = [422, 422]
    relay.drop(Alert("skip-3"))
    relay.wait_log("outlet.skipped")
    assert len(entries(hub)) == 1


def test_a_cancel_of_nothing_and_what_has_ended_are_not_posted(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub)
    never = Alert("never")
    relay.drop(Alert("cancel", msg_type="Cancel", references=[never]))
    wait_number(relay, 1)
    relay.drop(Alert("update", msg_type="Update", references=[never]))
    wait_number(relay, 2)
    assert [e.alert.findtext(f"{{{CAP}}}msgType") for e in entries(hub)] == ["Update"]
    assert "outlet.nothing-to-post" in relay.log()


def test_hubs_and_classes_are_kept_apart(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    drill = start(make_relay, hub, hub="exercise", **{"class": "exercise"})
    drill.drop(Alert("real"))
    drill.drop(Alert("drill", status="Exercise"))
    wait_number(drill, 1)
    time.sleep(1)
    assert [e.terms["masas:category:status"] for e in entries(hub)] == ["Exercise"]
    drill.stop()
    for changes, wanted in (({"hub": "operations", "class": "exercise"}, "takes no exercise"), ({"hub": "training"}, "nothing that is actual"),
                            ({"hub": "operations", "class": ["actual", "exercise"]}, "takes no exercise"), ({"agreement": "' '"}, "agreement"),
                            ({"author": None}, "author: is missing"), ({"author": "Fredericton Fire"}, "author: the URI"),
                            ({"secret_file": "/nowhere"}, "secret_file"), ({"url": "https://h.example/f?secret=x"}, "secret_file")):
        with pytest.raises(AssertionError, match="ended with 1") as refusal:
            start(make_relay, hub, **changes)
        assert wanted in str(refusal.value), (changes, str(refusal.value))


def test_only_the_hubs_own_server_gets_the_secret(make_relay, make_hub):  # noqa: F811
    hub = make_hub()
    relay = start(make_relay, hub, secret_in="header")
    relay.drop(Alert("header-1"))
    wait_number(relay, 1)
    assert len(entries(hub)) == 1
    assert all("secret" not in path for _, path, _ in hub.asked) and any("author=https%3A%2F%2Fhub.example%2Fff" in path for _, path, _ in hub.asked)


def test_an_outage_and_kills_at_random(make_relay, make_hub):  # noqa: F811
    """Every message on the hub once, each chain one entry, the last word of it there."""
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages, {KILLS} kills")
    chance = random.Random(seed)
    hub = make_hub(page=50, faults=0.01, seed=seed)
    relay = start(make_relay, hub)
    alerts, sent = Stream("hub"), []
    for turn in range(KILLS + 1):
        for _ in range(MESSAGES // (KILLS + 1)):
            sent.append(next(alerts))
            relay.drop(sent[-1])
            if chance.random() < 0.05:
                hub.answers.append(chance.choice([500, "cut", "lost", 503]))
        if turn == KILLS:
            break
        time.sleep(chance.uniform(0.1, 1.5))
        relay.kill()
        if turn % 2:
            hub.tls.stop()
        relay.start()
        if turn % 2:
            time.sleep(chance.uniform(0.1, 1))
            assert hub.tls.start()
    wait_row(relay, lambda o: o["behind"] == 0 and o["number"] >= len(sent), 90 + MESSAGES / 5)
    assert_one_entry_each(hub)
    ended = {reference for one in sent for reference in references(one)}
    living = [one for one in sent if one.msg_type != "Cancel" and one.reference not in ended]
    shown = [e for e in entries(hub) if e.alert.findtext(f"{{{CAP}}}msgType") != "Cancel"]
    assert len(shown) == len(living) and all(e.entry.current for e in shown)
    assert SECRET not in relay.log()
    assert {child.tag for e in entries(hub) for child in etree.fromstring(hub.alone(e.entry))} >= {f"{{{AGE}}}expires"}
