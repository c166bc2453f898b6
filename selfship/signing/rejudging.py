"""Judges what a run recorded once more, without the host: the checks of the suites that look at nothing but traffic.

They are found in the suites by what they ask for, and are called as the plain functions that they are.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from selfship import expect, paths
from selfship.exchanges import Exchange

TRAFFIC, HOST = "traffic", "host"
Judgement = Callable[..., None]


@dataclass(frozen=True)
class Again:
    """A check, judged again. `words` is what it failed with, None where it holds."""

    check: str
    requirements: tuple[str, ...]
    words: str | None


class Gone:
    """The host of a run that has ended: what a check would ask of it keeps the check from being judged again."""

    def __getattr__(self, name: str) -> Any:
        raise expect.NotTestableError(f"The host cannot be asked for {name} any more.")

    def invoices_alone(self) -> bool:
        """Asked only where nothing was answered 2xx, and then there is nothing to judge again."""
        return False


def judged_again(exchanges: Sequence[Exchange]) -> list[Again]:
    """What each check of the traffic says of these exchanges; those that could not judge them are left out."""
    found = []
    for check, requirements, judge, given in _checks():
        try:
            judge(**{TRAFFIC: list(exchanges)}, **given)
        except expect.CheckFailedError as failed:
            found.append(Again(check, requirements, failed.message))
        except (expect.BlockedError, expect.NotTestableError, expect.NotApplicableError):
            continue
        else:
            found.append(Again(check, requirements, None))
    return found


def _checks() -> Iterator[tuple[str, tuple[str, ...], Judgement, dict[str, Any]]]:
    """Id, requirements, function and parameters of every case of every check that asks for traffic alone.

    A check may ask for the host beside it: it gets one that is gone.
    """
    for path in sorted((paths.SUITES / "host").rglob("test_*.py")):
        if TRAFFIC in path.read_text(encoding="utf-8"):
            for name, judge in vars(_module(path)).items():
                if name.startswith("test_") and inspect.isfunction(judge):
                    yield from _cases(f"suites/{path.relative_to(paths.SUITES).as_posix()}::{name}", judge)


def _cases(name: str, judge: Judgement) -> Iterator[tuple[str, tuple[str, ...], Judgement, dict[str, Any]]]:
    marks = getattr(judge, "pytestmark", [])
    requirements = tuple(str(one) for mark in marks if mark.name == "requirement" for one in mark.args)
    varied = [mark.args for mark in marks if mark.name == "parametrize"]
    wanted = set(inspect.signature(judge).parameters)
    beside: dict[str, Any] = {HOST: Gone()} if HOST in wanted else {}
    wanted -= {HOST}
    if not varied and wanted == {TRAFFIC}:
        yield name, requirements, judge, beside
    elif len(varied) == 1 and isinstance(varied[0][0], str) and wanted == {TRAFFIC, varied[0][0]}:
        for value in varied[0][1]:
            yield f"{name}[{value}]", requirements, judge, {varied[0][0]: value, **beside}


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
