"""docs/translation.md is that of the tables, and note codes are the same in C, in the table and on the page."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "cap-schemas" / "tables"


def rows(name):
    lines = [line.split("\t") for line in (TABLES / name).read_text().split("\n") if line and not line.startswith("#")]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def test_the_page_is_that_of_the_tables():
    done = subprocess.run([ROOT / "script" / "translation-docs", "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_note_code_has_a_meaning():
    in_c = set(re.findall(r'#define NOTE_\w+\s+(?:\\\s+)?"([^"]+)"', (ROOT / "relay" / "translate" / "notes.h").read_text()))
    table = {row["code"]: row for row in rows("note_codes.tsv")}
    assert len(in_c) > 30
    assert in_c == set(table), f"notes.h alone: {in_c - set(table)}; note_codes.tsv alone: {set(table) - in_c}"
    for code, row in table.items():
        assert row["meaning"] and row["effect"] in ("lost", "changed", "added", "told"), code
        assert (row["about"] == "-") == (row["effect"] == "told"), code


def test_every_event_row_is_on_the_page():
    page = (ROOT / "docs" / "translation.md").read_text()
    for name, key in (("capcp_to_same.tsv", "capcp_code"), ("same_to_capcp.tsv", "same_code")):
        for row in rows(name):
            assert f"| `{row[key]}` |" in page, (name, row[key])


def test_a_row_of_low_confidence_is_marked():
    page = (ROOT / "docs" / "translation.md").read_text().splitlines()
    low = [row for row in rows("same_to_capcp.tsv") if row["confidence"] == "low"]
    for row in low:
        assert all("**not used**" in line for line in page if line.startswith(f"| `{row['same_code']}` |")), row
    med = [row for row in rows("capcp_to_same.tsv") if row["confidence"] == "med"]
    assert med
    for row in med:
        assert all("*unverified*" in line for line in page if line.startswith(f"| `{row['capcp_code']}` |")), row


def test_the_tables_version_covers_every_table_that_translation_reads():
    """Tables are named where they are read; only the explanation reads one that decides nothing (note_codes)."""
    translate = ROOT / "relay" / "translate"
    digested = set(re.findall(r'"(\w+)"', re.search(r"tables_read\[\] = \{(.*?)\}", (translate / "tables.c").read_text(), re.S).group(1)))
    read = set()
    for path in [*translate.glob("*.c"), *(ROOT / "relay" / "geo").glob("*.c"), *(ROOT / "relay" / "alert").glob("*.c")]:
        if path.name == "explain.c":
            continue
        for name in re.findall(r'(?:table_(?:cell|cell_nocase|cell_by|of)|schema_table_find|line_of|name_in)\(\s*"(\w+)"', path.read_text()):
            read.add(name)
    assert len(read) > 10
    assert read <= digested, f"read, but not in the digest of tables.c: {sorted(read - digested)}"
    assert all((TABLES / f"{name}.tsv").exists() for name in digested)
