"""What a certification of one case found: only what the kill table needs, as a file of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from selfship.proving.cases import Case
from selfship.run import write_json
from selfship.verdict import RunVerdict

SCHEMA = "selfship-case/1"
KEPT = 4
"""Findings kept of each rule."""
CLIPPED = 500
NOT_RUN = "not_run"
QUIET = ("pass", "observed", "not_applicable")


@dataclass(frozen=True)
class Said:
    """What one check said of a rule, and what blocked it."""

    verdict: str
    message: str
    check: str
    blocked_by: str | None = None


@dataclass(frozen=True)
class Outcome:
    """`verdict` is the run's, or NOT_RUN where the kit declined, with its reason in `note`; None, with `error`, where
    no run came of it. `run_s` is the run's own time, `wall_s` that of the whole case.
    """

    case: str
    digests: Mapping[str, str]
    verdict: str | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    requests: int = 0
    run_s: float = 0.0
    wall_s: float = 0.0
    note: str = ""
    error: str = ""

    def with_verdict(self, *verdicts: str) -> list[str]:
        """The rules that ended so, in the table's order."""
        return [rule for rule, verdict in self.rules.items() if verdict in verdicts]


def of_results(case: Case, digests: Mapping[str, str], results: Mapping[str, Any], wall_s: float) -> Outcome:
    """From a run's `results.json`."""
    said: dict[str, tuple[Said, ...]] = {}
    for row in results["requirements"]:
        # What is loud comes first: it must not fall to the cut.
        loud = sorted(row["findings"], key=lambda one: one["verdict"] != row["verdict"])
        kept = [
            Said(one["verdict"], one["message"][:CLIPPED], one["check"], one["blocked_by"])
            for one in loud
            if one["verdict"] not in QUIET
        ]
        if kept:
            said[row["id"]] = tuple(kept[:KEPT])
    return Outcome(
        case.id,
        digests,
        results["verdict"],
        {row["id"]: row["verdict"] for row in results["requirements"]},
        said,
        results["run"]["requests"],
        results["run"]["wall_s"],
        round(wall_s, 2),
    )


def file_of(case: Case, out: Path) -> Path:
    return out / "cases" / f"{case.id}.json"


def save(outcome: Outcome, case: Case, out: Path) -> None:
    """Writes the outcome where a later run looks for it."""
    path = file_of(case, out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"schema": SCHEMA, **asdict(outcome)})


def kept(case: Case, digests: Mapping[str, str], out: Path) -> Outcome | None:
    """The outcome of an earlier run that still stands; None where there is none, it broke, or something changed."""
    try:
        found = json.loads(file_of(case, out).read_text(encoding="utf-8"))
        if found.pop("schema") != SCHEMA or found["digests"] != dict(digests):
            return None
        if found["error"] or found["verdict"] == RunVerdict.ERROR:
            return None
        said = {rule: tuple(Said(**one) for one in many) for rule, many in found["said"].items()}
        return Outcome(**{**found, "said": said})
    except (OSError, ValueError, KeyError, TypeError):
        return None
