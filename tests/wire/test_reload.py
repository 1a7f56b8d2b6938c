"""SIGHUP: checked whole, else the old configuration stays. And what keeps a relay from starting."""

import subprocess
import time

import pytest

from alerts import Alert
from relay import DAEMON, tool


def run(*arguments):
    return subprocess.run([DAEMON, *map(str, arguments)], capture_output=True, text=True, timeout=30)


def test_a_broken_file_keeps_the_old_one(relay, injector, subscribe):
    subscriber = subscribe(relay)
    relay.write_config("relay:\n  nmae: x\n")
    relay.reload()
    relay.wait_log("reload.refused")
    assert "caprelay.yaml:2" in relay.log()
    assert injector.inject(Alert("still", side="ca"))["outcome"] == "accepted"
    subscriber.pump_until(lambda: subscriber.order, 15, "the bulletin")
    relay.write_config()
    relay.reload()
    relay.wait_log("reload.done")


def test_a_rule_takes_effect(relay, injector, subscribe):
    asker = subscribe(relay).asker
    assert injector.inject(Alert("before", side="ca"))["outcome"] == "accepted"
    relay.changes["rules"] = [{"name": "no-floods", "do": "drop", "events": ["flood"]}]
    relay.write_config()
    relay.reload()
    relay.wait_log("reload.done")
    receipt = injector.inject(Alert("after", side="ca"))
    assert receipt["outcome"] == "refused" and receipt["reason"] == "rule:no-floods"
    asker.ask("keys")
    assert asker.ask("why", text="after")[0]["result"]["rows"][0]["reason"] == "rule:no-floods"


def test_what_needs_a_restart_is_said(relay):
    relay.changes["publish"] = {"beat_interval": "300ms", "high_water_mark": 60000}
    relay.write_config()
    relay.reload()
    relay.wait_log("reload.needs-restart key=publish.high_water_mark")
    assert "needs-restart key=publish.beat_interval" not in relay.log()


def test_a_new_source_begins(relay, subscribe, tmp_path):
    subscriber = subscribe(relay)
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "a.xml").write_bytes(Alert("from-more", side="us").xml)
    relay.changes["sources"] = relay.config()["sources"] + [{"name": "more", "adapter": "file", "folder": folder}]
    relay.write_config()
    relay.reload()
    subscriber.pump_until(lambda: subscriber.order, 15, "the new source's alert")
    assert subscriber.record[1]["header"]["origin"]["source"] == "more"
    subscriber.pump_until(lambda: len(subscriber.beat["sources"]) == 3, 15, "a beat that names it")


def test_check_config(relay):
    good = run("--check-config", relay.config_path)
    assert good.returncode == 0, good.stderr
    relay.write_config(relay.config_path.read_text() + "surprise: 1\n")
    bad = run("--check-config", relay.config_path)
    line = len(relay.config_path.read_text().splitlines())
    assert bad.returncode == 1 and f"caprelay.yaml:{line}" in bad.stderr and "surprise" in bad.stderr


def test_command_line():
    if not DAEMON.exists():
        pytest.skip("skipped: caprelayd is not built")
    assert run("--version").stdout.startswith("caprelayd ")
    assert "usage" in run("--help").stdout
    assert "beat_interval" in run("--config-reference").stdout
    assert run("--nonsense").returncode == 2
    assert run("stray").returncode == 2
    assert run("--config", "/nonexistent/caprelay.yaml").returncode == 1


def refuses(relay, *texts):
    done = run("--config", relay.config_path)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()[-1]) > 0
    for text in texts:
        assert text in done.stderr, done.stderr


def test_a_missing_key_names_the_command(make_relay):
    relay = make_relay()
    relay.keys.path("actual").unlink()
    refuses(relay, "keys.actual", "caprelay keys new actual")


def test_swapped_keys_are_refused(make_relay):
    relay = make_relay()
    actual, exercise = relay.keys.path("actual"), relay.keys.path("exercise")
    third = actual.with_suffix(".x")
    actual.rename(third)
    exercise.rename(actual)
    third.rename(exercise)
    refuses(relay, "keys.actual", "exercise")


def test_a_key_list_without_the_key_is_refused(make_relay):
    relay = make_relay()
    relay.keys.path("actual").unlink()
    tool("keys", "new", "actual", relay.keys.path("actual"))
    refuses(relay, "keys.list", "not on it")


def test_the_list_of_another_relay_is_refused(make_relay):
    refuses(make_relay(relay={"name": "other"}), "keys.list", "other")


def test_a_key_that_ends_soon_is_warned_of(make_relay):
    relay = make_relay()
    relay.keys.list.unlink()
    relay.keys.sign("test", 14)
    relay.start()
    relay.wait_log("keys.end")
    assert "days=13" in relay.log()


def test_two_relays_cannot_share_a_journal(make_relay):
    relay = make_relay().start()
    other = make_relay(state_dir=relay.state)
    refuses(other, "journal")


def test_a_key_that_has_ended_is_refused(make_relay):
    relay = make_relay()
    relay.keys.list.unlink()
    relay.keys.sign("test", -1)
    refuses(relay, "keys.list", "has ended", "caprelay keys sign")


def test_a_new_key_list_is_handed_out_after_a_reload(relay, subscribe):
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    before = subscriber.beat["keys_issued"]
    time.sleep(1.1)  # lists are told apart by their second
    relay.keys.list.unlink()
    relay.keys.sign("test", 400)
    relay.reload()
    subscriber.pump_until(lambda: subscriber.beat["keys_issued"] > before, 15, "a beat that names the new list")
    subscriber.asker.ask("keys")
    assert subscriber.asker.keys.issued == subscriber.beat["keys_issued"]


def test_a_bad_key_list_keeps_the_old_configuration(relay, injector):
    relay.keys.list.write_bytes(b"nonsense")
    relay.reload()
    relay.wait_log("reload.refused")
    assert "keys.list" in relay.log()
    assert injector.inject(Alert("still", side="ca"))["outcome"] == "accepted"
