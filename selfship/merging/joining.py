"""From the results of each shard to those of the whole run: the usual rules over the union of the checks.

The evidence of all shards is numbered through. A check that several shards made (of all traffic, of a control) counts
once: broken where it broke in one, else as it was judged where it could be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from selfship import judging, requirements, residue
from selfship.archive import Archived
from selfship.exchanges import Exchange
from selfship.judging import Check
from selfship.merging import alike
from selfship.results import NO_CHECK, MatrixCell, Observation, RequirementResult, Results
from selfship.verdict import WEIGHT, Verdict, of_run
from selfship.waiving import excusing
from selfship.waiving.file import Waiver

BROKEN = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
ANSWERED = (Verdict.OBSERVED, Verdict.PASS)
_ID = re.compile(r"\d{6,}")
T = TypeVar("T", MatrixCell, Observation)


@dataclass(frozen=True)
class Part:
    """One shard: its results, its exchanges, and how many came before them."""

    results: Results
    exchanges: list[Exchange]
    offset: int

    def at(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Numbers of exchanges, as they are in the whole."""
        return tuple(number + self.offset for number in numbers)

    def moved(self, row: T) -> T:
        return replace(row, exchanges=self.at(row.exchanges))


def join(shards: Sequence[Archived], run_id: str) -> tuple[Results, list[Exchange]]:
    """Results and exchanges of the whole run. UsageError where these are not shards of one run, or lack their HAR."""
    alike.check(shards)
    shards = sorted(shards, key=alike.number_of)
    parts = list(_parts(shards))
    exchanges = [replace(one, seq=one.seq + part.offset) for part in parts for one in part.exchanges]
    rows, checks, waivers = _judged(parts, exchanges)
    run = _run(shards, run_id, len(exchanges))
    first = parts[0].results
    return Results(
        kit=first.kit,
        run=run,
        target=_target(parts),
        verdict=of_run(((row.level, row.verdict) for row in rows), narrowed=run["narrowed"]),
        requirements=rows,
        dialect=_dialect(parts),
        latency_ms=judging.latency(exchanges),
        matrix=_matrix(parts),
        fix_first=judging.fix_first(rows),
        instability=list(dict.fromkeys(words for part in parts for words in part.results.instability)),
        waivers=excusing.accounts(checks, waivers, _day(run["started"]), narrowed=run["narrowed"]),
        residue=sorted((row for part in parts for row in part.results.residue), key=residue.in_need_first),
        reference=[
            replace(one, exchange=one.exchange + part.offset) for part in parts for one in part.results.reference
        ],
    ), exchanges


def _parts(shards: Sequence[Archived]) -> Iterator[Part]:
    offset = 0
    for one in shards:
        part = Part(one.results, one.exchanges(), offset)
        offset += len(part.exchanges)
        yield part


def _judged(
    parts: Sequence[Part], exchanges: Sequence[Exchange]
) -> tuple[list[RequirementResult], list[Check], list[Waiver]]:
    """The rows; the checks before any was excused; the waivers that were given to the shards."""
    waivers = _waivers(parts)
    said = _united(_checks(part) for part in parts)
    excuses = {(one.requirement, one.id): one.message for one in said if one.verdict is Verdict.WAIVED}
    levels = {row.id: row.level for row in parts[0].results.requirements}
    # No recording is left of a shard: what its own run laid at a rule stays there.
    laid = judging.laid([_unexcused(check, levels) for check in said], [], levels, exchanges)
    excused = excusing.excused(laid, waivers, _day(min(str(part.results.run["started"]) for part in parts)))
    checks = [
        replace(one, message=excuses.get((one.requirement, one.id), one.message))
        if one.verdict is Verdict.WAIVED
        else one
        for one in excused
    ]
    table = [one for one in requirements.load().values() if one.id in levels]
    rows = judging.rows(table, checks, [], exchanges, _stability(parts))
    for row in rows:
        own = [one for part in parts for one in part.results.requirements if one.id == row.id]
        row.orders, row.requests = sum(one.orders for one in own), sum(one.requests for one in own)
    return rows, laid, waivers


def _stability(parts: Sequence[Part]) -> dict[str, str]:
    findings = (one for part in parts for row in part.results.requirements for one in row.findings)
    return {one.check: one.stability for one in findings if one.stability}


def _checks(part: Part) -> Iterator[Check]:
    """What each check of a shard said, out of its findings and its evidence."""
    for row in part.results.requirements:
        for one in row.findings:
            if one.check != NO_CHECK:
                yield Check(
                    one.check,
                    one.message,
                    row.id,
                    one.verdict,
                    one.message,
                    part.at(one.exchanges),
                    one.blocked_by,
                    one.advice,
                )
        for shown in row.evidence:
            yield Check(shown.check, shown.title, row.id, Verdict.PASS, exchanges=part.at(shown.exchanges))


def _united(shards: Iterable[Iterator[Check]]) -> list[Check]:
    found: dict[tuple[str, str], Check] = {}
    for checks in shards:
        for check in checks:
            key = check.requirement, check.id
            found[key] = min(found.get(key, check), check, key=lambda one: _rank(one.verdict))
    return list(found.values())


def _rank(verdict: Verdict | None) -> tuple[int, int]:
    """Which of two words on one thing counts: what broke, then what was judged, then why it could not be."""
    if verdict is None:
        return 3, 0
    return 0 if verdict in BROKEN else 1 if verdict in ANSWERED else 2, WEIGHT[verdict]


def _unexcused(check: Check, levels: Mapping[str, str]) -> Check:
    if check.verdict is not Verdict.WAIVED:
        return check
    return replace(check, verdict=Verdict.FAIL if levels.get(check.requirement) == "MUST" else Verdict.WARN)


def _waivers(parts: Sequence[Part]) -> list[Waiver]:
    given = {
        Waiver(one.owner, one.reason, date.fromisoformat(one.expires), one.ticket, one.requirement, one.check): None
        for part in parts
        for one in part.results.waivers
    }
    return list(given)


def _matrix(parts: Sequence[Part]) -> list[MatrixCell]:
    found: dict[tuple[str, str], MatrixCell] = {}
    for part in parts:
        for cell in map(part.moved, part.results.matrix):
            known = found.setdefault((cell.state, cell.event), cell)
            if _rank(cell.verdict) < _rank(known.verdict):
                found[cell.state, cell.event] = cell
    return list(found.values())


def _dialect(parts: Sequence[Part]) -> list[Observation]:
    """Each question once; where shards were answered differently, with all answers."""
    found: dict[tuple[str, str], Observation] = {}
    for part in parts:
        for row in map(part.moved, part.results.dialect):
            known = found.setdefault((row.id, row.question), row)
            if _gist(row.observed) not in _gist(known.observed).split(" / "):
                found[row.id, row.question] = replace(
                    known,
                    observed=f"{known.observed} / {row.observed}",
                    exchanges=(*known.exchanges, *row.exchanges),
                )
    return sorted(found.values(), key=lambda row: (row.id, row.question))


def _gist(answer: str) -> str:
    """An answer without the ids that it names."""
    return _ID.sub("#", answer)


def _target(parts: Sequence[Part]) -> dict[str, Any]:
    """The first shard's, with what each found out: a switch that nobody saw in one may be known to another."""
    target = dict(parts[0].results.target)
    profiles = [part.results.target["profile"] for part in parts]
    profile = dict(target["profile"])
    for name in profile:
        profile[name] = next((one[name] for one in profiles if one.get(name) is not None), None)
    profile["detected"] = {name: value for one in reversed(profiles) for name, value in one.get("detected", {}).items()}
    profile["settle_seen"] = max((float(one.get("settle_seen") or 0) for one in profiles), default=0.0)
    return {**target, "profile": profile}


def _run(shards: Sequence[Archived], run_id: str, requests: int) -> dict[str, Any]:
    runs = [one.results.run for one in shards]
    began = min(_moment(run["started"]) for run in runs)
    ended = max(_moment(run["started"]) + timedelta(seconds=float(run["wall_s"])) for run in runs)
    missing = alike.missing(shards)
    return {
        # What else a run says of itself is said of one shard, and holds for that alone.
        **{key: runs[0][key] for key in ("seed", "concurrency") if key in runs[0]},
        "id": run_id,
        "started": began.isoformat(timespec="milliseconds"),
        "wall_s": round((ended - began).total_seconds(), 3),
        "requests": requests,
        "narrowed": bool(missing) or not all(run["shard"]["whole"] for run in runs),
        "orders": sum(int(run.get("orders", 0)) for run in runs),
        "shards": {
            "of": alike.of(shards[0]),
            "missing": missing,
            "runs": [
                {"number": alike.number_of(one), **{key: run[key] for key in ("id", "started", "wall_s", "requests")}}
                for one, run in zip(shards, runs, strict=True)
            ],
        },
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> date:
    return _moment(text).date()
