"""A client of some topics that lost a bulletin on one of them while another went on: its own topics' numbers do not show that hole."""

from scripted_server import Relay
from subscriber import Follower
from test_client import Watch

import pytest

HOLE = ["--now", "--side", "us", "--region", "ME"]


@pytest.fixture
def relay(tmp_path):
    server = Relay(tmp_path, curve=False)
    yield server
    server.close()


@pytest.fixture
def watch(relay):
    one = Watch(relay, *HOLE, topics=3)
    yield one
    if one.process.poll() is None:
        one.process.kill()
    one.process.wait()


def test_a_hole_on_another_topic_is_filled(relay, watch):
    relay.publish(regions=("ME",))
    watch.wait("bulletin")
    relay.beat()
    relay.make(regions=("--",))  # stored, and lost on the way
    relay.publish(regions=("ME",))
    watch.wait("bulletin", 2)
    relay.beat()
    watch.wait("bulletin", 3)
    assert sorted(watch.seqs()) == [1, 2, 3]
    relay.publish(regions=("--",))
    watch.wait("bulletin", 4)
    assert not watch.of("refused"), watch.of("refused")


def test_what_was_given_live_is_not_given_again(relay, watch):
    for _ in range(5):
        relay.publish(regions=("ME",))
        relay.publish(regions=("--",))
    relay.make(regions=("--",))
    relay.publish(regions=("ME",))
    relay.beat()
    watch.wait("bulletin", 12)
    relay.beat()
    relay.publish(regions=("ME", "--"))
    watch.wait("bulletin", 13)
    assert sorted(watch.seqs()) == list(range(1, 14))
    assert not watch.of("refused"), watch.of("refused")


def test_the_python_follower_fills_it_too(relay):
    follower = Follower(relay.card, side="us", regions=["ME"], after=0)
    follower.turn(0.3)
    relay.wait_for_subscribers(3)
    relay.publish(regions=("ME",))
    relay.make(regions=("--",))
    relay.publish(regions=("ME",))
    relay.beat()
    seen = []
    for _ in range(40):
        seen += [event[1]["seq"] for event in follower.turn(0.1) if event[0] == "bulletin"]
        if len(seen) == 3:
            break
    assert sorted(seen) == [1, 2, 3]
    follower.close()
