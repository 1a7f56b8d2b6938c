"""The weather wire from a server that is broken or taken over: what is not said in the room, and what no client bears."""

import time
from xml.sax.saxutils import escape

import pytest
from alerts import Alert
from scripted_wire import HOST, ROOM, ScriptedWire
from test_naad import verdicts, wait_for


@pytest.fixture
def serve(tmp_path):
    made = []

    def make(script):
        made.append(ScriptedWire(tmp_path, script))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def relay_of(make_relay, tmp_path):
    def make(wire, **options):
        secret = tmp_path / "password"
        secret.write_text("secret-of-the-wire\n")
        secret.chmod(0o600)
        return make_relay(sources=[{"name": "wire", "adapter": "nwws", "country": "us", "server": HOST, "port": wire.port, "ca_file": wire.ca_file,
                                    "jid": f"relay@{HOST}", "password_file": secret, "room": ROOM, **options}]).start()

    return make


def said(name, sender=f"{ROOM}/nwws-oi", kind="groupchat", more="", number="14425.1"):
    """A message that carries an alert of that name."""
    return (f'<message from="{sender}" to="relay@{HOST}" type="{kind}"><body>KWBC issues CAP</body>{more}'
            f'<x xmlns="nwws-oi" awipsid="CAPCAE" id="{number}">{escape(Alert(name, side="us").xml.decode())}</x></message>')


def delay(stamp):
    return f'<delay xmlns="urn:xmpp:delay" stamp="{stamp}"/>'


def test_only_what_is_said_in_the_room_is_taken(serve, relay_of):
    aside = [
        said("private", kind="chat"),
        said("plain", kind="normal"),
        said("error", kind="error"),
        said("elsewhere", sender=f"other@rooms.{HOST}/nwws-oi"),
        said("like-it", sender=f"{ROOM}.example/nwws-oi"),
        f'<message from="{ROOM}" type="groupchat"><subject>{escape(Alert("subject", side="us").xml.decode())}</subject></message>',
        f'<message type="groupchat"><body>{escape(Alert("nobody", side="us").xml.decode())}</body></message>',
        f'<presence from="{ROOM}/other" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user"><status code="307"/></x></presence>',
        '<iq from="a@b" type="get" id="q"><ping xmlns="urn:xmpp:ping"/></iq>', "<iq/>", "<message/>", "<presence/>",
    ]
    taken = [
        said("no-time", more=delay("9999999999-99-99T99:99:99Z"), number="14425.2"),
        said("far-time", more=delay("9999-12-31T23:59:60+23:59"), number="14425.3"),
        said("far-number", number="14425.18446744073709551615"),
        said("no-number", number="99999999999999999999.x"),
        said("last", number="14426.1"),
    ]
    relay = relay_of(serve(lambda send: [send(text) for text in aside + taken] and None))
    names = ["no-time", "far-time", "far-number", "no-number", "last"]
    wait_for(relay, names)
    assert {name: rows for name, rows in verdicts(relay).items() if name} == {name: {"relayed": 1} for name in names}
    assert "secret-of-the-wire" not in relay.log()


def test_one_element_in_another_a_hundred_thousand_times(serve, relay_of):
    deep = f'<message from="{ROOM}/nwws-oi" type="groupchat">{"<a>" * 100000}{"</a>" * 100000}</message>'
    relay = relay_of(serve(lambda send: [send(text) for text in (deep, said("after"))] and None))
    wait_for(relay, ["after"])


def test_who_is_thrown_out_at_once_does_not_come_back_each_second(serve, relay_of):
    """As two relays do to each other that have one account and one resource."""
    wire = serve(lambda send: send("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>") or False)
    relay = relay_of(wire)
    time.sleep(8)
    assert 2 <= wire.entered <= 5, relay.log()
    assert "conflict" in relay.log()
