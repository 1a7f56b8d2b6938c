"""Who may connect: CURVE keys on the list, or any; never a plain client on a CURVE socket."""

import time

import zmq
import zmq.utils.z85

from alerts import Alert
from injector import Injector
from recorder import Asker, Link
from relay import tool


def curve_pair(keys, name):
    """The key file of a client as a ZeroMQ key pair."""
    key = keys.read(name)
    return zmq.utils.z85.encode(bytes.fromhex(key["public"])), zmq.utils.z85.encode(bytes.fromhex(key["secret"]))


def make_list(relay, *names):
    """Puts new CURVE keys on the relay's list."""
    for name in names:
        tool("keys", "new", "curve", relay.keys.path(name))
    relay.changes["access"] = {"allow": [relay.keys.read(name)["public"] for name in names]}
    relay.write_config()


def test_any_key_where_the_configuration_says_any(make_relay, subscribe):
    relay = make_relay(curve=True).start()
    subscriber = subscribe(relay)
    injector = Injector(relay.card, relay.keys.read("emo"))
    assert injector.inject(Alert("secret", side="ca"))["outcome"] == "accepted"
    subscriber.pump_until(lambda: subscriber.order and subscriber.beat, 15, "the bulletin")
    injector.close()


def test_only_keys_on_the_list(make_relay, subscribe):
    relay = make_relay(curve=True)
    make_list(relay, "friend")
    relay.start()
    friend = subscribe(relay, curve=curve_pair(relay.keys, "friend"))
    friend.pump_until(lambda: friend.beat, 15, "a beat for the friend")
    stranger = Link(relay.card)
    feed = stranger.socket(zmq.SUB, relay.card["feed"])
    feed.subscribe("")
    assert Asker(stranger).raw(b"{}", timeout=2.0) is None
    assert not feed.poll(0)
    relay.wait_log("access.denied")
    told = tool("status", "--relay", relay.write_card(), "--timeout", "1", check=False)
    assert told.returncode == 4 and "no answer" in told.stderr
    assert "access.allow" in told.stderr and "access.denied" in told.stderr
    answer = friend.asker.ask("status")
    assert answer[0]["result"]["connections"]["denied"] >= 1
    stranger.close()


def test_no_plain_client_on_a_curve_socket(make_relay):
    relay = make_relay(curve=True).start()
    link = Link(dict(relay.card, curve=None))
    feed = link.socket(zmq.SUB, relay.card["feed"])
    feed.subscribe("")
    assert Asker(link).raw(b"{}", timeout=2.0) is None
    assert not feed.poll(0)
    link.close()


def test_a_reload_changes_the_list(make_relay):
    relay = make_relay(curve=True)
    make_list(relay, "first", "second")
    relay.changes["access"]["allow"].pop()
    relay.write_config()
    relay.start()
    second = Link(relay.card, curve_pair(relay.keys, "second"))
    assert Asker(second).raw(b"{}", timeout=1.5) is None
    relay.changes["access"]["allow"] = [relay.keys.read("second")["public"]]
    relay.write_config()
    relay.reload()
    relay.wait_log("reload.done")
    deadline = time.monotonic() + 15
    while Asker(second).raw(b"{}", timeout=1.0) is None:
        assert time.monotonic() < deadline, "the new key is not let in"
    second.close()


def test_a_request_that_is_too_large_ends_its_connection_only(relay, injector):
    link = Link(relay.card)
    assert Asker(link).raw(b"x" * 100_000, timeout=1.0) is None
    assert Asker(link).raw(b"{}", timeout=5.0) is not None
    assert injector.inject(Alert("after", side="ca"))["outcome"] == "accepted"
    link.close()
