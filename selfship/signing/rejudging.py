"""Judges what a run recorded once more, without the host: the checks of the suites that look at traffic alone, or at
the switches that its results tell beside it.

They are found in the suites by what they ask for, and are called as the plain functions that they are.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any

from selfship import expect, paths
from selfship.exchanges import Exchange
from selfship.profile import Switches

TRAFFIC, SWITCHES = "traffic", "switches"
Judgement = Callable[..., None]


@dataclass(frozen=True)
class Again:
    """A check, judged again. `words` is what it failed with, None where it holds."""

    check: str
    requirements: tuple[str, ...]
    words: str | None


def judged_again(exchanges: Sequence[Exchange], profile: Mapping[str, Any]) -> list[Again]:
    """What each check of the traffic says of these exchanges; those that could not judge them are left out.

    `profile`: the target's, as the results of the run tell it.
    """
    recorded = {TRAFFIC: list(exchanges), SWITCHES: _switches(profile)}
    found = []
    for check, requirements, judge, param in _checks():
        given = {name: recorded[name] for name in _wanted(judge) & recorded.keys()}
        try:
            judge(**given, **param)
        except expect.CheckFailedError as failed:
            found.append(Again(check, requirements, failed.message))
        except (expect.BlockedError, expect.NotTestableError, expect.NotApplicableError):
            continue
        else:
            found.append(Again(check, requirements, None))
    return found


def _checks() -> Iterator[tuple[str, tuple[str, ...], Judgement, dict[str, Any]]]:
    """Id, requirements, function and parameters of every case of every check that can be judged again."""
    for path in sorted((paths.SUITES / "host").rglob("test_*.py")):
        if TRAFFIC in path.read_text(encoding="utf-8"):
            for name, judge in vars(_module(path)).items():
                if name.startswith("test_") and inspect.isfunction(judge):
                    yield from _cases(f"suites/{path.relative_to(paths.SUITES).as_posix()}::{name}", judge)


def _cases(name: str, judge: Judgement) -> Iterator[tuple[str, tuple[str, ...], Judgement, dict[str, Any]]]:
    marks = getattr(judge, "pytestmark", [])
    requirements = tuple(str(one) for mark in marks if mark.name == "requirement" for one in mark.args)
    varied = [mark.args for mark in marks if mark.name == "parametrize"]
    wanted = _wanted(judge) - {SWITCHES}
    if not varied and wanted == {TRAFFIC}:
        yield name, requirements, judge, {}
    elif len(varied) == 1 and isinstance(varied[0][0], str) and wanted == {TRAFFIC, varied[0][0]}:
        for value in varied[0][1]:
            yield f"{name}[{value}]", requirements, judge, {varied[0][0]: value}


def _wanted(judge: Judgement) -> set[str]:
    return set(inspect.signature(judge).parameters)


def _switches(profile: Mapping[str, Any]) -> Switches:
    return Switches(**{one.name: profile[one.name] for one in fields(Switches) if one.name in profile})


def _module(path: Path) -> ModuleType:
    """The file as a module of our own, so that pytest's import of it, if any, is not touched."""
    name = f"selfship_again_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
