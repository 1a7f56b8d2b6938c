"""A full disk: the relay says so, acknowledges nothing that it could not keep, and goes on when there is room."""

import contextlib
import os
import subprocess

import pytest

from alerts import Alert
from injector import Injector


@contextlib.contextmanager
def small_disk(folder, size="6m"):
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "caprelay-test", folder],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"skipped: a small file system cannot be mounted ({mounted.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes all room that is left."""
    with open(folder / "ballast", "wb", buffering=0) as ballast:
        with contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)


def test_full_and_empty_again(make_relay, subscribe, tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        relay = make_relay(state_dir=disk, journal={"free_min": "1MiB"}).start()
        try:
            follow_a_full_disk(relay, subscribe(relay), disk)
        finally:
            relay.kill()


def follow_a_full_disk(relay, subscriber, disk):
    injector = Injector(relay.card, relay.keys.read("emo"))
    before = [Alert(f"before-{n}", side="ca") for n in range(5)]
    for alert in before:
        assert injector.inject(alert)["outcome"] == "accepted"
    subscriber.pump_until(lambda: len(subscriber.order) == 5, 15, "what came before")

    subscriber.pump_until(lambda: subscriber.beat and subscriber.beat["head"]["seq"] == 5, 15, "a beat")
    fill(disk)
    # Whatever still fits is kept and acknowledged; then comes the one that is not.
    acknowledged, refused = list(before), None
    for n in range(200):
        alert = Alert(f"full-{n}", side="ca", description=os.urandom(6000).hex())
        receipt = injector.inject(alert, timeout=1.5)
        if receipt is None:
            refused = alert
            break
        assert receipt["outcome"] == "accepted", receipt
        acknowledged.append(alert)
    assert refused, "the disk never got full"
    subscriber.pump_until(lambda: subscriber.beat["state"] == "degraded", 15, "a degraded beat")
    subscriber.pump_until(lambda: subscriber.beat["journal"]["state"] == "stuck", 15, "a stuck journal")
    assert subscriber.beat["journal"]["queued"] >= 1 and subscriber.beat["journal"]["oldest"]
    assert any(r.startswith("journal-stuck") for r in subscriber.beat["reasons"])
    subscriber.pump(1.0)
    assert refused.identifier not in subscriber.identifiers()

    (disk / "ballast").unlink()
    receipt = injector.insist(refused, seconds=60)
    assert receipt["outcome"] in ("accepted", "duplicate"), receipt
    subscriber.pump_until(lambda: refused.identifier in subscriber.identifiers(), 30, "the one that waited")
    subscriber.pump_until(lambda: subscriber.beat["state"] == "ok", 30, "a beat that is ok again")
    assert {a.identifier for a in acknowledged} <= set(subscriber.identifiers())
    assert subscriber.order == list(range(1, subscriber.position + 1)) and not subscriber.contradictions
    assert len(subscriber.identifiers()) == len(set(subscriber.identifiers()))

    # And the same after a kill.
    relay.kill()
    relay.start()
    late = injector.insist(Alert("later", side="ca"), seconds=30)
    assert late["outcome"] == "accepted"
    subscriber.pump_until(lambda: "later" in subscriber.identifiers(), 30, "the one after the restart")
    injector.close()
