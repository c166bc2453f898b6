"""The requirement table is whole, well formed and read honestly."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfship import contract, lifecycle, paths, requirements
from selfship.errors import BrokenKitError

# Copied by hand from the rules, in their order. M: MUST, S: SHOULD, O: OBSERVE, X: MUST in the extended edition only.
RULES = """
CON-1 M  CON-2 M  CON-3 M  CON-4 M  CON-5 M  CON-6 S  CON-7 M  CON-8 M  CON-9 M
AUTH-1 M  AUTH-2 M  AUTH-3 M  AUTH-4 M  AUTH-5 M  AUTH-6 M  AUTH-7 S  AUTH-8 S
FET-1 M  FET-2 M  FET-3 M  FET-4 S  FET-5 M  FET-6 M  FET-7 M  FET-8 M  FET-9 S  FET-10 M  FET-11 M  FET-12 M  FET-13 M
INF-1 M  INF-2 M  INF-3 M
FWD-1 M  FWD-2 M  FWD-3 M  FWD-4 M  FWD-5 M  FWD-6 M  FWD-7 M  FWD-8 O  FWD-9 O  FWD-10 M
AUT-1 M  AUT-2 M  AUT-3 M  AUT-4 O
NDR-1 X  NDR-2 X  NDR-3 X  NDR-4 O
RTO-1 M  RTO-2 S  RTO-3 M
RET-1 M  RET-2 M  RET-3 M  RET-4 M  RET-5 M  RET-6 S  RET-7 S  RET-8 M  RET-9 S
STA-1 M  STA-2 M  STA-3 M  STA-4 M  STA-5 M  STA-6 M  STA-7 M  STA-8 M  STA-9 M  STA-10 M  STA-11 M  STA-12 S
STA-13 O  STA-14 M
LIM-1 M  LIM-2 M  LIM-3 S  LIM-4 S  LIM-5 M
BAT-1 M  BAT-2 M  BAT-3 S  BAT-4 S  BAT-5 S  BAT-6 M  BAT-7 S  BAT-8 M
ELI-1 M  ELI-2 M  ELI-3 M
VAL-1 M  VAL-2 S  VAL-3 M  VAL-4 S  VAL-5 M
DOC-1 M  DOC-2 M  DOC-3 M  DOC-4 M  DOC-5 O
COU-1 M
TRK-1 M  TRK-2 M  TRK-4 M  TRK-3 M
RAC-1 M  RAC-2 M
AGG-1 M  AGG-2 M  AGG-3 M  AGG-4 M  AGG-5 M  AGG-6 M  AGG-7 M  AGG-8 M  AGG-9 M  AGG-10 M  AGG-11 M  AGG-12 M
AGG-13 M  AGG-14 M  AGG-15 S  AGG-16 M  AGG-17 S  AGG-18 M
"""
LEVELS = {"M": ("MUST", None), "S": ("SHOULD", None), "O": ("OBSERVE", None), "X": ("MUST", "extended")}


def test_every_rule_is_there_in_order_with_its_level() -> None:
    expected = [(id_, *LEVELS[mark]) for id_, mark in re.findall(r"(\S+) ([MSOX])\b", RULES)]
    found = [(row.id, row.level, row.edition) for row in requirements.load().values()]

    assert len(expected) == 128
    assert found == expected


def test_only_the_rules_of_an_aggregator_are_the_clients() -> None:
    for row in requirements.load().values():
        assert row.side == ("client" if row.group == "AGG" else "host"), row.id


def test_every_group_has_a_title_and_its_rules_together() -> None:
    order = list(dict.fromkeys(row.group for row in requirements.load().values()))

    assert order == list(requirements.groups())


def test_every_statement_is_one_paragraph_that_ends() -> None:
    for row in requirements.load().values():
        assert row.statement.endswith("."), row.id
        assert "\n" not in row.statement + row.source + (row.note or ""), row.id
        assert len(row.statement) <= 400, row.id


def test_an_inference_says_from_what() -> None:
    for row in requirements.load().values():
        if row.source.startswith("not documented"):
            assert re.match(r"not documented: \S+ \S+", row.source), row.id


def test_every_rule_of_the_lifecycle_table_is_a_requirement() -> None:
    known = requirements.load()

    for state, event, cell in lifecycle.cells():
        for rule in cell.rules:
            assert rule in known, f"{state} × {event} names {rule}"
            assert known[rule].side == "host", f"{state} × {event} names {rule}"


def test_the_codes_are_those_of_the_contract() -> None:
    for row in requirements.load().values():
        for operation, code in row.codes:
            assert code in contract.error_codes(operation), f"{row.id}: {operation} {code}"


def test_the_codes_of_the_lifecycle_table_are_those_of_its_rules() -> None:
    known = requirements.load()

    for state, event, cell in lifecycle.cells():
        if cell.code:
            operation = lifecycle.EVENTS[event].operation
            assert (operation, cell.code) in known[cell.rules[0]].codes, f"{state} × {event}"


def test_the_digest_is_of_the_files_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "table.yaml"
    copy.write_bytes(paths.REQUIREMENTS.read_bytes() + b"\n")

    assert requirements.digest() == "sha256:" + hashlib.sha256(paths.REQUIREMENTS.read_bytes()).hexdigest()
    assert requirements.digest(copy) != requirements.digest()


def test_the_table_is_read_once() -> None:
    assert requirements.load() is requirements.load()


def test_nobody_can_change_the_loaded_table() -> None:
    with pytest.raises(TypeError):
        requirements.load()["CON-1"] = requirements.load()["CON-2"]  # type: ignore[index]


# What the loader says of a broken table.

ROW: dict[str, Any] = {"id": "CON-1", "level": "MUST", "side": "host", "statement": "So.", "source": "There."}


def table(tmp_path: Path, *rows: Any, **other: Any) -> Path:
    path = tmp_path / "requirements.yaml"
    path.write_text(yaml.safe_dump({"groups": {"CON": "the wire"}, "requirements": list(rows), **other}), "utf-8")
    return path


def test_a_small_table_loads(tmp_path: Path) -> None:
    path = table(tmp_path, {**ROW, "note": "Hm.", "codes": {"pack": ["CR400"]}})

    row = requirements.load(path)["CON-1"]

    assert row == requirements.Requirement(
        id="CON-1",
        level="MUST",
        side="host",
        group="CON",
        statement="So.",
        source="There.",
        note="Hm.",
        codes=(("pack", "CR400"),),
    )
    assert requirements.groups(path) == {"CON": "the wire"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"level": "MAY"}, "`level` of requirement CON-1 is 'MAY': write MUST or SHOULD or OBSERVE"),
        ({"side": "server"}, "`side` of requirement CON-1 is 'server': write host or client"),
        ({"edition": "strict"}, "`edition` of requirement CON-1 is 'strict': write extended"),
        ({"statement": " "}, "`statement` of requirement CON-1 must be a text"),
        ({"statement": 5}, "`statement` of requirement CON-1 must be a text"),
        ({"notes": "x"}, "Requirement CON-1 has an unknown field `notes`"),
        ({"id": "CON1"}, "The id CON1 is not a group of the table"),
        ({"id": "XYZ-1"}, "The id XYZ-1 is not a group of the table"),
        ({"id": "CON-a"}, "The id CON-a is not a group of the table"),
        ({"codes": ["CR400"]}, "`codes` of requirement CON-1 must list codes by operation"),
        ({"codes": {"packing": ["CR400"]}}, "`codes` of requirement CON-1 must list codes by operation"),
        ({"codes": {"pack": "CR400"}}, "`codes` of requirement CON-1 must list codes by operation"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(BrokenKitError, match=re.escape(says)):
        requirements.load(table(tmp_path, {**ROW, **change}))


@pytest.mark.parametrize("field", sorted(ROW))
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    row = {key: value for key, value in ROW.items() if key != field}

    with pytest.raises(BrokenKitError, match=f"has no `{field}`: add it"):
        requirements.load(table(tmp_path, row))


def test_an_id_cannot_stand_twice(tmp_path: Path) -> None:
    with pytest.raises(BrokenKitError, match="CON-1 stands twice"):
        requirements.load(table(tmp_path, ROW, ROW))


def test_a_group_without_rules_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenKitError, match=r"Group AUTH .* has no requirement"):
        requirements.load(table(tmp_path, ROW, groups={"CON": "the wire", "AUTH": "who"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("groups: [", "is not YAML"),
        ("[]", "exactly two keys"),
        ("groups: {}", "exactly two keys"),
        ("groups: []\nrequirements: []", "must give each prefix a title"),
        ("groups: {CON: ''}\nrequirements: []", "must give each prefix a title"),
        ("groups: {CON: a}\nrequirements: []", "must be a list of rows"),
        ("groups: {CON: a}\nrequirements: [5]", "Requirement number 1 is not a set of fields"),
        ("groups: {CON: a}\nrequirements: [{id: 5}]", "Requirement 5 has no `level`"),
    ],
)
def test_what_is_no_table_is_said_so(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "requirements.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(BrokenKitError, match=says):
        requirements.load(path)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BrokenKitError, match=r"cannot be read \(No such file or directory\): install the kit again"):
        requirements.load(tmp_path / "none.yaml")
    with pytest.raises(BrokenKitError, match="cannot be read"):
        requirements.digest(tmp_path / "none.yaml")
