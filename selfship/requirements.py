"""The requirement table of `contracts/requirements.yaml`, read and checked.

Decides what a well-formed row is. Never knows which tests judge a requirement, or what a run found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import yaml

from selfship import paths
from selfship.errors import BrokenKitError
from selfship.operations import OPERATIONS
from selfship.verdict import Level

Side = Literal["host", "client"]
Edition = Literal["extended"]

# libyaml's loader reads the table ten times faster; not every platform's PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NEEDED = {"id", "level", "side", "statement", "source"}
_FIELDS = _NEEDED | {"note", "edition", "codes"}


@dataclass(frozen=True)
class Requirement:
    """One rule that a host or a client keeps.

    `group` is the prefix of the id (`CON`); `groups()` has its title. `edition` is set where the rule speaks only of
    hosts of that edition. `codes` are the documented error codes of the refusal as (operation, code).
    """

    id: str
    level: Level
    side: Side
    group: str
    statement: str
    source: str
    note: str | None = None
    edition: Edition | None = None
    codes: tuple[tuple[str, str], ...] = ()


def load(path: Path = paths.REQUIREMENTS) -> Mapping[str, Requirement]:
    """Every requirement by its id, in the order of the table. BrokenKitError where the table is not one."""
    return _table(path)[1]


def groups(path: Path = paths.REQUIREMENTS) -> Mapping[str, str]:
    """The title of each group by the prefix of its ids, in the order of the table."""
    return _table(path)[0]


def digest(path: Path = paths.REQUIREMENTS) -> str:
    """`sha256:` and the digest of the table's bytes, as certificates carry it."""
    return "sha256:" + hashlib.sha256(_read(path)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        reason = problem.strerror or problem
        raise BrokenKitError(f"{path} cannot be read ({reason}): install the kit again.") from problem


@lru_cache(maxsize=8)
def _table(path: Path) -> tuple[Mapping[str, str], Mapping[str, Requirement]]:
    try:
        document = yaml.load(_read(path), Loader=_LOADER)  # noqa: S506 - a safe loader in both cases
    except yaml.YAMLError as problem:
        raise BrokenKitError(f"{path} is not YAML: {_one_line(problem)}; mend that line.") from problem
    if not isinstance(document, dict) or set(document) != {"groups", "requirements"}:
        raise BrokenKitError(f"{path} must hold exactly two keys: write `groups` and `requirements`.")
    titles, rows = document["groups"], document["requirements"]
    if not isinstance(titles, dict) or not all(isinstance(title, str) and title for title in titles.values()):
        raise BrokenKitError(f"`groups` of {path} must give each prefix a title: write `PREFIX: title`.")
    if not isinstance(rows, list) or not rows:
        raise BrokenKitError(f"`requirements` of {path} must be a list of rows: write at least one.")
    found: dict[str, Requirement] = {}
    for place, row in enumerate(rows, 1):
        requirement = _requirement(row, place, titles)
        if requirement.id in found:
            raise BrokenKitError(f"Requirement {requirement.id} stands twice in {path}: give one of them its own id.")
        found[requirement.id] = requirement
    unused = titles.keys() - {requirement.group for requirement in found.values()}
    if unused:
        raise BrokenKitError(f"Group {min(unused)} of {path} has no requirement: add one, or take the group away.")
    return MappingProxyType(titles), MappingProxyType(found)


def _requirement(row: Any, place: int, titles: Mapping[str, str]) -> Requirement:
    if not isinstance(row, dict):
        raise BrokenKitError(f"Requirement number {place} is not a set of fields: write `id`, `level` and so on.")
    name = row.get("id", f"number {place}")
    if missing := _NEEDED - row.keys():
        raise BrokenKitError(f"Requirement {name} has no `{min(missing)}`: add it.")
    if unknown := row.keys() - _FIELDS:
        raise BrokenKitError(f"Requirement {name} has an unknown field `{min(unknown, key=str)}`: take it away.")
    for field in sorted(row.keys() - {"codes"}):
        if not isinstance(row[field], str) or not row[field].strip():
            raise BrokenKitError(f"`{field}` of requirement {name} must be a text that is not empty: write one.")
    _one_of(name, "level", row["level"], get_args(Level))
    _one_of(name, "side", row["side"], get_args(Side))
    if "edition" in row:
        _one_of(name, "edition", row["edition"], get_args(Edition))
    group, dash, number = name.rpartition("-")
    if not (dash and number.isascii() and number.isdigit() and group in titles):
        raise BrokenKitError(f"The id {name} is not a group of the table, a dash and a number: write it like CON-1.")
    fields = {key: value for key, value in row.items() if key != "codes"}
    return Requirement(**fields, group=group, codes=_codes(name, row.get("codes", {})))


def _one_of(name: str, field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        choice = " or ".join(allowed)
        raise BrokenKitError(f"`{field}` of requirement {name} is {value!r}: write {choice}.")


def _codes(name: str, codes: Any) -> tuple[tuple[str, str], ...]:
    def well_formed(operation: Any, listed: Any) -> bool:
        return operation in OPERATIONS and isinstance(listed, list) and all(isinstance(code, str) for code in listed)

    if not isinstance(codes, dict) or not all(well_formed(*entry) for entry in codes.items()):
        raise BrokenKitError(f"`codes` of requirement {name} must list codes by operation: write `pack: [CR400]`.")
    return tuple((operation, code) for operation, listed in codes.items() for code in listed)


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())
