"""Posting to IPAWS: both signatures checked by others, every channel's answer counted, nothing twice and nothing in doubt, whatever breaks."""

import os
import random
import re
import time

from alerts import Alert, Stream
from ipaws_open import GOOD, RESPONSE, envelope, make_ipaws, signatures  # noqa: F401 a fixture
from relay import tool
from subscriber import open_frame, parse_json

MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "90"))  # the long run: 10000
KILLS = int(os.environ.get("CAPRELAY_KILLS", "4"))


def row(relay, class_name="actual"):
    done = tool("status", "--relay", relay.write_card(), "--json", check=False)
    return next(o for o in parse_json(done.stdout.encode())["result"]["outlets"] if o["class"] == class_name)


def wait_row(relay, good, seconds=30, class_name="actual"):
    deadline = time.monotonic() + seconds
    while not good(found := row(relay, class_name)):
        assert time.monotonic() < deadline, f"{found}\n{relay.log()[-3000:]}"
        time.sleep(0.1)
    return found


def unsigned(alert):
    return re.sub(rb"<ds:Signature .*</ds:Signature>", b"", alert, flags=re.S)


def test_what_is_posted_is_what_the_feed_has_signed_twice(make_relay, make_ipaws, subscribe):  # noqa: F811
    ipaws = make_ipaws()
    relay = make_relay(outlets=[ipaws.outlet()]).start()
    subscriber = subscribe(relay)
    subscriber.pump_until(lambda: subscriber.beat, 15, "first beat")
    sent = [Alert(f"post-{i}", description="Wasser über “Straße” & <Weg>\r\n") for i in range(3)]
    for alert in sent:
        relay.drop(alert)
    relay.drop(Alert("not-for-the-us", side="us"))
    subscriber.pump_until(lambda: len(subscriber.order) >= 4, 20, "the feed")
    found = wait_row(relay, lambda o: o["delivered"] == 3 and o["behind"] == 0)
    derived = [open_frame(subscriber.record[n]["frame"])[2] for n in subscriber.order if subscriber.record[n]["header"]["side"] == "us"]
    bodies = [unsigned(alert) for _, alert in ipaws.posted]
    assert len(derived) == 3 and bodies == [d.partition(b"?>")[2].strip() for d in derived]
    assert len(ipaws.tries) == 3
    assert found["state"] == "live" and found["reason"] == "delivering; PUBLIC 3 acked, 0 refused"
    text = tool("status", "--relay", relay.write_card()).stdout
    assert re.search(r"cog +ipaws_cog +actual +live", text), text
    assert relay.log().count("ipaws.posted outlet=cog class=actual") == 3
    assert 'agreement="MOA 2026-17" answer="CAPEXCH 200 Ack; CAPEXCH 202' in relay.log()
    relay.stop()


def test_without_an_agreement_not_even_a_connection(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    options = ipaws.outlet()
    del options["agreement"]
    relay = make_relay(outlets=[options]).start()
    relay.drop(Alert("silent"))
    relay.wait_log("alert.relayed")
    relay.wait_log("off: no `agreement` is named, so that nothing is posted")
    time.sleep(2)
    assert ipaws.connections == 0 and not ipaws.calls
    assert "no `agreement` is named" in tool("status", "--relay", relay.write_card()).stdout
    # Named by a reload: from then on, what is still fresh.
    relay.changes["outlets"] = [ipaws.outlet()]
    relay.write_config()
    relay.reload()
    wait_row(relay, lambda o: o["delivered"] == 1)
    assert len(ipaws.posted) == 1
    relay.stop()


def test_cut_and_killed_at_random_every_alert_is_posted_once(make_relay, make_ipaws):  # noqa: F811
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {KILLS} kills, {MESSAGES} messages")
    chance = random.Random(seed)
    ipaws = make_ipaws()
    ipaws.script = lambda operation, number: chance.choice(["cut", "half", "lost", 503, b"<html/>"]) if chance.random() < 0.2 else None
    # The long run takes this peer, with a process for each signature, longer than an alert stays young.
    relay = make_relay(outlets=[ipaws.outlet(max_age="1h")]).start()
    alerts = Stream("kill")
    relay.drop_and_die(alerts, MESSAGES, KILLS, chance)
    found = wait_row(relay, lambda o: o["behind"] == 0 and o["number"] >= alerts.count, 60 + MESSAGES)
    identifiers = [identifier for identifier, _ in ipaws.posted]
    assert len(set(identifiers)) == len(identifiers), seed
    # Half of the stream comes from the US and goes to Canada.
    published = int(re.search(r"\d+", str(found["number"])).group())
    assert len(identifiers) >= published // 2 and not found["skipped"], (seed, found)
    first_seen = list(dict.fromkeys(ipaws.tries))
    assert [i for i in first_seen if i in set(identifiers)] == identifiers, f"out of order, seed {seed}"
    assert not set(ipaws.tries) - set(identifiers), seed
    relay.stop()


def test_each_channel_counts(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    verdicts = iter([GOOD, GOOD + [("CMAS", "615", "Y", "signer-not-authorized-for-event-code-CMAS")],
                     GOOD[:-1] + [("PUBLIC", "801", "N", "message-not-disseminated-as-non-EAS-public")],
                     [("CAPEXCH", "208", "Y", "alert-signature-not-valid"), ("CAPEXCH", "221", "Y", "invalid-CAPEXCHANGE-message")], GOOD])
    ipaws.statuses = lambda identifier: next(verdicts)
    relay = make_relay(outlets=[ipaws.outlet()]).start()
    for i in range(5):
        relay.drop(Alert(f"channel-{i}"))
    found = wait_row(relay, lambda o: o["behind"] == 0 and o["delivered"] + o["skipped"] == 5)
    assert (found["delivered"], found["skipped"], found["state"]) == (2, 3, "live")
    assert found["reason"] == "delivering; CMAS 0 acked, 1 refused; PUBLIC 3 acked, 0 refused"
    log = relay.log()
    assert log.count("ipaws.refused") == 3 and log.count("ipaws.posted") == 2
    assert "refused in part, though PUBLIC sent it out: " in log and "CMAS 615 signer-not-authorized" in log
    assert len(ipaws.tries) == 5 # none was posted again
    relay.stop()


def test_answers_that_prove_nothing_are_not_believed(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()

    def about(identifier):
        pairs = "".join(f"<r:subParaListItem><r:subParameterName>{n}</r:subParameterName><r:subParameterValue>{v}</r:subParameterValue>"
                        "</r:subParaListItem>" for s in GOOD for n, v in zip(("CHANNELNAME", "STATUSITEMID", "ERROR", "STATUS"), s))
        return envelope((f'<p:postCAPResponseTypeDef xmlns:p="{signatures.SERVICE}" xmlns:r="{RESPONSE}"><r:parameterListItem><r:parameterName>'
                         f"identifier</r:parameterName><r:parameterValue>{identifier}</r:parameterValue></r:parameterListItem><r:parameterListItem>"
                         f"{pairs}</r:parameterListItem></p:postCAPResponseTypeDef>").encode())

    forged = [about("another-alert"), about("x").replace(b"postCAPResponseTypeDef", b"getResponseTypeDef"), b"", b"<ok/>", 200, 302, 404]
    ipaws.script = lambda operation, number: forged[number - 1] if number <= len(forged) else None
    relay = make_relay(outlets=[ipaws.outlet()]).start()
    relay.drop(Alert("doubt"))
    found = wait_row(relay, lambda o: o["delivered"] == 1)
    assert len(ipaws.calls) == len(forged) + 1 and len(ipaws.posted) == 1
    assert not found["skipped"]
    log = relay.log()
    for text in ("the answer is about another alert: another-alert", "the answer is not understood", "answered 302", "answered 404"):
        assert text in log, text
    relay.stop()


def test_only_the_server_that_is_trusted_gets_anything(make_relay, make_ipaws):  # noqa: F811
    ipaws, other = make_ipaws(), make_ipaws()
    relay = make_relay(outlets=[ipaws.outlet(ca_file=other.ca_file)]).start()
    relay.drop(Alert("tls"))
    relay.wait_log("reason=\"tls: ")
    assert not ipaws.calls
    relay.stop()


def test_exercises_go_as_exercises_and_to_the_test_environment_alone(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    relay = make_relay(outlets=[ipaws.outlet(**{"class": "exercise"})]).start()
    relay.drop(Alert("real"))
    relay.drop(Alert("drill", status="Exercise"))
    wait_row(relay, lambda o: o["delivered"] == 1, class_name="exercise")
    assert len(ipaws.posted) == 1 and b"<status>Exercise</status>" in ipaws.posted[0][1]
    relay.stop()
    relay = make_relay(outlets=[ipaws.outlet(environment="production", **{"class": "exercise"})])
    try:
        relay.start()
    except AssertionError as refusal:
        assert "exercises go to FEMA's test environment alone" in str(refusal)
    else:
        raise AssertionError("a relay that posts exercises to production started")


def test_after_an_outage_nobody_is_alarmed_by_what_is_over(make_relay, make_ipaws):  # noqa: F811
    ipaws = make_ipaws()
    ipaws.close()
    relay = make_relay(outlets=[ipaws.outlet(max_age="10s")]).start()
    relay.drop(Alert("old"))
    relay.wait_log("connect: ")
    time.sleep(11)
    ipaws.open()
    relay.wait_log("and max_age is 10 s")
    relay.drop(Alert("new"))
    found = wait_row(relay, lambda o: o["delivered"] == 1)
    assert found["skipped"] == 1 and len(ipaws.tries) == 1
    relay.stop()
