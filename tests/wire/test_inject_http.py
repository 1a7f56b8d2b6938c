"""Injection by POST against the real daemon (docs/protocol.md 5.3)."""

import pytest

from alerts import Alert
from poster import Door, fingerprint, insist, make_certificate, post


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path / "door")


@pytest.fixture
def open_relay(make_relay, door):
    """A relay with the door, and an authority `other` with a certificate of its own."""
    door.other = make_certificate(door.folder, "other")
    other = {"name": "other", "classes": ["exercise"], "regions": ["ME"], "certificate_sha256": fingerprint(door.other[0])}
    relay = make_relay(**door.changes(other)).start()
    relay.wait_log("source=inject-http state=live")
    return relay


def test_alert_is_posted_once_and_its_receipt_is_kept(open_relay, door, subscribe):
    subscriber = subscribe(open_relay)
    cap = Alert("first", side="ca").xml
    dry = post(door, cap, path="/v1/alerts?dry_run=1")
    assert dry.status == 200 and dry.receipt(open_relay, cap)["bulletins"][0]["seq"] == 0
    first = post(door, cap)
    assert first.status == 201
    assert first.headers["Content-Type"] == "application/json"
    receipt = first.receipt(open_relay, cap)
    assert receipt["outcome"] == "accepted" and receipt["bulletins"][0]["seq"] == 1
    again = post(door, cap)
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Caprelay-Receipt-Signature"] == first.headers["Caprelay-Receipt-Signature"]
    by_certificate = post(door, cap, token=None, client=door.client)
    assert (by_certificate.status, by_certificate.body) == (200, first.body)
