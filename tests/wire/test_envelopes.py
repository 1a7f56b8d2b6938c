"""Alerts in EDXL-DE and Atom, and incident information without CAP: the independent subscriber agrees about their class."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from alerts import Alert, now, stamp  # noqa: E402
from subscriber import Refused, check_document  # noqa: E402


def bare(alert):
    return alert.xml.split(b"\n", 1)[1].decode()


def edxl(status, *alerts):
    objects = "".join(f"<contentObject><xmlContent><embeddedXMLContent>{bare(a)}</embeddedXMLContent></xmlContent></contentObject>"
                      for a in alerts)
    return (f'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionStatus>{status}'
            f"</distributionStatus>{objects}</EDXLDistribution>").encode()


def entry(status, title="Fire at the mill", inside=""):
    told = f'<category scheme="masas:category:status" term="{status}"/>' if status else ""
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://www.georss.org/georss"><id>urn:feed</id>
<author><name>The Hub</name></author><entry><id>https://hub.example/entries/1 a</id><updated>{stamp(now())}</updated>
{told}<category scheme="masas:category:icon" term="fire/wildfire"/><category scheme="masas:category:category" term="Fire"/>
<title>{title}</title><content>Smoke.</content><g:point>45.19 -67.28</g:point>{inside}</entry></feed>""".encode()


IDENTITY = ("The%20Hub", "https://hub.example/entries/1%20a")


@pytest.mark.parametrize("data, class_", [
    (edxl("Actual", Alert("1")), "actual"),
    (edxl("Exercise", Alert("1")), "exercise"),
    (edxl("Actual", Alert("1", status="Exercise")), "exercise"),
    (edxl("System", Alert("1")), None),
    (edxl("Drill", Alert("1")), None),
    (edxl("Actual</distributionStatus><distributionStatus>Test", Alert("1")), None),
])
def test_an_envelope_bounds_the_class(data, class_):
    for wanted in ("actual", "exercise"):
        if wanted == class_:
            check_document(data, Alert("1").sender, "1", wanted)
        else:
            with pytest.raises(Refused):
                check_document(data, Alert("1").sender, "1", wanted)


@pytest.mark.parametrize("data, class_", [
    (entry("Actual"), "actual"),
    (entry("Test"), "exercise"),
    (entry("Draft"), None),
    (entry(""), None),
    (entry("actual"), None),
    (entry("Actual", inside='<category scheme="masas:category:status" term="Exercise"/>'), None),
    (entry("Actual", inside='<link type="application/cap+xml" href="x"/>'), None),
    (entry("Actual", inside='<c:control xmlns:c="http://www.w3.org/2007/app"><c:draft>yes</c:draft></c:control>'), None),
])
def test_an_entry_is_of_the_class_of_its_category(data, class_):
    for wanted in ("actual", "exercise"):
        if wanted == class_:
            check_document(data, *IDENTITY, wanted)
        else:
            with pytest.raises(Refused):
                check_document(data, *IDENTITY, wanted)


def test_an_exercise_envelope_makes_an_exercise(relay, subscribe):
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    relay.drop(edxl("Exercise", Alert("one", side="ca"), Alert("two", side="ca")))
    relay.drop(edxl("Actual", Alert("three", side="ca")))
    exercise.pump_until(lambda: len(exercise.order) == 2, 20, "both of the exercise")
    actual.pump_until(lambda: actual.order, 20, "the actual one")
    assert sorted(exercise.identifiers()) == ["one", "two"] and actual.identifiers() == ["three"]
    assert exercise.record[1]["header"]["cap"]["status"] == "Exercise"
    assert exercise.record[1]["header"]["origin"]["form"] == "edxl-de"
    assert not exercise.contradictions and not actual.contradictions


def test_incident_information_crosses(relay, subscribe):
    actual = subscribe(relay, "actual")
    original = entry("Actual")
    relay.drop(entry("", title="of no status"))
    relay.drop(original)
    actual.pump_until(lambda: actual.order, 20, "the incident")
    bulletin = actual.record[1]
    header = bulletin["header"]
    assert bulletin["original"] == original
    assert header["origin"]["form"] == "atom-entry"
    assert (header["origin"]["sender"], header["origin"]["identifier"]) == IDENTITY
    assert header["cap"]["msgType"] == "Alert" and header["cap"]["urgency"] == "Unknown"
    relay.wait_log("atom.status.missing")


def test_an_envelope_of_one_alert_can_be_injected(injector, subscribe, relay):
    receipt = injector.inject(edxl("Actual", Alert("in-envelope", side="ca")))
    assert receipt["outcome"] == "accepted", receipt
    assert receipt["class"] == "actual"
    receipt = injector.inject(edxl("Actual", Alert("a", side="ca"), Alert("b", side="ca")))
    assert receipt["outcome"] == "refused"
