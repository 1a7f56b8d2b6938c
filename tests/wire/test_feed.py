"""Alerts go in by injection and by file, and come out on the other side, verified and in order."""

from alerts import Alert, Stream
from lxml import etree


def test_an_injected_alert_crosses(relay, injector, subscribe):
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    alert = Alert("one", side="ca")
    receipt = injector.inject(alert)
    assert receipt["outcome"] == "accepted", receipt
    assert [b["side"] for b in receipt["bulletins"]] == ["us"]
    subscriber.pump_until(lambda: subscriber.order, 15, "the bulletin")
    bulletin = subscriber.record[1]
    assert bulletin["original"] == alert.xml
    assert bulletin["header"]["side"] == "us"
    assert bulletin["header"]["seq"] == receipt["bulletins"][0]["seq"]
    assert bulletin["header"]["derived"]["identifier"] == receipt["bulletins"][0]["derived_identifier"]


def test_both_directions_by_file(relay, subscribe):
    subscriber = subscribe(relay)
    relay.drop(Alert("north", side="us"))
    relay.drop(Alert("south", side="ca"))
    subscriber.pump_until(lambda: len(subscriber.order) == 2, 20, "two bulletins")
    sides = {subscriber.record[n]["header"]["origin"]["identifier"]: subscriber.record[n]["header"]["side"] for n in (1, 2)}
    assert sides == {"north": "ca", "south": "us"}
    relay.wait_log("source")
    assert not list(relay.spool.glob("*.xml"))
    assert len(list((relay.spool / "done").iterdir())) == 2


def test_a_region_gets_its_own_and_the_unknown(relay, injector, subscribe):
    maine = subscribe(relay, topics=["actual.us.ME.", "actual.us.--."])
    alberta = subscribe(relay, topics=["actual.ca.AB.", "actual.ca.--."])
    everything = subscribe(relay)
    for alert in (Alert("to-maine", side="ca"), Alert("to-nb", side="us")):
        assert injector.inject(alert)["outcome"] == "accepted"
    everything.pump_until(lambda: len(everything.order) == 2, 15, "both")
    maine.pump_until(lambda: maine.order, 15, "the one for Maine")
    maine.pump(1.0)
    alberta.pump(1.0)
    assert maine.identifiers() == ["to-maine"]
    assert alberta.identifiers() == []


def test_a_burst_arrives_whole_and_in_order(relay, subscribe):
    live, late = subscribe(relay), None
    live.pump_until(lambda: live.beat, 15, "first beat")
    sent = [next_alert for next_alert, _ in zip(Stream("burst"), range(300))]
    for alert in sent:
        relay.drop(alert)
    live.pump_until(lambda: len(live.order) >= 300, 60, "the burst")
    late = subscribe(relay)
    late.pump_until(lambda: late.position == live.position, 30, "the catch-up")
    assert sorted(live.identifiers()) == sorted(a.identifier for a in sent)
    assert [late.record[n]["frame"] for n in late.order] == [live.record[n]["frame"] for n in live.order]
    assert not live.contradictions and not late.contradictions


def test_an_update_and_a_cancel_refer_to_what_was_derived(relay, injector, subscribe):
    subscriber = subscribe(relay)
    first = Alert("chain-1", side="ca")
    update = Alert("chain-2", side="ca", msg_type="Update", references=[first])
    cancel = Alert("chain-3", side="ca", msg_type="Cancel", references=[update])
    for alert in (first, update, cancel):
        assert injector.inject(alert)["outcome"] == "accepted"
    subscriber.pump_until(lambda: len(subscriber.order) == 3, 15, "the chain")
    derived = [subscriber.record[n]["header"]["derived"]["identifier"] for n in (1, 2, 3)]
    assert derived[0].encode() in subscriber.record[2]["derived"]
    assert derived[1].encode() in subscriber.record[3]["derived"]


def test_a_duplicate_is_merged_and_a_conflict_is_not(relay, injector, subscribe):
    subscriber = subscribe(relay)
    alert = Alert("twin", side="ca")
    assert injector.inject(alert)["outcome"] == "accepted"
    relay.drop(alert.xml.replace(b"\n", b"\n\n"))
    other = Alert("twin", side="ca", description="Quite another text.")
    other.xml = other.xml.replace(other.sent.encode(), alert.sent.encode())
    subscriber.pump_until(lambda: subscriber.order, 15, "the first")
    relay.drop(other)
    subscriber.pump_until(lambda: len(subscriber.order) == 2, 15, "the conflict")
    assert subscriber.record[2]["header"]["conflict"] == 1
    answer = subscriber.asker.ask("copies", seq=1)
    assert answer[0]["error"] is None and answer[0]["count"] == 1


def test_beats_are_the_truth(relay, injector, subscribe):
    subscriber = subscribe(relay)
    injector.inject(Alert("lone", side="ca"))
    injector.inject(b"<alert/>")
    subscriber.pump_until(lambda: subscriber.beat and subscriber.beat["head"]["seq"] == 1, 15, "a beat that counts it")
    beat = subscriber.beat
    assert beat["topics"]["actual.us.all."] == 1
    assert beat["in_force"]["count"] == 1
    assert beat["state"] == "ok", beat["reasons"]
    assert {s["name"]: s["state"] for s in beat["sources"]}["spool"] == "live"
    assert beat["counts"]["relayed"] == 1
    assert beat["journal"]["state"] == "good"
    assert beat["interval_ms"] == 200


def test_an_ending_is_told_apart_in_header_and_derived_message(relay, injector, subscribe):
    """The header says what the original says; that the derived message is a Cancel stands in a note and in the message itself."""
    subscriber = subscribe(relay)
    first = Alert("ending-1", side="ca")
    ended = Alert("ending-2", side="ca", msg_type="Update", references=[first])
    ended.xml = ended.xml.replace(b">Monitor<", b">AllClear<").replace(b">Immediate<", b">Past<")
    for alert in (first, ended):
        assert injector.inject(alert)["outcome"] == "accepted"
    subscriber.pump_until(lambda: len(subscriber.order) == 2, 15, "both")
    bulletin = subscriber.record[2]
    derived = etree.fromstring(bulletin["derived"])
    assert bulletin["header"]["cap"]["msgType"] == "Update"
    assert derived.findtext("{*}msgType") == "Cancel"
    assert "ending-update" in [note["code"] for note in bulletin["header"]["translation"]["notes"]]
    assert "sent as msgType Update" in derived.findtext("{*}note")
    assert subscriber.record[1]["header"]["derived"]["identifier"] in derived.findtext("{*}references")
