"""What changed beside the rules: how long a host takes, and how it answers what the documents leave open.

Neither is judged. A latency counts as changed only beyond noise: with at least ENOUGH answers in both runs, where
median and 95th percentile both moved the same way by at least FACTOR, and the median by at least LEAST_MS.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfship.exchanges import Exchange
from selfship.operations import OPERATIONS
from selfship.results import Observation, Results

ENOUGH = 30
FACTOR = 1.5
LEAST_MS = 50.0
ALIKE = 0.8
"""From this share of the operations on, a change of latency is the way to the host as likely as the host."""
SEEN_OFTEN = 3
"""A status counts as news where it was answered so often in one run, and never in the other."""
NOISE = (
    f"A latency counts as changed where median and 95th percentile of at least {ENOUGH} answers both moved the same "
    f"way by a factor of {FACTOR} or more, the median by at least {LEAST_MS:g} ms."
)
_LONG_NUMBER = re.compile(r"\d{6,}")


@dataclass(frozen=True)
class Slower:
    """An operation whose latency moved beyond noise; milliseconds. `factor` below 1 is faster."""

    operation: str
    old: tuple[float, float]
    new: tuple[float, float]
    factor: float


@dataclass(frozen=True)
class Answer:
    """Something that a host answers differently now. None: not seen in that run."""

    id: str
    question: str
    old: str | None
    new: str | None


def latency(old: Results, new: Results) -> list[Slower]:
    """The operations whose latency changed beyond noise, the most changed first."""
    found = []
    for operation, now in new.latency_ms.items():
        was = old.latency_ms.get(operation)
        if was and (factor := _factor(was, now)):
            found.append(Slower(operation, (was["p50"], was["p95"]), (now["p50"], now["p95"]), factor))
    return sorted(found, key=lambda one: max(one.factor, 1 / one.factor), reverse=True)


def _factor(was: Mapping[str, float], now: Mapping[str, float]) -> float | None:
    if min(was["n"], now["n"]) < ENOUGH or abs(now["p50"] - was["p50"]) < LEAST_MS:
        return None
    factors = [now[name] / was[name] if was[name] else float("inf") for name in ("p50", "p95")]
    if min(factors) >= FACTOR or max(factors) <= 1 / FACTOR:
        return round(factors[0], 2)
    return None


def latency_notes(old: Results, new: Results, changed: Sequence[Slower]) -> list[str]:
    """What must be said beside the latencies."""
    both = [name for name in new.latency_ms if name in old.latency_ms]
    notes = []
    if changed and len(changed) >= ALIKE * len(both) and len({one.factor > 1 for one in changed}) == 1:
        notes.append("Nearly all operations moved alike: the way to the host, or the machine, may be the reason.")
    if changed and old.run.get("concurrency") != new.run.get("concurrency"):
        notes.append("The runs had different numbers of requests in flight, which changes latencies by itself.")
    return notes


def dialect(old: Sequence[Observation], new: Sequence[Observation]) -> list[Answer]:
    """The questions that the documents leave open and that were answered in another way, or in one run only."""
    before, after = ({(one.id, one.question): one.observed for one in rows} for rows in (old, new))
    return [
        Answer(*key, before.get(key), after.get(key))
        for key in dict.fromkeys([*after, *before])
        if _plain(before.get(key)) != _plain(after.get(key))
    ]


def _plain(observed: str | None) -> str | None:
    """Without what differs from order to order."""
    return None if observed is None else _LONG_NUMBER.sub("#", observed)


def statuses(old: Sequence[Exchange], new: Sequence[Exchange]) -> list[Answer]:
    """HTTP statuses that an operation answered in one run, more than now and then, and never in the other.

    Only in steps that both runs took: what was not asked was not answered differently.
    """
    both = {_step(one) for one in old} & {_step(one) for one in new}
    before, after = (_statuses(one for one in run if _step(one) in both) for run in (old, new))
    found = []
    for operation in before.keys() & after.keys():
        label, was, now = OPERATIONS[operation].label, before[operation], after[operation]
        for status in sorted(was.keys() | now.keys()):
            if min(was[status], now[status]) == 0 and max(was[status], now[status]) >= SEEN_OFTEN:
                said = [f"{one[status]} of {one.total()} answers" if one[status] else "never" for one in (was, now)]
                found.append(Answer(label, f"How often is HTTP {status} answered?", *said))
    return sorted(found, key=lambda one: (one.id, one.question))


def _step(exchange: Exchange) -> tuple[str, str, str]:
    return exchange.operation, exchange.scenario, _LONG_NUMBER.sub("#", exchange.step)


def _statuses(exchanges: Iterable[Exchange]) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {}
    for one in exchanges:
        if one.status is not None:
            found.setdefault(one.operation, Counter())[one.status] += 1
    return found
