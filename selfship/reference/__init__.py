"""What the kit's own mock answers to a request that a finding rests on: the other half of its evidence.

A fresh mock is given orders in the states in which the run found them, is sent the same calls in the same order, and
then the request itself. Where that cannot be done, the reason is said. The host is not asked anything again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfship.errors import KitError
from selfship.exchanges import Exchange
from selfship.reference.history import History, UnknownError, history
from selfship.reference.replay import Stage
from selfship.results import Reference, RequirementResult
from selfship.verdict import Verdict

__all__ = ["MOST", "references"]

MOST = 16
"""Requests that are put to the mock in one run: each rule's first finding before any rule's second."""
_ACCUSED = (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)


def references(
    rows: Sequence[RequirementResult], exchanges: Sequence[Exchange], profile: Mapping[str, Any]
) -> list[Reference]:
    """The mock's answer to the first request of each finding, while there are at most MOST; by number of exchange.

    `profile`: the host's, as the results hold it. Never raises for what keeps the mock from answering.
    """
    wanted = _wanted(rows, exchanges)
    if not wanted:
        return []
    told: list[Reference] = []
    try:
        with Stage(profile) as stage:
            # One by one: where the mock fails in between, what it has told stays.
            for exchange in wanted:
                told += [_told(exchange, exchanges, stage, profile)]
    except (KitError, OSError) as problem:
        reason = f"The mock could not be started ({problem})."
        told += [Reference(one.seq, unknown=reason) for one in wanted[len(told) :]]
    return sorted(told, key=lambda one: one.exchange)


def _wanted(rows: Sequence[RequirementResult], exchanges: Sequence[Exchange]) -> list[Exchange]:
    accused = [[one for one in row.findings if one.verdict in _ACCUSED and one.exchanges] for row in rows]
    deepest = max(map(len, accused), default=0)
    in_turn = [row[depth].exchanges[0] for depth in range(deepest) for row in accused if depth < len(row)]
    known = [seq for seq in dict.fromkeys(in_turn) if 0 < seq <= len(exchanges)]
    return [exchanges[seq - 1] for seq in known[:MOST]]


def _told(exchange: Exchange, exchanges: Sequence[Exchange], stage: Stage, profile: Mapping[str, Any]) -> Reference:
    try:
        before: History = history(exchange, exchanges, profile.get("other_location"))
        return stage.answer(exchange, before)
    except UnknownError as reason:
        return Reference(exchange.seq, unknown=str(reason))
    except Exception as problem:  # noqa: BLE001 - an illustration must not cost a run its results
        return Reference(exchange.seq, unknown=f"The kit broke while it asked the mock ({type(problem).__name__}).")
