"""The plan itself: from what the host showed and what the rehearsal came to, to figures that a run will meet."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selfship.lifecycle import State
from selfship.orders import View
from selfship.planning import asking, twin
from selfship.planning.asking import Wish
from selfship.planning.rehearsal import Rehearsal, is_judged
from selfship.planning.survey import Survey
from selfship.profile import Profile
from selfship.results import RequirementResult
from selfship.supply import BEGINNINGS, LISTED, Need, starts
from selfship.verdict import Verdict

SCHEMA = "selfship-plan/1"
_OF_ORDERS = re.compile(r"Prepare (more orders:|.*; \d+ found\.)")
"""Advice that the list of orders answers."""
CPU_S, CHECK_S = 0.002, 0.002
"""Seconds of this machine that a request costs besides the host, and a check: measured over whole runs."""


@dataclass(frozen=True)
class Stock:
    """One state: orders `wanted` if each scenario had its own, and `found`; of these `locked`, or not to be touched.

    `kind`: "" for self-ship orders of the certified location. `walked_from`: the nearest state from which orders can be
    walked there.
    """

    state: State
    kind: str
    wanted: int
    found: int
    locked: int
    forbidden: int
    walked_from: State | None


@dataclass(frozen=True)
class Gap:
    """Orders that are lacking, and the requirements that cannot be judged whole by that."""

    kind: str
    state: State
    count: int
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """About what a run would take. `bound_by`: what its time hangs on most."""

    requests: int
    orders: int
    seconds: float
    bound_by: str


@dataclass(frozen=True)
class Plan:
    """`requirements`: each with the verdict that a conforming host would get. `besides`: what no order can mend."""

    profile: Profile
    survey: Survey
    verdict: str
    requirements: tuple[RequirementResult, ...]
    stock: tuple[Stock, ...]
    gaps: tuple[Gap, ...]
    wishes: tuple[Wish, ...]
    besides: tuple[str, ...]
    cost: Cost
    permitted: bool

    def count(self, level: str, *verdicts: Verdict) -> int:
        return sum(row.level == level and row.verdict in verdicts for row in self.requirements)

    def judged(self, level: str) -> int:
        return sum(row.level == level and is_judged(row.verdict) for row in self.requirements)

    def letter(self) -> list[str]:
        """The list to send to the host's owner."""
        return list(asking.letter(list(self.wishes), self.profile, self.besides))


def made(survey: Survey, rehearsal: Rehearsal, profile: Profile, *, permitted: bool) -> Plan:
    """`permitted`: whether anybody has named what may be touched."""
    return Plan(
        profile=profile,
        survey=survey,
        verdict=rehearsal.results.verdict.value,
        requirements=tuple(rehearsal.results.requirements),
        stock=tuple(_stock(survey, rehearsal)),
        gaps=tuple(_gaps(rehearsal)),
        wishes=tuple(asking.wishes(rehearsal.lacks, rehearsal.wanted, _free(survey))),
        besides=tuple(_besides(rehearsal)),
        cost=_cost(survey, rehearsal, profile),
        permitted=permitted,
    )


def _kind(*, self_ship: bool, other: bool, divisible: bool = False) -> str:
    """How orders differ from the usual ones, in words; "" where they do not."""
    words = [] if self_ship else ["not self-ship"]
    words += ["at the other location"] if other else []
    words += ["with two lines or a quantity above 1"] if divisible else []
    return ", ".join(words)


def _stock(survey: Survey, rehearsal: Rehearsal) -> Iterator[Stock]:
    wanted, found, locked, forbidden = (Counter[tuple[State, str]]() for _ in range(4))
    for need in rehearsal.wanted:
        wanted[need.state, _kind(self_ship=need.self_ship, other=need.other_location)] += need.count
    for one in survey.listed:
        state = twin.state_of(one.view)
        if state is not None and one.view.self_ship is not None and LISTED.get(state, _any)(one.view):
            at = state, _kind(self_ship=one.view.self_ship, other=one.other)
            found[at] += 1
            locked[at] += one.view.locked
            forbidden[at] += not (one.touchable or one.view.locked)
    listed = {one.view.id for one in survey.listed}
    for state, ids in survey.given.items():
        found[state, ""] += sum(view is not None and view.id not in listed for view in ids.values())
    order = list(State)
    for state, kind in sorted(wanted | found, key=lambda at: (order.index(at[0]), at[1])):
        at = state, kind
        yield Stock(state, kind, wanted[at], found[at], locked[at], forbidden[at], None if kind else _leading_to(state))


def _free(survey: Survey) -> Iterator[Need]:
    """Each order that a run could draw where it begins."""
    for one in survey.listed:
        state, view = twin.state_of(one.view), one.view
        free = one.touchable and not view.locked and view.self_ship is not None
        if state in BEGINNINGS and free and LISTED[state](view):
            yield Need(state, self_ship=view.self_ship is True, other_location=one.other)


def _any(_: View) -> bool:
    return True


def _leading_to(state: State) -> State | None:
    ways = (one for one in starts(Need(state)) if one is not state and one in BEGINNINGS)
    return None if state is State.DP_ASSIGNED else next(ways, None)


def _gaps(rehearsal: Rehearsal) -> Iterator[Gap]:
    counts, rules = Counter[tuple[State, str]](), defaultdict[tuple[State, str], set[str]](set)
    for lack in rehearsal.lacks:
        need = lack.need
        at = need.state, _kind(self_ship=need.self_ship, other=need.other_location, divisible=need.divisible)
        counts[at] += need.count
        rules[at].update(lack.requirements)
    order = list(State)
    for state, kind in sorted(counts, key=lambda at: (order.index(at[0]), at[1])):
        yield Gap(kind, state, counts[state, kind], tuple(sorted(rules[state, kind])))


def _besides(rehearsal: Rehearsal) -> Iterator[str]:
    """Advice on what is not testable for another reason than a lack of orders in some state."""
    advice: dict[str, list[str]] = defaultdict(list)
    for row in rehearsal.results.requirements:
        for finding in row.findings:
            said = finding.advice or ""
            if finding.verdict is Verdict.NOT_TESTABLE and said and not _OF_ORDERS.match(said):
                advice[said].append(row.id)
    return (f"{said} ({', '.join(dict.fromkeys(rules))})" for said, rules in advice.items())


def _cost(survey: Survey, rehearsal: Rehearsal, profile: Profile) -> Cost:
    """The slowest of four: the rate, the requests in flight, the longest chain, this machine."""
    requests, latency = rehearsal.requests, survey.latency_s
    rate, concurrency = profile.switches.rate, profile.limits.concurrency
    times = {
        f"the rate of {rate:g} requests a second": requests / rate if rate else 0.0,
        f"{concurrency} requests at the same time": requests * latency / concurrency,
        f"the longest scenario, {rehearsal.longest} requests one after the other": rehearsal.longest * latency,
        "this machine": requests * CPU_S + sum(row.checks for row in rehearsal.results.requirements) * CHECK_S,
    }
    bound_by, seconds = max(times.items(), key=lambda item: item[1])
    return Cost(requests, rehearsal.orders, round(seconds, 1), bound_by)


def to_json(plan: Plan) -> dict[str, Any]:
    """For programs: `schema` names the shape."""
    return {
        "schema": SCHEMA,
        "url": plan.profile.url,
        "verdict": plan.verdict,
        "permitted": plan.permitted,
        "counts": {level: _counts(plan, level) for level in ("MUST", "SHOULD", "OBSERVE")},
        "requirements": [
            {
                "id": row.id,
                "level": row.level,
                "verdict": row.verdict.value,
                "advice": list(dict.fromkeys(one.advice for one in row.findings if one.advice)),
            }
            for row in plan.requirements
        ],
        "stock": [_plain(vars(row)) for row in plan.stock],
        "gaps": [_plain(vars(row)) for row in plan.gaps],
        "ask": {"orders": [_plain(vars(row)) for row in plan.wishes], "text": "\n".join(plan.letter())},
        "cost": vars(plan.cost),
        "read": {
            "requests": plan.survey.requests,
            "latency_ms": round(plan.survey.latency_s * 1000, 1),
            "detected": dict(plan.survey.detected),
            "cut": list(plan.survey.cut),
        },
    }


def _counts(plan: Plan, level: str) -> dict[str, int]:
    counted = Counter(row.verdict.value for row in plan.requirements if row.level == level)
    return {"judged": plan.judged(level), **counted}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
