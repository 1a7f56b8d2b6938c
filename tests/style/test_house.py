"""The house as the documents describe it: who includes what, how long functions are, which links resolve."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("relay", "adapters", "outlets", "client", "cli", "boundaries", "cap-schemas")
    for path in (ROOT / folder).rglob("*.[ch]")
    if "node_modules" not in path.parts
)

# A third-party header and the only folders that may include it.
DOORS = {
    "ev.h": {"relay/loop"},
    "libxml/": {"relay/alert", "relay/origin"}, # origin: libxmlsec1 works on the trees of the libxml2 under it; cog uses alert/document.h
    "xmlsec/": {"relay/origin"},
    "sqlite3.h": {"relay/journal"},
    "zmq.h": {"relay", "relay/loop", "relay/publish", "adapters/inject", "client"}, # relayd makes the context
    "sodium": {"relay/base", "relay/seal"},
    "openssl/": {"relay/base", "relay/origin"},
    "yaml.h": {"relay/conf"},
    "geos_c.h": {"boundaries"},
    "zstd.h": {"relay/seal", "relay/journal"},
    "systemd/": {"relay"},
    "curl/": {"relay/http"},
    "microhttpd.h": {"relay/httpd"},
    "gnutls/": {"relay/httpd"},
    "amqp.h": {"relay/amqp"},
    "amqp_": {"relay/amqp"},
    "strophe.h": {"relay/xmpp"},
}

# room: what it may include of the other rooms. Headers of `relayd*.c` and of tests are not bound by it.
KNOWS = {
    "base": set(),
    "log": {"base"},
    "conf": {"base"},
    "loop": {"base"},
    "dial": {"base", "loop"},
    "amqp": {"base", "loop"},
    "http": {"base", "loop"},
    "httpd": {"base", "loop"},
    "xmpp": {"base", "loop"},
    "alert": {"base"},
    "origin": {"base", "alert"},
    "cog": {"base", "alert", "origin"},
    "profile": {"base", "alert"},
    "geo": {"base", "alert"},
    "translate": {"base", "alert", "profile", "geo"},
    "seal": {"base", "alert"},
    "journal": {"base", "alert"},
    "dedup": {"base", "alert", "journal"},
    "route": {"base", "alert", "geo"},
    "intake": {"base", "alert", "origin", "profile", "geo", "translate", "seal", "journal", "dedup", "route", "log"},
    "publish": {"base", "alert", "loop", "journal", "seal", "log"},
}

# Rooms whose headers an adapter may include; intake/intake.h too, for the alert in an outcome.
ADAPTERS_KNOW = {"base", "conf", "log", "loop", "alert", "http", "dial", "amqp", "xmpp", "cog"}
# Adapters that use more of the host than adapter.h: the doors for authorities, which answer with receipts.
WIDER_DOOR = {"inject", "inject_http"}

FUNCTION_LINES_MAX = 80
FILE_LINES_MAX = 600


def includes(path):
    return re.findall(r'^#include [<"]([^>"]+)[>"]', path.read_text(), re.M)


def room(path):
    return path.relative_to(ROOT).parent.as_posix()


def test_there_is_something_to_check():
    assert len(SOURCES) > 50


def test_third_party_headers_come_in_by_one_door():
    wrong = [
        f"{path.relative_to(ROOT)} includes {header}; only {', '.join(sorted(rooms))} may"
        for path in SOURCES
        for header in includes(path)
        for door, rooms in DOORS.items()
        if (header.startswith(door) or header == door) and room(path) not in rooms
    ]
    assert not wrong, "\n".join(wrong)


def test_rooms_know_only_what_they_may():
    wrong = []
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        if parts[0] != "relay" or len(parts) < 3:
            continue
        for header in includes(path):
            other = header.split("/")[0]
            if other in KNOWS and other != parts[1] and other not in KNOWS[parts[1]]:
                wrong.append(f"{path.relative_to(ROOT)} includes {header}")
    assert not wrong, "\n".join(wrong)


def functions(path):
    """(name, first line, lines) of each function: from its first line to the brace that closes it in column one."""
    lines = path.read_text().splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
            while start > 1 and lines[start - 2] and not lines[start - 2].startswith(("}", "#", "/", " *")):
                start -= 1
        elif line == "}" and start:
            name = re.search(r"(\w+)\(", " ".join(lines[start - 1 : number]))
            yield (name.group(1) if name else "?", start, number - start + 1)
            start = None


def test_no_function_is_long():
    long = [
        f"{path.relative_to(ROOT)}:{line} {name}: {length} lines, at most {FUNCTION_LINES_MAX}"
        for path in SOURCES
        if path.suffix == ".c"
        for name, line, length in functions(path)
        if length > FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_no_file_is_long():
    long = [
        f"{path.relative_to(ROOT)}: {count} lines, at most {FILE_LINES_MAX}"
        for path in SOURCES
        if (count := len(path.read_text().splitlines())) > FILE_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_every_header_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.suffix == ".h" and not path.read_text().startswith("/*\n * ")
    ]
    assert not silent, "no opening paragraph: " + ", ".join(silent)


def test_every_room_has_a_readme():
    rooms = sorted({path.parent for path in SOURCES if path.relative_to(ROOT).parts[0] == "relay"} - {ROOT / "relay"})
    bare = [str(folder.relative_to(ROOT)) for folder in rooms if not (folder / "README.md").exists()]
    assert not bare, "no README.md in " + ", ".join(bare)


def test_links_in_the_documents_resolve():
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("relay/*/README.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not broken, "\n".join(broken)


def test_paths_named_in_the_walk_through_exist():
    page = ROOT / "docs" / "follow-one-alert.md"
    named = set(re.findall(r"`((?:relay|adapters|client|cli|cap-schemas)/[\w./-]+\.[ch])`", page.read_text()))
    assert named, "the page names no file"
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert not missing, ", ".join(missing)


def test_what_the_page_on_adapters_names_exists():
    page = (ROOT / "docs" / "add-an-adapter.md").read_text()
    paths = set(re.findall(r"`((?:relay|adapters|tests|config|script)/[\w./-]+)`", page))
    symbols = set(re.findall(r"`((?:host|http|dial|amqp|backoff|loop)_\w+)\(\)`|`([A-Z]{2,}(?:_[A-Z]+)+)`|`(contract_driver|mark_key|mark_value|instance_size|senseless|receipt|settled|DOORS)`", page))
    names = {name for match in symbols for name in match if name}
    assert len(paths) > 20 and len(names) > 20, "the page names too little"
    missing = sorted(path for path in paths if "NAME" not in path and not (ROOT / path).exists())
    text = "\n".join(path.read_text() for folder in ("relay", "adapters", "tests") for path in sorted((ROOT / folder).rglob("*.h")))
    text += (ROOT / "tests" / "style" / "test_house.py").read_text().split("def ", 1)[0]
    missing += sorted(name for name in names if not re.search(rf"\b{name}\b", text))
    assert not missing, ", ".join(missing)


def test_adapters_know_only_what_the_page_says():
    wrong = []
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        if parts[0] != "adapters" or len(parts) < 3 or parts[1] in WIDER_DOOR:
            continue
        for header in includes(path):
            first = header.split("/")[0]
            other = header.startswith("adapters/") and len(header.split("/")) > 2 and header.split("/")[1] != parts[1]
            if other or header == "adapters/host.h" or (first in KNOWS and first not in ADAPTERS_KNOW and header != "intake/intake.h"):
                wrong.append(f"{path.relative_to(ROOT)} includes {header}")
    assert not wrong, "\n".join(wrong)


def test_example_configurations_are_accepted():
    daemon = Path(os.environ.get("CAPRELAY_BUILD", ROOT / "build")) / "caprelayd"
    examples = sorted((ROOT / "config").glob("*.yaml"))
    assert examples
    for example in examples:
        done = subprocess.run([daemon, "--check-reload", example], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"{example.name}: {done.stderr}"


def test_example_sources_are_accepted(tmp_path):
    """config/sources: one file for each real service, to be put into a configuration."""
    daemon = Path(os.environ.get("CAPRELAY_BUILD", ROOT / "build")) / "caprelayd"
    examples = sorted((ROOT / "config" / "sources").glob("*.yaml"))
    assert examples
    if not daemon.exists():
        pytest.skip(f"skipped: {daemon} is not built")
    for example in examples:
        for secret in re.findall(r"^    secret_file: (\S+)", example.read_text(), re.M):
            (tmp_path / secret).touch(mode=0o600)
            (tmp_path / secret).write_text("0123456789abcdef")
        whole = tmp_path / example.name
        whole.write_text("keys: {actual: a, exercise: e}\naccess: {mode: plain}\nlisten: {feed: 'tcp://127.0.0.1:9650', query: 'tcp://127.0.0.1:9651'}\n"
                         + example.read_text())
        done = subprocess.run([daemon, "--check-reload", whole], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"{example}: {done.stderr}"



def test_the_unit_is_accepted():
    if not any(os.access(f"{folder}/systemd-analyze", os.X_OK) for folder in os.environ["PATH"].split(":")):
        pytest.skip("skipped: systemd-analyze is not installed")
    build = Path(os.environ.get("CAPRELAY_BUILD", ROOT / "build"))
    stage = build / "stage-for-style"
    env = dict(os.environ, DESTDIR=str(stage))
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], check=True, env=env, stdout=subprocess.DEVNULL, timeout=60)
    unit = next(stage.rglob("caprelayd.service"))
    done = subprocess.run(["systemd-analyze", "verify", "--root", stage, f"--recursive-errors=no", unit.name],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
