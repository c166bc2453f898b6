"""Runs that have ended, as they lie in their folders: where their files are, and how they are read.

Knows no verdict. A folder is foreign until its results.json has shown to be one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from selfship import har, paths
from selfship.errors import UsageError
from selfship.exchanges import Exchange
from selfship.results import SCHEMA, Results

RESULTS = "results.json"
EXCHANGES = "exchanges.har"


@dataclass(frozen=True)
class Archived:
    """A run as it was left: its folder, what results.json holds, and the same as data."""

    folder: Path
    raw: dict[str, Any]
    results: Results

    def exchanges(self) -> list[Exchange]:
        """Those of its HAR. UsageError where it has none, or one of somebody else's."""
        path = self.folder / EXCHANGES
        try:
            return har.read(path)
        except OSError as problem:
            raise UsageError(f"{path} cannot be read ({problem.strerror}): give a run's whole folder.") from None
        except RecursionError:
            raise UsageError(f"{path} is no HAR, but nested without end: give a run's whole folder.") from None


def open_run(named: Path, base: Path | None = None) -> Archived:
    """The run that `named` (relative to `base`) means: a run's folder, or its results.json.

    UsageError, one sentence, for anything else.
    """
    given = (base or Path.cwd()) / named.expanduser()
    path = given / RESULTS if given.is_dir() else given
    if given.is_dir() and not path.exists():
        raise UsageError(f"{named} holds no {RESULTS}: give the folder that a run has left.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no run {named}: give the folder that a run has left.") from None
    except OSError as problem:
        raise UsageError(f"{path} cannot be read ({problem.strerror}): check the path and its permissions.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON: give the folder that a run has left.") from None
    return Archived(path.parent, raw, _results(raw, path))


def _results(raw: Any, path: Path) -> Results:
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != SCHEMA:
        raise UsageError(f"{path} is not the {RESULTS} of a run ({SCHEMA}): give the folder that a run has left.")
    error = next(_validator().iter_errors(raw), None)
    if error is not None:
        at = "/".join(str(part) for part in error.instance_path)
        raise UsageError(f"{path} is damaged at /{at}: give a run's folder as it was left.")
    try:
        return Results.from_json(raw)
    except (KeyError, TypeError, ValueError) as broken:
        raise UsageError(
            f"{path} is damaged ({type(broken).__name__}: {broken}): give a run's folder as it was left."
        ) from None


@lru_cache(maxsize=1)
def _validator() -> Any:
    """Of the types of all that results hold. Another version of the kit may say more, or less, and is still read."""
    import jsonschema_rs

    schema = json.loads(paths.RESULTS_SCHEMA.read_text(encoding="utf-8"))
    lenient = _lenient(schema)
    lenient["$defs"]["latency"] = schema["$defs"]["latency"]
    return jsonschema_rs.Draft202012Validator(lenient)


def _lenient(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_lenient(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _lenient(value) for name, value in schema.items() if name not in ("required", "additionalProperties")}
