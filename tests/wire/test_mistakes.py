"""Wrong configurations as an operator writes them: every mistake in one run, each at its line and key, and nothing is started."""

import os
import re
import subprocess

import pytest

from poster import make_certificate
from relay import DAEMON

SECRET = "0123456789abcdef0123\n"


def run(option, path):
    done = subprocess.run([DAEMON, option, str(path)], capture_output=True, timeout=60, check=False)
    told = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("caprelayd: ")]
    return done.returncode, told


def line_of(text, mark):
    """The number of the line on which that stands first."""
    return text[: text.index(mark)].count("\n") + 1


@pytest.fixture
def relay(make_relay):
    """One that never runs."""
    return make_relay()


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    found = {"folder": folder, "absent": folder / "absent"}
    found["certificate"], found["key"] = make_certificate(folder, "own")[:2]
    for name, text, mode in (("secret", SECRET, 0o600), ("open", SECRET, 0o644), ("short", "abc\n", 0o600), ("text", "no PEM\n", 0o600)):
        found[name] = folder / name
        found[name].write_text(text)
        found[name].chmod(mode)
    return found


def write(relay, changes):
    relay.changes.update(changes)
    relay.write_config()
    return relay.config_path.read_text()


def wrong(relay, text):
    """The lines that are told of a file with that text; the check, the check of a reload and a start agree."""
    relay.config_path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code, told = run("--check-config", relay.config_path)
    assert code == 1 and told
    assert run("--check-reload", relay.config_path) == (1, told)
    assert run("--config", relay.config_path) == (1, told)
    assert not relay.state.exists()
    return [line.removeprefix(f"caprelayd: {relay.config_path}:") for line in told]


# --- all of them at once ---


def test_each_mistake_is_told_in_one_run(relay, files):
    text = write(relay, {
        "border": {"within_km": "50km"},
        "log": {"level": "loud"},
        "rules": [{"name": "r", "do": "drop", "severty_at_least": "severe"}, {"name": "r", "do": "drop"}],
        "sources": [
            {"name": "one", "adapter": "nws", "user_agent": "a", "interval": "10s"},
            {"name": "two", "adapter": "naad"},
            {"name": "three", "adapter": "fle", "folder": files["folder"]},
            {"name": "four", "adapter": "file", "folder": files["folder"], "class": "real", "rescn": "1s"},
        ],
        "outlets": [
            {"name": "o", "kind": "webhook", "url": "ftp://x/", "secret_file": files["secret"]},
            {"name": "p", "kind": "masas", "url": "https://x/", "author": "https://x/me", "hub": "operations", "secret_file": files["secret"]},
        ],
    })
    told = wrong(relay, text)
    expected = [
        ("within_km: 50km", "border.within_km: `50km` is no number"),
        ("level: loud", "log.level: `loud` is not known; one of critical"),
        ("severty", "rules[1].severty_at_least: no such key; is `severity_at_least` meant?"),
        ("interval: 10s", "sources[1].interval: is too short"),
        ("name: two", "sources[2].streams: is missing"),
        ("adapter: fle", "sources[3].adapter: there is no adapter `fle`; one of eccc, file"),
        ("class: real", "sources[4].class: `real` is not known"),
        ("rescn", "sources[4].rescn: no such key; is `rescan` meant?"),
        ("url: ftp", "outlets[1].url: not a URL"),
        ("name: p", "outlets[2].agreement: name the agreement"),
    ]
    for mark, says in expected:
        assert any(line.startswith(f"{line_of(text, mark)}: {says}") for line in told), (says, told)
    assert any("rules[2].name: `r` is taken by rules[1]" in line for line in told)
    assert len(told) == len(expected) + 1, told
    numbers = [int(line.split(":")[0]) for line in told]
    assert numbers == sorted(numbers)


def test_no_mistake_is_told_as_two(relay):
    text = write(relay, {
        "keys": {"actual": "[]"},
        "access": {"mode": "curve"},
        "authorities": [{"name": "emo", "kye": "00"}],
        "sources": [{"name": "[]", "adapter": "file", "folder": "/"}],
        "rules": [{"name": "r", "do": "drop", "sources": ["spool"]}],
    })
    text = text.replace("mode: curve", "mode: curv")
    told = wrong(relay, text)
    assert [line.split(": ")[1] for line in told] == ["keys.actual", "access.mode", "authorities[1].kye", "sources[1].name"], told


def test_a_flood_of_mistakes_is_counted(relay):
    told = wrong(relay, write(relay, {}) + "".join(f"k{i}: 1\n" for i in range(500)))
    assert len(told) == 101 and told[-1].endswith("and 400 further mistakes")


def test_files_are_told_beside_the_rest(relay, files):
    text = write(relay, {
        "keys": {"actual": files["absent"], "exercise": files["text"]},
        "boundaries": files["text"],
        "state_dir": files["text"],
        "log": {"level": "loud"},
        "sources": [
            {"name": "a", "adapter": "file", "folder": files["absent"]},
            {"name": "b", "adapter": "nwws", "jid": "a@b", "room": "nowhere", "password_file": files["absent"]},
            {"name": "c", "adapter": "nws", "user_agent": "a", "signature": {"policy": "flag", "pins": [{"name": "p", "file": files["text"]}]}, "ca_file": files["text"]},
        ],
        "outlets": [{"name": "o", "kind": "webhook", "url": "https://x/", "secret_file": files["absent"]}],
    })
    relay.config_path.write_text(text)
    code, told = run("--check-config", relay.config_path)
    keys = [line.removeprefix(f"caprelayd: {relay.config_path}:").split(": ")[1] for line in told]
    assert code == 1
    assert sorted(keys) == sorted([
        "keys.actual", "keys.exercise", "boundaries", "state_dir", "log.level", "sources[1].folder", "sources[2].room",
        "sources[2].password_file", "sources[3].signature", "sources[3].ca_file", "outlets[1].secret_file",
    ]), told


# --- one at a time, as each adapter and outlet sees it ---


def source(adapter, **options):
    return lambda files: {"sources": [{"name": "s", "adapter": adapter, **{k: files.get(v, v) if isinstance(v, str) else v for k, v in options.items()}}]}


def outlet(kind, **options):
    return lambda files: {"outlets": [{"name": "o", "kind": kind, **{k: files.get(v, v) if isinstance(v, str) else v for k, v in options.items()}}]}


def cog(make, kind, **options):
    given = {"cog_id": "12", "user": "u", "certificate": "certificate", "url": "https://x/", **options}
    return make(kind, **given)


REFUSED = {
    # what is configured, the key that is named, what is said of it
    "atom bbox": (source("atom", url="https://x/", bbox='"1,2"'), "bbox", "west,south,east,north"),
    "atom hub": (source("atom", url="https://x/", hub="operations"), "secret_file", "is missing"),
    "atom exercise hub": (source("atom", url="https://x/", hub="exercise", secret_file="secret"), "hub", "`class: exercise` must stand beside it"),
    "atom folder for a secret": (source("atom", url="https://x/", hub="operations", secret_file="folder"), "secret_file", "is no file"),
    "atom secret for all": (source("atom", url="https://x/", hub="operations", secret_file="open"), "secret_file", "chmod o="),
    "atom in clear": (source("atom", url="http://x/", hub="operations", secret_file="secret"), "url", "https"),
    "atom secret in the URL": (source("atom", url="https://x/?secret=a"), "url", "secret_file"),
    "atom parameters": (source("atom", url="https://x/", parameters=["a"]), "parameters", "NAME=VALUE"),
    "atom fetch_from": (source("atom", url="https://x/", fetch_from=["https://x"]), "fetch_from", "slash"),
    "eccc fetch_from": (source("eccc", broker="b", queue="q", fetch_from=["https://x"]), "fetch_from", "slash"),
    "eccc bindings": (source("eccc", broker="b", queue="q", fetch_from=["https://x/"], bindings=[]), "bindings", "at least one"),
    "file": (source("file"), "folder", "is missing"),
    "ipaws url": (source("ipaws", url="https://apps.fema.gov/x/"), "url", "slash"),
    "ipaws interval": (source("ipaws", interval="1m"), "interval", "at least 2m"),
    "ipaws staging": (source("ipaws", url="https://tdl.apps.fema.gov/x"), "url", "`class: exercise` must stand beside it"),
    "ipaws catch_up": (source("ipaws", overlap="2h", catch_up="1h"), "catch_up", "as long"),
    "ipaws_cog interval": (cog(source, "ipaws_cog", url="https://apps.fema.gov/x", interval="1s"), "interval", "at least 30s"),
    "ipaws_cog user": (cog(source, "ipaws_cog", user='" "'), "user", "who asks"),
    "ipaws_cog url": (cog(source, "ipaws_cog", url="x"), "url", "https://HOST/"),
    "naad streams": (source("naad", streams=["h:1", "host"]), "streams", "HOST:PORT"),
    "naad archives": (source("naad", streams=["h:1"], archives=["x"]), "archives", "https://HOST/"),
    "naad empty": (source("naad", streams=[]), "streams", "is empty; name one at least"),
    "nws user_agent": (source("nws", user_agent='" "'), "user_agent", "ops@eoc.example"),
    "nws areas and zones": (source("nws", user_agent="a", areas=["ME"], zones=["MEZ029"]), "zones", "leave one of the two out"),
    "nwws jid": (source("nwws", jid="a", password_file="secret"), "jid", "user@"),
    "nwws room": (source("nwws", jid="a@b", room="x", password_file="secret"), "room", "room@service"),
    "nwws products": (source("nwws", jid="a@b", products=['""'], password_file="secret"), "products", "leave it out"),
    "replay run": (source("replay", path="folder", run="A B"), "run", "a-z"),
    "replay class": (source("replay", path="folder", **{"class": "actual"}), "class", "leave the key out"),
    "inject": (source("inject"), "adapter", "listen.inject"),
    "amqp prefix": (outlet("amqp", broker="h", exchange="e", user="u", password_file="secret", prefix="x" * 50), "prefix", "at most 40"),
    "amqp password": (outlet("amqp", broker="h", exchange="e", user="u", password_file="open"), "password_file", "chmod o="),
    "ipaws_cog sides": (cog(outlet, "ipaws_cog", environment="test"), "sides", "`sides: us`"),
    "ipaws_cog environment": (cog(outlet, "ipaws_cog", sides="us", environment="production", url="https://tdl.apps.fema.gov/x"), "environment", "tdl."),
    "ipaws_cog class": (cog(outlet, "ipaws_cog", sides="us", environment="production", **{"class": "exercise"}), "class", "`environment: test`"),
    "ipaws_cog channels": (cog(outlet, "ipaws_cog", sides="us", environment="test", channels=["RADIO"]), "channels", "one of PUBLIC"),
    "ipaws_cog key": (cog(outlet, "ipaws_cog", sides="us", environment="test", key="text"), "key", "PEM is wanted"),
    "masas agreement": (outlet("masas", url="https://x/", author="https://x/me", secret_file="secret", hub="operations"), "agreement", "name the agreement"),
    "masas hub": (outlet("masas", url="https://x/", author="https://x/me", secret_file="secret", hub="training"), "hub", "`class: exercise`"),
    "webhook url": (outlet("webhook", url="x", secret_file="secret"), "url", "https://HOST/"),
    "webhook secret": (outlet("webhook", url="https://x/", secret_file="short"), "secret_file", "at least 16"),
    "webhook key": (outlet("webhook", url="https://x/", secret_file="secret", client_key="key"), "client_key", "client_cert"),
    "outlet of no kind": (outlet("webhok"), "kind", "one of amqp"),
    "outlet pauses": (outlet("webhook", url="https://x/", secret_file="secret", retry_first="1h", retry_max="1s"), "retry_max", "retry_first"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_told_at_its_key(relay, files, what):
    changes, key, says = REFUSED[what]
    text = write(relay, changes(files))
    told = wrong(relay, text)
    assert len(told) == 1, told
    found = re.fullmatch(r"(\d+): (?:sources|outlets)\[1\]\.(\w+): (.*)", told[0])
    assert found and found[2] == key and says in found[3], told[0]
    lines = text.splitlines()
    at = lines[int(found[1]) - 1]
    # The line of the key; of the whole item where the key is what it lacks.
    assert re.match(rf"\s+(- )?{key}:", at) or re.match(r"\s+- name: [so]$", at), at


# --- files that are none ---


GOOD = b"relay:\n  name: test\n"
BROKEN = {
    # the text, the line that is named, what is said of it
    "tab": (GOOD + b"log:\n\tlevel: info\n", 4, "a tab stands where YAML wants blanks"),
    "UTF-16": (b"\xff\xfe" + GOOD.decode().encode("utf-16-le"), 1, "is UTF-16; save it as UTF-8"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), 1, "UTF-8 without control characters is wanted"),
    "Latin-1": (GOOD + "log: {level: caf\xe9}\n".encode("latin-1"), 3, "UTF-8 without control characters is wanted"),
    "NUL": (GOOD + b"log: {level: in\0fo}\n", 3, "UTF-8 without control characters is wanted"),
    "nothing": (b"", 1, "must hold keys with values"),
    "a list": (b"- a\n- b\n", 1, "must hold keys with values"),
    "a word": (b"hello\n", 1, "must hold keys with values"),
    "a quote without an end": (GOOD + b'log: {level: "info}\n', 4, "while scanning a quoted scalar from line 3 on"),
    "columns": (GOOD + b"log:\n  level: info\n level: x\n", 5, "keys of one level begin in one column"),
    "a second document": (GOOD + b"---\nlog: {level: info}\n", 3, "write all keys into one"),
    "too deep": (GOOD + b"log: " + b"[" * 5000, 3, "nested too deeply"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_yaml_is_told_with_its_line(relay, what):
    text, line, says = BROKEN[what]
    told = wrong(relay, text)
    assert len(told) == 1 and told[0].startswith(f"{line}: ") and says in told[0], told


def test_what_readers_disagree_on_is_told_beside_the_rest(relay):
    text = write(relay, {"log": {"level": "&a info"}, "in_force": {"default_hours": "*a"}, "publish": {"backlog": "!!int 20"}, "relay": {"name": "A"}})
    told = wrong(relay, text + "relay:\n  name: b\n")
    for mark, says in (("&a", "an anchor (&a) is refused"), ("*a", "an alias (*a) is refused"), ("!!int", "a tag ("), ("name: A", "relay.name: `A` is no name")):
        assert any(line.startswith(f"{line_of(text, mark)}: {says}") for line in told), (says, told)
    assert any(f"{text.count(chr(10)) + 1}: relay: is given twice; it was on line 1 already" in line for line in told), told
    assert len(told) == 5, told


def test_a_large_file_is_refused_unread(relay):
    with open(relay.config_path, "wb") as file:
        file.truncate(100 * 1024 * 1024)
    code, told = run("--check-config", relay.config_path)
    assert code == 1 and len(told) == 1 and "larger than 1 MiB" in told[0]


def test_a_folder_and_nothing_are_no_file(relay, tmp_path):
    for path, says in ((tmp_path, "directory"), (tmp_path / "absent.yaml", "No such file")):
        code, told = run("--check-config", path)
        assert code == 1 and len(told) == 1 and str(path) in told[0] and says in told[0], told


@pytest.mark.parametrize("value", ["1e9", "99999999999999999999", "0x10", "010", "1_000", "-1", "1.5", '"24"', "yes", "~", "[1]", "{a: 1}", ".inf"])
def test_numbers_that_are_none(relay, value):
    text = write(relay, {"in_force": {"default_hours": value}})
    told = wrong(relay, text)
    assert len(told) == 1 and told[0].startswith(f"{line_of(text, 'default_hours')}: in_force.default_hours: "), told


def test_what_narrows_must_be_spelled_right(relay):
    """A condition that nobody reads would let everything through."""
    text = write(relay, {"authorities": [{"name": "emo", "key": "11" * 32, "regoins": ["NB"]}]})
    assert wrong(relay, text) == [f"{line_of(text, 'regoins')}: authorities[1].regoins: no such key; is `regions` meant?"]
    text = write(relay, {"authorities": [{"name": "emo", "key": "11" * 32, "regions": []}]})
    assert wrong(relay, text) == [f"{line_of(text, 'regions')}: authorities[1].regions: is empty; name one at least, or leave the key out"]


def test_control_characters_are_not_told_as_they_are(relay):
    text = write(relay, {"log": {"level": r'"a\n\e[31mb"'}})
    told = wrong(relay, text)
    assert len(told) == 1 and "\x1b" not in told[0]


# --- what only a start touches ---


def checked(relay, changes):
    text = write(relay, changes)
    code, told = run("--check-config", relay.config_path)
    return code, [line.removeprefix(f"caprelayd: {relay.config_path}:") for line in told], text


def refused_by_both(relay, changes, key, says):
    code, told, text = checked(relay, changes)
    assert code == 1 and len(told) == 1 and f": {key}: " in told[0] and says in told[0], told
    assert told[0].startswith(f"{line_of(text, key.split('.')[-1] + ':')}: "), told
    code, told = run("--config", relay.config_path)
    assert code == 1 and any(f": {key}: " in line for line in told), told


def test_state_dir(relay, files, tmp_path):
    refused_by_both(relay, {"state_dir": files["text"]}, "state_dir", "is no folder")
    refused_by_both(relay, {"state_dir": tmp_path / "a" / "b"}, "state_dir", "it cannot be made: there is no folder")
    # One that a start makes is none yet.
    assert checked(relay, {"state_dir": tmp_path / "new"})[0] == 0
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped: root may write everywhere")
def test_state_dir_of_somebody_else(relay, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    folder.chmod(0o500)
    refused_by_both(relay, {"state_dir": folder}, "state_dir", "mode 0500, and user")
    folder.chmod(0o700)
    (folder / "journal.db").write_bytes(b"")
    (folder / "journal.db").chmod(0o400)
    refused_by_both(relay, {"state_dir": folder}, "state_dir", "cannot read and write it (chown")


def test_a_journal_that_is_none(relay, files, tmp_path):
    refused_by_both(relay, {"journal": {"path": files["text"]}}, "journal.path", "is no SQLite database")
    refused_by_both(relay, {"journal": {"path": tmp_path}}, "journal.path", "is no file")
    refused_by_both(relay, {"journal": {"path": tmp_path / "a" / "journal.db"}}, "journal.path", "there is no folder")


def look(folder):
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_size, p.read_bytes()) for p in folder.iterdir()}


def test_a_relay_at_work_is_not_disturbed(relay):
    relay.start()
    before = look(relay.state)
    assert run("--check-config", relay.config_path) == (0, [])
    assert set(look(relay.state)) == set(before)
    relay.stop()
    left = look(relay.state)
    assert run("--check-config", relay.config_path) == (0, [])
    assert look(relay.state) == left


@pytest.mark.parametrize("address", ["192.0.2.1", "nonesuch0", "[2001:db8::1]"])
def test_an_address_of_another_machine(relay, address):
    relay.changes["access"] = {"mode": "curve", "allow": "any"}
    relay.changes["keys"] = {"curve": relay.keys.path("curve")}
    refused_by_both(relay, {"listen": {"feed": f"tcp://{address}:{relay.feed}"}}, "listen.feed", "")


def test_sockets_have_places_of_their_own(relay, tmp_path):
    text = write(relay, {"listen": {"query": f"tcp://127.0.0.1:{relay.feed}"}})
    assert wrong(relay, text) == [f"{line_of(text, 'query:')}: listen.query: is where listen.feed is; give it another port"]
    refused_by_both(relay, {"listen": {"query": f"ipc://{tmp_path}/none/query"}}, "listen.query", "there is no folder")


def test_pins_that_have_ended(relay, tmp_path):
    old, new = (make_certificate(tmp_path / "pins", name, days)[0] for name, days in (("old", -1), ("new", 30)))

    def pinned(*paths):
        pins = [{"name": path.stem, "file": path} for path in paths]
        return checked(relay, {"sources": [{"name": "s", "adapter": "nws", "user_agent": "a", "signature": {"policy": "flag", "pins": pins}}]})

    code, told, text = pinned(old)
    assert code == 1 and len(told) == 1, told
    assert told[0].startswith(f"{line_of(text, 'signature:')}: sources[1].signature: every pin has ended"), told
    assert pinned(old, new)[0] == 0
