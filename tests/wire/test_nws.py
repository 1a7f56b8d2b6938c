"""The adapter for api.weather.gov against a scripted server: answers cut and refused at random, kills, an hour's outage."""

import datetime
import os
import random
import time

import pytest

from alerts import Alert, now
from test_naad import verdicts, wait_for
from weather_gov import WeatherGov

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "400"))
KILLS = int(os.environ.get("CAPRELAY_KILLS", "3"))
BATCHES = 10


@pytest.fixture
def weather():
    made = WeatherGov()
    yield made
    made.close()


def identifier(number):
    return f"urn:oid:2.49.0.1.840.0.{number:040x}.001.1"


def make(number, **options):
    return Alert(identifier(number), side="us", **options)


def test_faults_and_kills_at_random_lose_nothing(make_relay, weather):
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages, {KILLS} kills")
    chance = random.Random(seed)
    failed = set()  # each alert fails once at most
    rate = min(0.01, 40 / MESSAGES)  # each failure is a pause of seconds for all

    def fault(path):
        if path in failed or chance.random() > rate:
            return None
        if path.endswith(".cap"):
            failed.add(path)
        elif chance.random() > 0.2:
            return None
        return chance.choice([500, 503, 429, "cut"])

    weather.server.fault = fault
    relay = make_relay(sources=[weather.source(parallel=16)]).start()
    alerts = [make(number) for number in range(MESSAGES)]
    size = -(-MESSAGES // BATCHES)
    kills = set(chance.sample(range(BATCHES), min(KILLS, BATCHES)))
    for batch in range(BATCHES):
        for alert in alerts[batch * size:(batch + 1) * size]:
            weather.publish(alert)
        if batch in kills:
            time.sleep(chance.uniform(0, 2))
            relay.kill()
            relay.start()
        else:
            # What is known to the relay ends: a kill may have to ask for it by its time.
            asked = set(weather.server.asked)
            for alert in alerts[:batch * size]:
                if f"/alerts/{alert.identifier}.cap" in asked:
                    weather.end(alert)
        time.sleep(0.2)
    wait_for(relay, [alert.identifier for alert in alerts], seconds=120 + MESSAGES / 20)
    found = verdicts(relay)
    for alert in alerts:
        assert found[alert.identifier] == {"relayed": 1}, (seed, alert.identifier, found[alert.identifier])


def test_what_came_and_ended_in_an_hour_away_is_caught_up_with(make_relay, weather):
    ago = now() - datetime.timedelta(hours=1)
    relay = make_relay(sources=[weather.source(parallel=16)]).start()
    before = make(1, sent=ago)
    weather.publish(before)
    wait_for(relay, [before.identifier])
    relay.stop()
    hour = [make(number, sent=ago + datetime.timedelta(seconds=12 * (number - 100))) for number in range(100, 400)]
    for alert in hour:
        weather.publish(alert)
        if alert is not hour[-1]:
            weather.end(alert)
    weather.end(before)
    relay.start()
    wait_for(relay, [alert.identifier for alert in hour])
    found = verdicts(relay)
    assert all(found[alert.identifier] == {"relayed": 1} for alert in [before, *hour])
    assert [path for path in weather.server.asked if path.startswith("/alerts?start=")]
    assert sum(path.endswith(".cap") for path in weather.server.asked) == 301, "each is fetched once"


def test_a_server_that_is_away_is_told_and_what_it_has_then_comes(make_relay, weather):
    relay = make_relay(sources=[weather.source()]).start()
    relay.wait_log("source.state source=nws state=live")
    weather.server.fault = lambda path: 503
    relay.wait_log("the server answers 503", seconds=30)
    came_and_went = make(1)
    weather.publish(came_and_went)
    mark = len(relay.log())
    weather.server.fault = lambda path: None
    wait_for(relay, [came_and_went.identifier], seconds=40)
    relay.wait_log("state=live", seconds=20, start=mark)
