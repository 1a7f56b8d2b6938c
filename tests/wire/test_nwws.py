"""The weather wire against a real Prosody: what is said in the room, cuts, kills, outages, and being thrown out."""

import hashlib
import os
import random
import signal
import sqlite3
import time

import pytest

pytest.importorskip("lxml", reason="skipped: python3-lxml is not installed")

from alerts import Alert  # noqa: E402
from prosody import HOST, ROOMS, Prosody  # noqa: E402
from test_naad import CORPUS, verdicts, wait_for  # noqa: E402
from weather_wire import Line, Speaker, product  # noqa: E402

# The long run: CAPRELAY_MESSAGES=10000.
MESSAGES = int(os.environ.get("CAPRELAY_MESSAGES", "200"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """What is said is kept in memory."""
    made = Prosody(tmp_path_factory.mktemp("prosody") / "server", archive=False)
    for user in ("relay", "nwws", "other"):
        made.account(user, "secret")
    yield made.start()
    made.close()


@pytest.fixture
def own_server(tmp_path):
    """One for a test that kills it: what is said is on disk before anybody hears it."""
    made = Prosody(tmp_path / "server")
    for user in ("relay", "nwws"):
        made.account(user, "secret")
    yield made.start()
    made.close()


@pytest.fixture
def speak(request):
    made = []

    def make(server, **options):
        made.append(Speaker(server, **{"password": "secret", "room": room(request), **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def lay(request):
    """A line to the server that can be cut."""
    made = []

    def make(server):
        made.append(Line(server))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def source(request, tmp_path):
    def make(prosody, line=None, password="secret", **options):
        secret = tmp_path / "password"
        secret.write_text(password + "\n")
        secret.chmod(0o600)
        return {"name": "wire", "adapter": "nwws", "country": "us", "server": HOST, "port": (line or prosody).port, "ca_file": prosody.ca_file,
                "jid": f"relay@{HOST}", "password_file": secret, "room": room(request), "reconnect_max": "1s", **options}

    return make


def room(request):
    return f"{request.node.name.replace('[', '-').replace(']', '')}@{ROOMS}"


def names(alerts):
    return [alert.identifier for alert in alerts]


def started(make_relay, source):
    relay = make_relay(sources=[source]).start()
    relay.wait_log("state=live reason=\"in the room")
    return relay


def digests(relay):
    with sqlite3.connect(f"file:{relay.state}/journal.db?mode=ro", uri=True) as journal:
        return {bytes(row[0]) for row in journal.execute("SELECT digest FROM arrivals")}


def blake(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def test_what_is_said_is_journalled_byte_for_byte(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server))
    texts = ["Crue – rivière Sainte-Croix ] ]> &amp;", "100 % \t <>&'\" 🌊", "x" * 200000]
    alerts = [Alert(f"said-{i}", side="us", headline=text[:100], description=text) for i, text in enumerate(texts)]
    for alert in alerts:
        speaker.alert(alert)
    wait_for(relay, names(alerts))
    assert all(verdicts(relay)[alert.identifier] == {"relayed": 1} for alert in alerts)
    assert {blake(alert.xml.rstrip()) for alert in alerts} <= digests(relay)  # the line end belongs to the product


def test_the_recorded_product_comes_out_as_it_went_in(make_relay, server, speak, source):
    recorded = CORPUS / "nws" / "cap_decoded_wire.txt"
    if not recorded.exists():
        pytest.skip(f"skipped: no {recorded}")
    speaker = speak(server)
    relay = started(make_relay, source(server))
    wire = recorded.read_bytes()
    alert = wire[wire.index(b"<?xml"):wire.rindex(b">") + 1]
    # SOH and ETX cannot be in XML, and to whoever reads it each line end is one LF: also those that the alert has inside.
    def as_xml(data):
        return data.replace(b"\r\r\n", b"\n\n")

    speaker.say(as_xml(wire).decode().strip("\x01\x03\n"))
    identifier = alert.split(b"<identifier>")[1].split(b"<")[0].decode()
    wait_for(relay, [identifier])
    assert blake(as_xml(alert)) in digests(relay)


def test_other_products_are_no_alerts_and_broken_ones_have_a_row(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server))
    speaker.say(product("AREA FORECAST DISCUSSION\n\nWINDS < 10KT", awips_id="AFDCAR", heading="FXUS61 KCAR"), awips_id="AFDCAR", ttaaii="FXUS61")
    speaker.say(None, body="**WARNING** who uses this system agrees to be watched")
    speaker.alert(Alert("by-name", side="us"))
    speaker.say(product(Alert("by-content", side="us").xml.decode(), awips_id="XYZCAR"), awips_id="XYZCAR", ttaaii="NOUS61")
    speaker.say(None, body=product(Alert("in-the-body", side="us").xml.decode()))
    speaker.say(product("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>cut"))
    speaker.say(product("no XML at all"))
    speaker.say(product(""))
    speaker.alert(Alert("last", side="us"))
    wait_for(relay, ["by-name", "by-content", "in-the-body", "last"])
    found = verdicts(relay)
    assert found.pop(None) == {"unreadable": 3}
    assert sorted(found) == ["by-content", "by-name", "in-the-body", "last"]


def test_a_hole_in_the_numbers_is_told_once(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server))
    for number in (7, 8, 12, 13):
        speaker.alert(Alert(f"number-{number}", side="us"), number=number)
    speaker.alert(Alert("other-process", side="us"), number=1, process=99)
    speaker.alert(Alert("number-14", side="us"), number=14)
    wait_for(relay, ["number-14"])
    assert relay.log().count("nwws.hole source=") == 1
    assert "before=14425.12 missing=3 " in relay.log() and "state=degraded" in relay.log()


def test_a_made_up_number_hides_no_hole_and_is_told_once(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server))
    for i, number in enumerate((7, 8, 2**64 - 1, 9, 2**64 - 1, 10, 2**63, 11, 14, 15)):
        speaker.alert(Alert(f"said-{i}", side="us"), number=number)
    speaker.alert(Alert("the-last", side="us"), number=16)
    wait_for(relay, ["the-last"])
    log = relay.log()
    assert log.count("nwws.hole source=") == 1 and "before=14425.14 missing=2 missing_in_all=2" in log
    assert log.count("nwws.jump source=") == 1 and f"to=14425.{2**64 - 1} " in log
    assert "the numbers of the products have jumped" in log


def test_connections_cut_and_relays_killed_at_random_lose_nothing(make_relay, server, speak, lay, source):
    seed = int(os.environ.get("CAPRELAY_SEED", time.time_ns() % (1 << 30)))
    print(f"seed {seed}, {MESSAGES} messages")
    chance = random.Random(seed)
    speaker, line = speak(server), lay(server)
    relay = started(make_relay, source(server, line, ping="10s"))
    mark = 0
    alerts = [Alert(f"cut-{i}", side="us") for i in range(MESSAGES)]
    faults = sorted(chance.sample(range(MESSAGES), 12))
    kills = 0
    for i, alert in enumerate(alerts):
        speaker.alert(alert)
        if i not in faults:
            continue
        line.cut_by_now(2)
        relay.wait_log("nwws.joined", seconds=60, start=mark)
        mark = len(relay.log())
        if faults.index(i) % 3 == 2:
            relay.kill()
            relay.start()
            kills += 1
        else:
            line.cut_after(chance.randrange(1, 20000))
    wait_for(relay, names(alerts), seconds=90 + MESSAGES / 20)
    found = verdicts(relay)
    for alert in alerts:
        counts = found[alert.identifier]
        assert counts == {"relayed": 1}, (alert.identifier, counts)
    assert None not in found, "half a message became a row"
    assert line.accepted > 8 and "nwws.hole source=" not in relay.log()
    print(f"{line.cuts} cuts, {kills} kills, {line.accepted} connections")


def test_an_outage_is_made_good_by_the_history(make_relay, server, speak, lay, source):
    speaker, line = speak(server), lay(server)
    relay = started(make_relay, source(server, line, ping="1s"))
    before = [Alert(f"before-{i}", side="us") for i in range(5)]
    for alert in before:
        speaker.alert(alert)
    wait_for(relay, names(before))
    time.sleep(2.5)  # two pings: the mark lies behind them
    line.refusing = True
    line.cut()
    relay.wait_log("state=down")
    meanwhile = [Alert(f"meanwhile-{i}", side="us") for i in range(5)]
    for alert in meanwhile[:3]:
        speaker.alert(alert)
    relay.kill()
    for alert in meanwhile[3:]:
        speaker.alert(alert)
    line.refusing = False
    relay.start()
    wait_for(relay, names(meanwhile))
    speaker.alert(Alert("after", side="us"))
    wait_for(relay, ["after"])
    assert all(counts == {"relayed": 1} for counts in verdicts(relay).values()), "what was in the journal came again"
    assert "nwws.hole source=" not in relay.log()


def test_what_the_room_no_longer_keeps_is_told_as_a_hole(make_relay, tmp_path, speak, source):
    server = Prosody(tmp_path / "short", archive=False, history=3)
    for user in ("relay", "nwws"):
        server.account(user, "secret")
    server.start()
    try:
        speaker = speak(server)
        relay = started(make_relay, source(server, ping="1s"))
        speaker.alert(Alert("before", side="us"))
        wait_for(relay, ["before"])
        time.sleep(2.5)  # two pings: the mark knows its number
        relay.kill()
        meanwhile = [Alert(f"meanwhile-{i}", side="us") for i in range(10)]
        for alert in meanwhile:
            name = speaker.alert(alert)
        speaker.wait_heard([name])
        relay.start()
        wait_for(relay, names(meanwhile[-3:]))
        relay.wait_log("nwws.hole source=")
        assert "missing=7 " in relay.log()
    finally:
        server.close()


def test_a_killed_server_is_told_and_what_it_had_taken_comes(make_relay, own_server, speak, source):
    relay = None
    wanted, mark = [], 0
    for life in range(3):
        speaker = speak(own_server)
        relay = relay or started(make_relay, source(own_server, ping="1s"))
        relay.wait_log("state=live", start=mark)
        speaker.number = len(wanted)
        alerts = [Alert(f"life-{life}-{i}", side="us") for i in range(30)]
        said = [speaker.alert(alert) for alert in alerts]
        speaker.wait_heard(said)
        wanted += names(alerts)
        mark = len(relay.log())
        own_server.kill()
        relay.wait_log("state=down", start=mark)
        own_server.start()
    wait_for(relay, wanted)
    found = verdicts(relay)
    for name in wanted:
        assert found[name] == {"relayed": 1}, (name, found[name])


def test_a_server_that_hangs_is_noticed_by_pings(make_relay, own_server, speak, source):
    speak(own_server)
    relay = started(make_relay, source(own_server, ping="2s"))
    own_server.signal(signal.SIGSTOP)
    relay.wait_log("no answer to a ping for 1 s", seconds=20)
    mark = len(relay.log())
    own_server.signal(signal.SIGCONT)
    relay.wait_log("state=live", seconds=60, start=mark)


def test_a_relay_stops_in_time_whatever_the_server_does(make_relay, own_server, speak, lay, source):
    speak(own_server)
    line = lay(own_server)
    line.stalled = True
    relay = make_relay(sources=[source(own_server, line)]).start()
    deadline = time.monotonic() + 10
    while line.accepted == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    begin = time.monotonic()
    relay.stop()
    assert time.monotonic() - begin < 5


def admin(speaker, item):
    speaker._send(f'<iq type="set" id="a" to="{speaker.room}"><query xmlns="http://jabber.org/protocol/muc#admin"><item {item}/></query></iq>')


def test_thrown_out_and_banned(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server))
    admin(speaker, 'nick="relay" role="none"')
    relay.wait_log("state=down reason=\"the account was thrown out of the room\"")
    mark = len(relay.log())
    relay.wait_log("state=live", start=mark)
    speaker.alert(Alert("back", side="us"))
    wait_for(relay, ["back"])
    admin(speaker, f'jid="relay@{HOST}" affiliation="outcast"')
    relay.wait_log("state=down reason=\"the account is banned from the room\"")
    relay.wait_log("cannot be entered: forbidden")


def test_a_name_that_is_taken_gets_a_number(make_relay, server, speak, source):
    speaker = speak(server, nick="relay")
    relay = started(make_relay, source(server))
    relay.wait_log("nwws.joined source=wire nick=relay-2")
    speaker.alert(Alert("numbered", side="us"))
    wait_for(relay, ["numbered"])


def test_only_the_speaker_is_heard(make_relay, server, speak, source):
    speaker, other = speak(server), speak(server, user="other", nick="forger")
    relay = started(make_relay, source(server, speaker="nwws-oi"))
    other.wait_heard([other.alert(Alert("forged", side="us"))])
    speaker.alert(Alert("true", side="us"))
    wait_for(relay, ["true"])
    assert "forged" not in verdicts(relay)
    # Nor is what is said to the relay alone.
    speaker._send(f'<message to="{speaker.room}/relay" type="chat"><body>psst</body><x xmlns="nwws-oi" awipsid="CAPCAE" id="1.1">&lt;alert/&gt;</x></message>')
    speaker.alert(Alert("true-too", side="us"))
    wait_for(relay, ["true-too"])
    assert None not in verdicts(relay)


def test_silence_is_no_health(make_relay, server, speak, source):
    speaker = speak(server)
    relay = started(make_relay, source(server, silence="1s"))
    relay.wait_log("state=degraded reason=\"in the room, but no product for 1 s\"")
    mark = len(relay.log())
    speaker.alert(Alert("breaks-the-silence", side="us"))
    relay.wait_log("state=live", start=mark)


@pytest.mark.parametrize("case, told", [
    ({"password": "Tr0mbone"}, f"the server refuses the login of relay@{HOST}: is the password right?"),
    ({"jid": f"nobody@{HOST}"}, f"the server refuses the login of nobody@{HOST}"),
    ({"ca_file": "/etc/ssl/certs/ca-certificates.crt"}, "the server's certificate is not good: self-signed certificate"),
    ({"jid": "relay@elsewhere.example"}, "host-unknown"),
    ({"room": "nwws@nowhere.example"}, "the room nwws@nowhere.example cannot be entered"),
    ({"room": f"misspelt@{ROOMS}"}, f"the room misspelt@{ROOMS} cannot be entered: not-allowed: Room creation is restricted"),
    ({"port": 9}, f"{HOST}:9: Connection refused"),
    ({"server": "nowhere.invalid"}, "nowhere.invalid:"),
], ids=["password", "user", "certificate", "domain", "service", "room", "refused", "name"])
def test_what_is_wrong_is_said(make_relay, server, speak, source, case, told):
    relay = make_relay(sources=[source(server, **case)]).start()
    relay.wait_log("state=down", seconds=30)
    assert told in relay.log()
    assert case.get("password", "secret") not in relay.log()


def test_a_password_that_everybody_may_read_is_refused(make_relay, server, source):
    entry = source(server)
    entry["password_file"].chmod(0o644)
    relay = make_relay(sources=[entry]).start()
    relay.wait_log("state=down reason=\"password_file: ")
    mark = len(relay.log())
    entry["password_file"].chmod(0o600)
    relay.wait_log("cannot be entered", seconds=30, start=mark)  # no room of this test's: the login was good


def test_a_room_that_is_made_for_who_asks_is_none(make_relay, tmp_path, source):
    server = Prosody(tmp_path / "anybody", archive=False, anybody=True)
    server.account("relay", "secret").start()
    try:
        relay = make_relay(sources=[source(server)]).start()
        relay.wait_log("state=down reason=\"there is no room ", seconds=30)
    finally:
        server.close()


def test_a_certificate_for_another_name_is_refused(make_relay, tmp_path, source):
    server = Prosody(tmp_path / "other-name", archive=False)
    server.make_certificate("other.example")
    server.account("relay", "secret").start()
    try:
        relay = make_relay(sources=[source(server)]).start()
        relay.wait_log("the server's certificate is not good: hostname mismatch", seconds=30)
        assert "nwws.joined" not in relay.log()
    finally:
        server.close()


@pytest.mark.parametrize("options, told", [
    ({"jid": "relay"}, "user@domain"), ({"jid": "relay@h/phone"}, "user@domain"), ({"room": "nwws"}, "room@service"), ({"ping": "1h"}, "ping"),
    ({"products": ['""']}, "products"), ({"password_file": None}, "password_file"),
])
def test_a_wrong_configuration_is_told(make_relay, options, told):
    entry = {"name": "w", "adapter": "nwws", "jid": "a@b", "password_file": "/nowhere", **options}
    relay = make_relay(sources=[{key: value for key, value in entry.items() if value is not None}])
    with pytest.raises(AssertionError) as refused:
        relay.start()
    assert told in str(refused.value) and "caprelay.yaml:" in str(refused.value)
