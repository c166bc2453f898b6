"""What an outcome depends on, as digests: as long as they hold, the outcome stands. Reads files and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from selfship import paths
from selfship.proving.sides import Side

MOCK = paths.PACKAGE / "mock"
CLIENTS = paths.PACKAGE / "clients"
_JUDGES_CLIENTS = ("contract.py", "exchanges.py", "lifecycle.py", "operations.py", "requirements.py", "verdict.py")
"""Beside the referee, what has a say in how a client is judged."""
_SPECIAL = tuple(MOCK / name for name in ("faults", "variants.py", "null.py"))
"""Parts of the mock that concern single cases."""
_ASIDE = tuple(
    paths.PACKAGE / name
    for name in (
        *("mock", "proving", "certificate", "found_out.py", "har.py", "listing.py", "terminal.py", "conftest.py"),
        *("waiving", "archive.py", "referee", "clients"),
        *("comparing", "signing", "history"),
        "reference",
        *("merging", "fleet"),
        *("planning", "residue.py", "ledger.py"),
        *("resuming", "frugality.py", "patience.py"),
    )
)
"""Parts of the package that have no say in what a run finds, and the mock, which has a digest of its own."""
_BORROWS = re.compile(r"^from selfship\.mock\.faults\.(\w+) import", re.MULTILINE)
_DATA = (paths.SUITES, paths.CONTRACTS, paths.FIXTURES)


def of_case(special: str, description: str) -> dict[str, str]:
    """Of the judge, of the mock, of the mock's file that makes a case special ("" for none), and of its description."""
    own = digest(_with_helpers(MOCK / special) if special else [])
    text = "sha256:" + hashlib.sha256(description.encode()).hexdigest()
    return {"judge": judge(), "mock": plain_mock(), "own": own, "case": text}


def of_client(special: str, description: str) -> dict[str, str]:
    """The same of a client: of what judges it, of the mock, of the example and its hooks, and of its description."""
    own = digest([*_python(paths.CLIENTS), CLIENTS / "hooks.py", CLIENTS / special, *_drills()])
    text = "sha256:" + hashlib.sha256(description.encode()).hexdigest()
    return {"judge": referee(), "mock": plain_mock(), "own": own, "case": text}


@cache
def referee() -> str:
    """Of everything that takes part in judging a client, the mock aside."""
    kit = [path for path in map(paths.PACKAGE.joinpath, _JUDGES_CLIENTS) if path.exists()]
    return digest([*_python(paths.PACKAGE / "referee"), *kit, paths.REQUIREMENTS, paths.OPENAPI])


@cache
def all_clients() -> str:
    """Of every client that the referee is tried with, and of what it is tried by."""
    return digest([*_python(paths.CLIENTS), *_python(CLIENTS), *_drills()])


@cache
def judge() -> str:
    """Of everything that takes part in judging a host: kit, suites, requirements, contract."""
    kit = [path for path in _python(paths.PACKAGE) if not _within(path, (*_ASIDE, *_DATA))]
    return digest([*kit, *_python(paths.SUITES), paths.REQUIREMENTS, paths.OPENAPI])


@cache
def plain_mock() -> str:
    """Of the mock without what only single cases use; with its orders and its profiles."""
    host = [path for path in _python(MOCK) if not _within(path, _SPECIAL)]
    return digest([*host, MOCK / "faults" / "fault.py", *_profiles()])


@cache
def whole_mock() -> str:
    """Of the mock with all that can be wrong with it."""
    return digest([*_python(MOCK), *_profiles()])


def changed(side: Side = "host") -> bool:
    """Whether judge or judged are others by now than when they were first asked for."""
    parts = (judge, whole_mock) if side == "host" else (referee, plain_mock, all_clients)
    return [part() for part in parts] != [part.__wrapped__() for part in parts]


def digest(files: Iterable[Path]) -> str:
    """`sha256:` and the digest of these files' names and bytes, in whatever order they come."""
    found = hashlib.sha256()
    for name, path in sorted((_name(path), path) for path in set(files)):
        found.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return "sha256:" + found.hexdigest()


def _with_helpers(path: Path, known: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """A file of faults, and those of its neighbours that it borrows from."""
    found = known | {path}
    for name in _BORROWS.findall(path.read_text(encoding="utf-8")):
        neighbour = MOCK / "faults" / f"{name}.py"
        if neighbour.is_file() and neighbour not in found:
            found = _with_helpers(neighbour, found)
    return found


def _name(path: Path) -> str:
    # The same in a checkout, where the data folders stand beside the package, as in a wheel, where they are inside.
    inside = path.is_relative_to(paths.PACKAGE)
    return path.relative_to(paths.PACKAGE if inside else paths.ROOT).as_posix()


def _python(folder: Path) -> list[Path]:
    return list(folder.rglob("*.py"))


def _profiles() -> list[Path]:
    # Not the rest of the fixtures: what a referee serves, or a client does, is nothing to a host.
    return [*paths.HOSTS.rglob("*.toml"), *paths.ORDERS.rglob("*.toml")]


def _drills() -> list[Path]:
    """The scenarios that clients are tried with."""
    return list((paths.FIXTURES / "scenarios" / "drills").glob("*.toml"))


def _within(path: Path, places: Iterable[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)
