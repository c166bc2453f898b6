"""The arrows between the parts go one way, and no part grows without end."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from selfship import paths

KIT = sorted(paths.PACKAGE.rglob("*.py"))
SUITES = sorted(paths.SUITES.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))
CLIENTS = sorted(paths.CLIENTS.glob("*.py"))

PYTEST = {"plugin.py", "cli.py", "driving.py"}
"""What may import pytest: the plugin, its second half, and the command that starts it."""
HTTP = {"connections.py"}
MOST_LINES = 400


@cache
def imported(path: Path) -> frozenset[str]:
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    """The dotted name of every module that `path` imports, `from a import b` as `a.b`."""
    package = list(path.relative_to(paths.PACKAGE.parent).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def importers(files: Iterable[Path], *modules: str) -> set[str]:
    """Those of `files` that import one of `modules`, or something in it; as paths below the package or the root."""
    found = set()
    for path in files:
        names = imported(path)
        if any(name == module or name.startswith(f"{module}.") for name in names for module in modules):
            base = paths.PACKAGE if path.is_relative_to(paths.PACKAGE) else paths.ROOT
            found.add(path.relative_to(base).as_posix())
    return found


def test_the_folders_are_where_the_other_tests_look() -> None:
    assert len(KIT) > 20
    assert len(SUITES) > 5


def test_the_kit_does_not_import_suites_or_tests() -> None:
    assert importers(KIT, "suites", "tests") == set()


def test_only_plugin_and_command_import_pytest() -> None:
    assert importers(KIT, "pytest", "_pytest") <= PYTEST


def test_an_http_library_is_imported_in_one_place() -> None:
    assert importers([*KIT, *SUITES], "httpcore", "httpx", "requests", "http.client") == HTTP


def test_the_lifecycle_knows_nothing_of_ours() -> None:
    assert importers([paths.PACKAGE / "lifecycle.py"], "selfship") == set()


def test_the_suites_never_see_the_mock() -> None:
    assert importers(SUITES, "selfship.mock", "selfship.embedded") == set()


def test_of_the_kit_only_what_starts_the_mock_knows_it() -> None:
    # The referee is the mock, served to a client: it asks the mock how each order stood.
    own = [paths.PACKAGE / name for name in ("mock", "referee")]
    outside = [path for path in KIT if not any(path.is_relative_to(folder) for folder in own)]
    # `prove` names the mock's faults; it meets the mock itself only over HTTP.
    assert importers(outside, "selfship.mock") == {"serving.py", "proving/cases.py"}


def test_no_file_outgrows_a_reader() -> None:
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in [*KIT, *SUITES, *TESTS, *CLIENTS]
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_data_folders_hold_no_code_but_the_example_client() -> None:
    # To the kit it is data: a program of somebody else, run as a process of its own.
    code = [*paths.CONTRACTS.rglob("*.py"), *paths.FIXTURES.rglob("*.py")]

    assert {path.parent for path in code} == {paths.CLIENTS}
    assert importers([*KIT, *SUITES], *{path.stem for path in code}) == set()
    assert importers(code, "selfship", "tests", "suites") == set()


def test_suites_have_unique_names() -> None:
    # Without packages under suites/, pytest imports each file by its bare name.
    names = [path.name for path in SUITES]
    assert sorted(set(names)) == sorted(names)
