"""Fixtures of the wire tests: each test has its own relay, folder, ports and processes, so that several runs do not meet."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from injector import Injector  # noqa: E402
from recorder import Recorder  # noqa: E402
from relay import DAEMON, TOOL, Relay  # noqa: E402


@pytest.fixture
def make_relay(tmp_path):
    for program in (DAEMON, TOOL):
        if not program.exists():
            pytest.skip(f"skipped: {program} is not built")
    relays = []

    def make(**changes):
        relays.append(Relay(tmp_path / f"relay{len(relays)}", **changes))
        return relays[-1]

    yield make
    for relay in relays:
        relay.kill()


@pytest.fixture
def relay(make_relay):
    """A plain relay that runs."""
    return make_relay().start()


@pytest.fixture
def subscribe():
    made = []

    def make(relay, class_name="actual", **options):
        made.append(Recorder(relay.card, class_name, **options))
        return made[-1]

    yield make
    for subscriber in made:
        subscriber.close()


@pytest.fixture
def injector(relay):
    made = Injector(relay.card, relay.keys.read("emo"))
    yield made
    made.close()
