"""`kill-table.json`: all of a proof for programs, with a digest of what it found.

The digest covers what was proven and by what, never how long it took: two proofs that agree have the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selfship.proving import record
from selfship.proving.kills import FaultRow, KillTable, NullRow, Target, VariantRow, targets
from selfship.proving.outcome import Outcome
from selfship.proving.rival import Caught

SCHEMA = "selfship-proof/1"


@dataclass(frozen=True)
class Proof:
    """A kill table with what surrounds it. `whole`: nothing was left out. `started` is RFC 3339, `wall_s` seconds."""

    table: KillTable
    goals: Sequence[Target]
    started: str
    wall_s: float
    whole: bool
    rival: Mapping[str, Caught] | None = None

    @property
    def holds(self) -> bool:
        return self.whole and all(one.holds for one in self.goals)


def proof(table: KillTable, *, started: str, wall_s: float, whole: bool, rival: Sequence[Caught] | None) -> Proof:
    said = {one.case: one for one in rival} if rival is not None else None
    return Proof(table, targets(table), started, round(wall_s, 1), whole, said)


def figures(found: Proof) -> dict[str, Any]:
    """The figures of a proof, as whole numbers."""
    table, musts, shoulds = found.table, found.table.of_level("MUST"), found.table.of_level("SHOULD")
    return {
        "must_faults": len(musts),
        "must_killed": sum(row.fate == "killed" for row in musts),
        "should_faults": len(shoulds),
        "should_killed": sum(row.fate == "killed" for row in shoulds),
        "kills": len(table.killed),
        "laid_right": sum(row.laid_right for row in table.killed),
        "most_strays": max((len(row.strays) for row in table.killed), default=0),
        "variants": len(table.variants),
        "accused_variants": sum(bool(row.accused) for row in table.variants),
        table.words.nulls: len(table.nulls),
        "undeserved_passes": sum(len(row.praised) for row in table.nulls),
        "errors": len(table.errors),
        "schemathesis_caught": None if found.rival is None else sum(bool(one.new) for one in found.rival.values()),
        "schemathesis_asked": None if found.rival is None else sum(not one.error for one in found.rival.values()),
        "schemathesis_earlier": None
        if found.rival is None
        else sum(one.earlier and not one.error for one in found.rival.values()),
    }


def to_json(found: Proof) -> dict[str, Any]:
    """As `kill-table.json` holds it."""
    table = found.table
    proven = {
        "kit": record.present(table.side),
        "whole": found.whole,
        "figures": figures(found),
        "goals": [asdict(one) for one in found.goals],
        "plain": table.plain.verdict if table.plain else None,
        "faults": [_fault(row, found.rival) for row in table.faults],
        "variants": [_variant(row) for row in table.variants],
        table.words.nulls: [_null(row) for row in table.nulls],
    }
    effort = {
        row.case.id: {"requests": row.outcome.requests, "run_s": row.outcome.run_s, "wall_s": row.outcome.wall_s}
        for row in table.rows
    }
    run = {"started": found.started, "wall_s": found.wall_s, "effort": effort}
    return {"schema": SCHEMA, **proven, "run": run, "digest": _digest(proven)}


def _digest(proven: Mapping[str, Any]) -> str:
    """Of what was proven, without the sentences: they hold ids and times that differ from run to run."""
    quiet = {
        key: [{name: value for name, value in row.items() if name != "said"} for row in rows]
        if key in ("faults", "variants", "null_hosts", "null_clients")
        else rows
        for key, rows in proven.items()
    }
    return "sha256:" + hashlib.sha256(json.dumps(quiet, sort_keys=True).encode()).hexdigest()


def _fault(row: FaultRow, rival: Mapping[str, Caught] | None) -> dict[str, Any]:
    other = rival.get(row.case.id) if rival else None
    return {
        "name": row.case.name,
        "rule": row.case.rule,
        "level": row.level,
        "how": row.case.how,
        "also": list(row.case.also),
        "fate": row.fate,
        "own": row.own,
        "laid_right": row.laid_right,
        "strays": list(row.strays),
        "verdict": row.outcome.verdict,
        "schemathesis": None if other is None or other.error else bool(other.new),
        "said": _said(row.outcome),
    }


def _variant(row: VariantRow) -> dict[str, Any]:
    return {
        "name": row.case.name,
        "how": row.case.how,
        "verdict": row.outcome.verdict,
        "as_expected": row.as_expected,
        "accused": list(row.accused),
        "warned": list(row.warned),
        "unjudged": list(row.unjudged),
        "said": _said(row.outcome),
    }


def _null(row: NullRow) -> dict[str, Any]:
    return {
        "name": row.case.name,
        "how": row.case.how,
        "verdict": row.outcome.verdict,
        "praised": list(row.praised),
        "earned": list(row.earned),
        "said": {},
    }


def _said(outcome: Outcome) -> dict[str, list[dict[str, Any]]]:
    """What was said of each rule that is neither kept nor merely blocked; or why there is nothing."""
    if outcome.error:
        return {"": [{"verdict": "error", "message": outcome.error}]}
    return {
        rule: [asdict(one) for one in said]
        for rule, said in outcome.said.items()
        if outcome.rules.get(rule) in ("fail", "warn", "error")
    }
