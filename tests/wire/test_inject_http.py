"""Injection by POST against the real daemon (docs/protocol.md 5.3): what each request is answered, and what no client can do to others."""

import http.client
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from alerts import Alert
from injector import Injector
from ports import free_ports
from poster import Door, fingerprint, make_certificate, post
from relay import tool
from test_envelopes import edxl


@pytest.fixture
def door(tmp_path):
    door = Door(tmp_path / "door")
    door.other = make_certificate(door.folder, "other")
    door.stranger = make_certificate(door.folder, "stranger")
    return door


def others(door):
    return {"name": "other", "classes": ["exercise"], "regions": ["ME"], "certificate_sha256": fingerprint(door.other[0])}


def start(relay, door):
    relay.changes["authorities"][0]["key"] = relay.keys.read("emo")["public"]
    relay.write_config()
    relay.start()
    relay.wait_log("source=inject-http state=live")
    return relay


@pytest.fixture
def open_relay(make_relay, door):
    """A relay with both doors; `emo` may come by either, `other` by a certificate alone."""
    return start(make_relay(**door.changes(others(door))), door)


def problem(answer, status, reason):
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status and answer.json["reason"] == reason
    assert len(answer.json["detail"]) > 20
    return answer.json["detail"]


# --- what is taken ---


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
    for again in (post(door, cap), post(door, cap, token=None, client=door.client)):
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["Caprelay-Receipt-Signature"] == first.headers["Caprelay-Receipt-Signature"]
    subscriber.pump_until(lambda: subscriber.order, 15, "the bulletin")
    assert subscriber.record[1]["header"]["origin"]["source"] == "inject"
    told = tool("status", "--relay", open_relay.write_card()).stdout
    assert "inject-http" in told and "live" in told
    open_relay.kill()
    start(open_relay, door)
    again = post(door, cap)
    assert (again.status, again.body) == (200, first.body)


def test_both_doors_give_one_receipt(open_relay, door):
    injector = Injector(open_relay.card, open_relay.keys.read("emo"))
    cap, other = Alert("by-post", side="ca").xml, Alert("by-zeromq", side="us").xml
    posted = post(door, cap, Accept="application/octet-stream")
    assert posted.status == 201 and injector.read(posted.body, cap)["outcome"] == "accepted"
    assert injector.send(injector.request(cap)) == posted.body
    frame = injector.send(injector.request(other))
    again = post(door, other, Accept="application/octet-stream")
    assert (again.status, again.body) == (200, frame)
    injector.close()


def test_envelope_and_class_are_judged_as_by_the_other_door(open_relay, door):
    answer = post(door, edxl("Exercise", Alert("enveloped")), Content_Type="application/emergency-data-exchange-language+xml; charset=utf-8")
    receipt = answer.receipt(open_relay)
    assert answer.status == 201 and receipt["class"] == "exercise"
    several = post(door, edxl("Actual", Alert("one"), Alert("two")))
    problem(several, 422, "inject.several")


def test_what_an_authority_may_not_inject_is_told_in_a_receipt(open_relay, door):
    as_other = {"token": None, "client": door.other}
    actual = post(door, Alert("actual", side="us").xml, **as_other)
    receipt = actual.json
    assert actual.status == 403 and receipt["outcome"] == "refused" and receipt["reason"].startswith("inject.grant"), receipt
    assert "Caprelay-Receipt-Signature" in actual.headers
    elsewhere = post(door, Alert("elsewhere", side="ca", status="Exercise").xml, **as_other)
    assert elsewhere.status == 403 and elsewhere.json["reason"].startswith("inject.grant")
    own = post(door, Alert("own", side="us", status="Exercise").xml, **as_other)
    assert own.status == 201 and own.json["class"] == "exercise" and own.json["authority"] == "other"
    broken = post(door, b"<alert")
    assert broken.status == 422 and broken.receipt(open_relay)["verdict"] == "unreadable"


def test_connection_is_kept_for_the_next_alert(open_relay, door):
    connection = door.connect()
    for i in range(20):
        assert post(door, Alert(f"kept-{i}", side="ca").xml, connection=connection).status == 201
    connection.close()


# --- what is refused ---


def test_nobody_comes_in_without_a_good_credential(open_relay, door):
    cap = Alert("forged", side="ca").xml
    problem(post(door, cap, token=None), 401, "inject.token")
    for forged in (door.token[:-1], door.token + "x", door.token.swapcase(), "caprelay_" + secrets.token_urlsafe(32),
                   door.authority()["token_sha256"], "x" * 600, ""):
        answer = post(door, cap, token=None, Authorization=f"Bearer {forged}")
        problem(answer, 401, "inject.token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    detail = problem(post(door, cap, token=None, client=door.stranger), 403, "inject.certificate")
    assert fingerprint(door.stranger[0]) in detail
    problem(post(door, cap, client=door.other), 403, "inject.authority")
    # A certificate alone is public: without its key nobody can show it.
    context = door.context()
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(door.client[0], door.stranger[1])
    assert '"forged"' not in open_relay.log() and "alert.relayed" not in open_relay.log()
    assert "inject.refused" in open_relay.log() and door.token not in open_relay.log()


def test_certificate_past_its_end_is_refused(make_relay, door):
    past = make_certificate(door.folder, "past", days=-1)
    relay = make_relay(**door.changes({"name": "past", "certificate_sha256": fingerprint(past[0])}))
    start(relay, door)
    detail = problem(post(door, Alert("p", side="ca").xml, token=None, client=past), 403, "inject.certificate")
    assert "ended on" in detail


def test_certificate_that_ends_soon_is_told_once(make_relay, door):
    soon = make_certificate(door.folder, "soon", days=5)
    relay = make_relay(**door.changes({"name": "soon", "certificate_sha256": fingerprint(soon[0])}))
    start(relay, door)
    for i in range(3):
        assert post(door, Alert(f"soon-{i}", side="ca", status="Exercise").xml, token=None, client=soon).status == 201
    assert relay.log().count("inject.certificate-ends source=inject-http authority=soon until=") == 1


def test_faults_of_the_request_name_the_place(open_relay, door):
    cap = Alert("faulty", side="ca").xml
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = post(door, None, method=method)
        problem(answer, 405, "http.method")
        assert answer.headers["Allow"] == "POST"
    assert post(door, None, method="HEAD").status == 405
    for path in ("/", "/v1", "/v1/alerts/", "/v1/alerts/1", "/V1/ALERTS", "//v1/alerts", "/v1/alerts%20", "/v1/" + "a" * 5000):
        assert "POST to /v1/alerts" in problem(post(door, cap, path=path), 404, "http.path")
    assert "x-www-form" in problem(post(door, cap, Content_Type="application/x-www-form-urlencoded"), 415, "http.content-type")
    problem(post(door, cap, Content_Type=None), 415, "http.content-type")
    problem(post(door, cap, Content_Encoding="gzip"), 415, "http.content-encoding")
    for query in ("dryrun=1", "dry_run", "dry_run=yes", "dry_run=1&dry_run=0"):
        problem(post(door, cap, path=f"/v1/alerts?{query}"), 400, "http.query")
    problem(post(door, b""), 400, "inject.unreadable")
    assert "alert.relayed" not in open_relay.log()


def test_too_large_is_told_however_it_comes(open_relay, door):
    limit = 8 * 1024 * 1024
    detail = problem(post(door, b" " * (limit + 1)), 413, "inject.unreadable")
    assert "8 MiB" in detail
    chunks = (b" " * 100_000 for _ in range(90))
    problem(post(door, chunks), 413, "inject.unreadable")
    # Up to the bound it is for the parser to say.
    assert post(door, b" " * limit).receipt(open_relay)["verdict"] == "unreadable"
    cap = Alert("large", side="ca").xml
    assert post(door, cap + b" " * (limit - len(cap))).status == 201


def test_chunked_and_split_at_random(open_relay, door):
    for i in range(10):
        cap = Alert(f"split-{i}", side="ca").xml
        head = (f"POST /v1/alerts HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {door.token}\r\n"
                "Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n").encode()
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (cap[at:at + 300] for at in range(0, len(cap), 300))) + b"0\r\n\r\n"
        whole = head + body
        with door.context().wrap_socket(socket.create_connection(("127.0.0.1", door.port), 10), server_hostname="127.0.0.1") as link:
            while whole:
                size = 1 + secrets.randbelow(200)
                link.sendall(whole[:size])
                whole = whole[size:]
                time.sleep(0.001)
            answer = http.client.HTTPResponse(link)
            answer.begin()
            assert answer.status == 201, answer.read()
            assert json.loads(answer.read())["digest"]


# --- what no client can do to others ---


def stall(door, kind):
    """A connection that goes no further."""
    link = socket.create_connection(("127.0.0.1", door.port), 10)
    if kind == "silent":
        return link
    if kind == "hello":
        link.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        return link
    link.settimeout(10)
    try:
        link = door.context().wrap_socket(link, server_hostname="127.0.0.1")
        link.sendall(b"POST /v1/alerts HTTP/1.1\r\nHost: r\r\n" + (b"" if kind == "head" else
                     f"Authorization: Bearer {door.token}\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n<alert>".encode()))
    except OSError:
        pass  # its place went to a newer one
    return link


def test_stalled_clients_keep_nobody_out(make_relay, door, subscribe):
    relay = make_relay(**door.changes())
    relay.changes["inject_http"]["connections"] = 16
    start(relay, door)
    subscriber = subscribe(relay)
    stalled = [stall(door, kind) for kind in ["body"] * 8 + ["silent", "hello", "head"] * 30]
    for i in range(10):
        began = time.monotonic()
        assert post(door, Alert(f"between-{i}", side="ca").xml).status == 201
        assert time.monotonic() - began < 2
    subscriber.pump_until(lambda: len(subscriber.order) == 10, 15, "the bulletins")
    for link in stalled:
        link.close()
    assert post(door, Alert("after", side="ca").xml).status == 201
    relay.stop()


def test_relay_at_rest_does_not_spin(open_relay, door):
    """Open connections, one of them in the middle of a request, cost no time."""
    stalled = [stall(door, kind) for kind in ("silent", "hello", "head", "body")]
    connection = door.connect()
    assert post(door, Alert("one", side="ca").xml, connection=connection).status == 201
    ticks = lambda: sum(map(int, open(f"/proc/{open_relay.process.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    time.sleep(2)
    assert ticks() - before < 0.5 * os.sysconf("SC_CLK_TCK")
    for link in [*stalled, connection]:
        link.close()


def test_old_tls_and_no_tls_are_refused(open_relay, door):
    link = socket.create_connection(("127.0.0.1", door.port), 10)
    link.sendall(b"POST /v1/alerts HTTP/1.1\r\nHost: r\r\nContent-Length: 0\r\n\r\n")
    assert not link.recv(1000).startswith(b"HTTP/")
    link.close()
    for version in ("TLSv1.1", "TLSv1.2", "TLSv1.3"):
        option = "-" + version.lower().replace("tlsv", "tls").replace(".", "_")
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", option, "-cipher", "ALL:@SECLEVEL=0"],
                              input=b"", capture_output=True, timeout=20)
        assert (b"Verify return code" in done.stdout and b"Cipher is (NONE)" not in done.stdout) == (version != "TLSv1.1"), version


def test_log_of_refusals_is_bounded_and_counted(open_relay, door):
    connection = door.connect()
    for _ in range(100):
        assert post(door, None, token=None, method="GET", connection=connection).status == 405
    connection.close()
    lines = [line for line in open_relay.log().splitlines() if "inject.refused " in line]
    assert len(lines) == 5 and "from 127.0.0.1" in lines[0]
    open_relay.stop()
    assert "inject.refused-more source=inject-http of=strangers reason=http.method count=95" in open_relay.log()


def test_handshakes_of_one_address_are_bounded(make_relay, door):
    """Only a door that others can reach bounds them, so it listens on all addresses; the clients are on the loopback."""
    for _ in range(5):  # a port that is free on the loopback may be taken elsewhere
        changes = door.changes()
        changes["listen"] = {"inject_http": door.url.replace("127.0.0.1", "0.0.0.0")}
        relay = make_relay(**changes).start()
        relay.wait_log("source=inject-http state=connecting")
        relay.wait_log("relay.ready")
        if "Address already in use" not in relay.log():
            break
        door.port = free_ports(1)[0]
    context, shaken, began = door.context(), 0, time.monotonic()
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", door.port), timeout=20) as link:
                with context.wrap_socket(link, server_hostname="127.0.0.1"):
                    shaken += 1
        except (ssl.SSLError, OSError):
            pass
    took = time.monotonic() - began
    assert 60 <= shaken <= 60 + 10 * (took + 1), f"{shaken} of 200 in {took:.1f} s"
    other = http.client.HTTPSConnection("127.0.0.1", door.port, timeout=20, context=context, source_address=("127.0.0.2", 0))
    assert post(door, Alert("from-another", side="ca").xml, connection=other).status == 201
    other.close()
    deadline = time.monotonic() + 20  # and the first one again, as soon as it lets some time pass
    while time.monotonic() < deadline:
        time.sleep(0.3)
        try:
            assert post(door, Alert("from-the-first", side="ca").xml).status == 201
            break
        except (ssl.SSLError, OSError):
            pass
    else:
        raise AssertionError("the address is not let in again")


# --- changes while it runs ---


def test_token_changes_with_a_reload(open_relay, door):
    old = door.token
    door.token = "caprelay_" + secrets.token_urlsafe(32)
    both = [door.authority()["token_sha256"], open_relay.changes["authorities"][0]["token_sha256"]]
    for hashes, codes in ((both, (201, 201)), (both[:1], (201, 401))):
        open_relay.changes["authorities"][0]["token_sha256"] = hashes
        open_relay.write_config()
        logged = len(open_relay.log())
        open_relay.reload()
        open_relay.wait_log("reload.done", start=logged)
        got = tuple(post(door, Alert(f"r-{secrets.token_hex(4)}", side="ca").xml, token=token).status for token in (door.token, old))
        assert got == codes


def test_certificate_is_renewed_without_a_restart(open_relay, door):
    old = door.folder / "old.pem"
    shutil.copy(door.certificate, old)
    certificate, key = make_certificate(door.folder / "new", "relay")
    # The key comes a moment later: what does not fit is not taken.
    shutil.copy(certificate, door.certificate)
    open_relay.wait_log("source=inject-http state=degraded", seconds=15)
    kept = door.connect(trust=old)
    assert post(door, Alert("between", side="ca").xml, connection=kept).status == 201
    shutil.copy(key, door.key)
    logged = len(open_relay.log())
    open_relay.wait_log("source=inject-http state=live", seconds=15, start=logged)
    assert post(door, Alert("renewed", side="ca").xml).status == 201
    assert post(door, Alert("kept", side="ca").xml, connection=kept).status == 201
    with pytest.raises(ssl.SSLCertVerificationError):
        post(door, b"", connection=door.connect(trust=old))


def test_bad_certificate_leaves_the_relay_running(make_relay, door, subscribe):
    door.key.chmod(0o644)
    relay = make_relay(**door.changes()).start()
    relay.wait_log("source=inject-http state=down")
    assert "chmod o-rw" in relay.log()
    subscriber = subscribe(relay)
    relay.drop(Alert("by-file", side="ca"))
    subscriber.pump_until(lambda: subscriber.order, 15, "the bulletin")
    door.key.chmod(0o600)
    relay.wait_log("source=inject-http state=live", seconds=30)
    assert post(door, Alert("later", side="ca").xml).status == 201


# --- with what people have ---


def curl(*arguments):
    done = subprocess.run(["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)
    body, code = done.stdout.rsplit("\n", 1)
    return int(code), body


@pytest.mark.skipif(not shutil.which("curl"), reason="skipped: curl is not installed")
def test_as_the_page_says_with_curl(open_relay, door, tmp_path):
    alert = tmp_path / "alert.xml"
    alert.write_bytes(Alert("curl", side="ca").xml)
    common = ["--cacert", door.certificate, "-H", "Content-Type: application/cap+xml", "--data-binary", f"@{alert}"]
    code, body = curl(*common, "--cert", door.client[0], "--key", door.client[1], f"{door.url}/v1/alerts?dry_run=1")
    assert code == 200 and json.loads(body)["dry_run"] is True
    code, body = curl(*common, "-H", f"Authorization: Bearer {door.token}", f"{door.url}/v1/alerts")
    assert code == 201 and json.loads(body)["outcome"] == "accepted"
    # Two of the things that people forget.
    code, body = curl("--cacert", door.certificate, "-H", f"Authorization: Bearer {door.token}", "--data-binary", f"@{alert}", f"{door.url}/v1/alerts")
    assert code == 415 and "application/cap+xml" in body
    code, body = curl(*common, f"{door.url}/v1/alerts")
    assert code == 401 and "Bearer TOKEN" in body
    # Large enough for curl to ask first, and to be told before it sends.
    alert.write_bytes(b" " * (20 * 1024 * 1024))
    code, body = curl(*common, "-H", f"Authorization: Bearer {door.token}", f"{door.url}/v1/alerts")
    assert code == 413 and "8 MiB" in body


def test_over_ipv6(make_relay, door):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            pytest.skip(f"skipped: no IPv6 loopback: {error}")
    changes = door.changes()
    changes["listen"]["inject_http"] = f"'https://[::]:{door.port}'"
    start(make_relay(**changes), door)
    cap = Alert("six", side="ca").xml
    assert post(door, cap).status == 201  # [::] takes IPv4 too
    connection = http.client.HTTPSConnection("::1", door.port, timeout=10, context=door.context())
    connection._context.check_hostname = False
    assert post(door, cap, connection=connection).status == 200
    connection.close()


def test_in_clear_on_the_loopback(make_relay, tmp_path):
    door = Door(tmp_path / "door", tls=False)
    relay = start(make_relay(**door.changes()), door)
    cap = Alert("clear", side="ca").xml
    assert post(door, cap).status == 201
    problem(post(door, cap, token=None), 401, "inject.token")
    relay.stop()
