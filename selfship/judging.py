"""From what each check said to the results of a run. Knows no pytest and sends nothing."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from selfship import lifecycle, paths
from selfship.exchanges import Exchange, curl
from selfship.lifecycle import Event, State
from selfship.operations import OPERATIONS
from selfship.requirements import Requirement
from selfship.results import NO_CHECK, Cause, Evidence, Finding, MatrixCell, RequirementResult
from selfship.scenario import Recording, Step
from selfship.verdict import Verdict, worst

SEEN_BY_READING = ("FWD", "AUT", "NDR", "RTO", "RET", "STA", "LIM", "BAT", "RAC", "ELI", "VAL", "DOC")
"""Groups whose checks see what came of a request by reading the order afterwards."""
SINGLE_STEPS = (
    "FWD-1", "FWD-2", "FWD-3", "FWD-4", "FWD-5", "FWD-6", "FWD-7", "AUT-1", "AUT-2", "NDR-1", "NDR-2", "NDR-3",
    "RTO-1", "RTO-2", "RTO-3", "RET-1", "RET-2", "RET-3", "RET-4", "RET-5",
)  # fmt: skip
"""Rules of one step on one order: what breaks there cannot work for many orders, in a batch or in a race."""
IN_NUMBERS = ("LIM-1", "LIM-5", "BAT-1", "BAT-4", "BAT-6", "BAT-7", "BAT-8", "RAC-1", "RAC-2")
"""Rules of what must work for many orders, in a batch or at once, as it does for one. Not that 21 are too many: what
does not work makes no host take more than it may."""
LED_ON = (
    *SINGLE_STEPS, "FWD-10", "STA-11", *IN_NUMBERS, "VAL-5", "DOC-1", "DOC-2", "DOC-4",
)  # fmt: skip
"""Rules of what must work on an order that the run may write to: not on one of another location, for all it knows."""
EXPLAINED: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    # failures of these rules or groups; the rules that explain them; where: "any", about the "same" parameters or
    # "operation", about one "request" (the operation and, of /status, a value), on one "journey" (the operation and, of
    # /status, values of returns or others), on requests of the operation, or of the value, that is named; or two of
    # these
    ((*(one for one in IN_NUMBERS if one != "RAC-2"), "VAL-5", "AUT-3"), SINGLE_STEPS, "request"),
    # It is tried with forward orders.
    (("RAC-2",), tuple(one for one in SINGLE_STEPS if not one.startswith("RET")), "request"),
    (("AUT-3",), ("STA-1",), "journey"),
    (("BAT-6", "RAC-1"), ("STA-3",), "request"),
    (("BAT-2", "BAT-3", "BAT-6"), ("CON-2", "CON-3"), "operation"),
    # Nothing shows a dispatch but that it is refused the second time.
    (("LIM-1", "LIM-2", "BAT-1"), ("CON-2", "CON-3", "STA-8"), "operation dispatch"),
    (("FET-3",), ("FET-2",), "any"),
    (("FET-6", "FET-10", "FET-11"), ("FET-3",), "any"),
    (("FET-11",), ("FET-10",), "any"),
    (("BAT-1",), ("STA-7", "STA-8", "STA-9", "STA-10"), "operation"),
    (("STA-12", "BAT-3"), ("BAT-2",), "operation"),
    (("AUTH-6", "AUTH-7"), ("BAT-1",), "operation"),
    (("LIM-1",), ("DOC-1", "DOC-2", "COU-1"), "operation"),
    (("LIM-3",), ("LIM-2",), "same"),
    (("BAT-6", "RAC-1"), ("BAT-1",), "operation"),
    (("RAC-1",), ("BAT-6",), "request"),
    (("BAT-4",), ("BAT-1",), "same"),
    (("AUT-1",), ("FET-12",), "shipment"),
    (IN_NUMBERS, ("FET-12",), "awb"),
    (("STA-1",), ("RET-1",), "return_bag_delivered"),
    (("AUT-1", "FWD-2"), ("FWD-3",), "operation"),
    (("INF-1",), ("INF-2",), "any"),
    (("VAL-3",), ("TRK-3",), "operation"),
    (("LIM", "BAT", "COU", "TRK", "DOC", "STA", "AUTH", "INF"), ("CON-1",), "operation"),
    (("COU-1", "LIM-1", "INF-1", "FET-1", "FET-3", "FET-8", "FET-11"), ("CON-7",), "operation"),
    ((*SEEN_BY_READING, "AUTH-6", "AUTH-7", "FET-10", "FET-11", "FET-12", "INF-2"), ("FET-1",), "any"),
    ((*LED_ON, "AUTH-6", "AUTH-7", "FET-1", "FET-10", "FET-11"), ("FET-13",), "any"),
)
"""Rules that cannot hold, or cannot be seen to hold, where another is broken. The first row that fits explains."""

SCENARIO = "scenario "
BROKEN = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR, Verdict.BLOCKED)


@dataclass(frozen=True)
class Check:
    """What one check said. `cell`: the state × event that it probed. `rests_on`: names of the scenarios it read."""

    id: str
    title: str
    requirement: str
    verdict: Verdict
    message: str = ""
    exchanges: tuple[int, ...] = ()
    blocked_by: str | None = None
    advice: str | None = None
    cell: tuple[State, Event] | None = None
    rests_on: tuple[str, ...] = ()


@dataclass
class Bench:
    """Collects checks, in the order in which they were judged; and what second tries said of the failing, by id."""

    checks: list[Check] = field(default_factory=list)
    stability: dict[str, str] = field(default_factory=dict)

    def add(self, check: Check) -> None:
        self.checks.append(check)


def laid(
    checks: Sequence[Check],
    recordings: Iterable[Recording],
    levels: Mapping[str, str],
    exchanges: Sequence[Exchange],
) -> list[Check]:
    """The checks with each failure laid at one rule.

    A cell that two rules forbid is laid at the one that explains most of the failing cells; what cannot hold where
    another rule is broken (EXPLAINED) is blocked by that. A step that broke a
    scenario, and that no check has failed for, becomes a failure of its own rule.
    """
    return _lacking(_explained(_unclaimed(_one_rule_a_cell(checks), recordings, levels), exchanges))


def _lacking(checks: Sequence[Check]) -> list[Check]:
    """Where the rule that a check rests on did not break but could not be tried, the check cannot be tried either."""
    found = list(checks)
    for _ in range(3):  # what rests on what rests on something
        broken = {check.requirement for check in found if check.verdict in BROKEN}
        advice = {check.requirement: check.advice for check in found if check.verdict is Verdict.NOT_TESTABLE}
        found = [_untried(check, broken, advice) for check in found]
    return found


def _untried(check: Check, broken: set[str], advice: Mapping[str, str | None]) -> Check:
    by = check.blocked_by
    if (
        check.verdict is not Verdict.BLOCKED
        or by is None
        or "-" not in by
        or (by in broken and by != check.requirement)
    ):
        return check
    words = advice.get(by) or f"{check.message}. Prepare more orders, in more states."
    return replace(check, verdict=Verdict.NOT_TESTABLE, message=words, advice=words, blocked_by=None)


def _explained(checks: Sequence[Check], exchanges: Sequence[Exchange]) -> list[Check]:
    """Failures that follow from another failure are blocked by it."""
    bad = [check for check in checks if check.verdict is Verdict.FAIL]
    # What only broke a scenario, while the rule's own checks passed, explains nothing: it wants explaining.
    failing = [check for check in bad if not check.id.startswith(SCENARIO)]

    def cause_of(check: Check) -> str | None:
        group = check.requirement.partition("-")[0]
        for rules, by, where in EXPLAINED:
            if check.requirement in by or (check.requirement not in rules and group not in rules):
                continue
            for one in failing:
                if one.requirement in by and _fits(check, one, where, exchanges):
                    return one.requirement
        if check.id.startswith(SCENARIO):
            likely = (one.requirement for one in failing if _fits(check, one, "operation", exchanges))
            return next((rule for rule in likely if rule != check.requirement), None)
        return None

    return [
        replace(check, verdict=Verdict.BLOCKED, blocked_by=by)
        if check.verdict in (Verdict.FAIL, Verdict.WARN) and (by := cause_of(check))
        else check
        for check in checks
    ]


def _fits(check: Check, cause: Check, where: str, exchanges: Sequence[Exchange]) -> bool:
    """Whether a check fails where its cause does: `where` as EXPLAINED has it."""
    if " " in where:
        return all(_fits(check, cause, one, exchanges) for one in where.split())
    if where in ("any", "same"):
        return where == "any" or _about(check) == _about(cause)
    own, other = _shown(check, exchanges), _shown(cause, exchanges)
    if not own:
        return False
    if where not in ("operation", "request", "journey"):
        return where == own[0].operation or where in _values(own)
    if not other or own[0].operation != other[0].operation:
        return False
    return where == "operation" or _meet(_values(own), _values(other), by_journey=where == "journey")


def _shown(check: Check, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The evidence of a check, as far as it is there: the telling one first."""
    return [exchanges[seq - 1] for seq in check.exchanges if 0 < seq <= len(exchanges)]


def _values(shown: Sequence[Exchange]) -> set[str]:
    """What was pushed with /status; none of any other operation."""
    items = [item for one in shown if one.operation == "status" and isinstance(one.sent, list) for item in one.sent]
    return {str(item.get("orderStatus")) for item in items if isinstance(item, dict)}


def _meet(values: set[str], others: set[str], *, by_journey: bool) -> bool:
    """Whether one status, or one of the same journey, is among both; or none is that can be told."""
    if by_journey:
        values, others = ({str(value in lifecycle.RETURN_STATUSES) for value in some} for some in (values, others))
    return not values or not others or not values.isdisjoint(others)


def _about(check: Check) -> str:
    """The parameters of a check, as its id shows them."""
    return check.id.partition("[")[2]


def _one_rule_a_cell(checks: Sequence[Check]) -> list[Check]:
    failing = [check for check in checks if check.verdict is Verdict.FAIL and check.cell]
    explains: Counter[str] = Counter()
    for check in failing:
        if check.cell:
            explains.update(lifecycle.cell(*check.cell).rules)
    found = []
    for check in checks:
        rules = lifecycle.cell(*check.cell).rules if check.cell and check.verdict is Verdict.FAIL else ()
        if len(rules) > 1:
            rule = max(rules, key=lambda one: (explains[one], -rules.index(one)))
            if rule != check.requirement:
                found.append(replace(check, requirement=rule))
                found.append(replace(check, verdict=Verdict.BLOCKED, blocked_by=rule))
                continue
        found.append(check)
    return found


def blame(step: Step) -> str | None:
    """The rule that a broken step breaks; None where it was never answered."""
    if step.outcome == "no_answer":
        return None
    return {"server_error": "CON-8", "no_route": "CON-1"}.get(step.outcome, step.rule)


def _unclaimed(checks: list[Check], recordings: Iterable[Recording], levels: Mapping[str, str]) -> list[Check]:
    bad = {check.requirement for check in checks if check.verdict in (Verdict.FAIL, Verdict.WARN)}
    found = list(checks)
    for recording in recordings:
        step = recording.broken
        rule = blame(step) if step else None
        if step is None or not rule or rule in bad or rule not in levels:
            continue
        bad.add(rule)
        verdict = {"MUST": Verdict.FAIL, "SHOULD": Verdict.WARN}.get(levels[rule])
        if verdict:
            name = f"{SCENARIO}{recording.scenario}, step {step.name}"
            found.append(
                Check(name, name, rule, verdict, step.message, tuple(step.exchanges), rests_on=(recording.scenario,))
            )
    return found


def rows(
    requirements: Iterable[Requirement],
    checks: Sequence[Check],
    recordings: Iterable[Recording],
    exchanges: Sequence[Exchange],
    stability: Mapping[str, str] | None = None,
) -> list[RequirementResult]:
    """A row for each requirement, its verdict the worst of its checks. `stability` of failing checks, by id."""
    by_rule: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_rule[check.requirement].append(check)
    played = {recording.scenario: recording for recording in recordings}
    found = []
    for requirement in requirements:
        own = by_rule[requirement.id]
        rests_on = {played[name].scenario: played[name] for check in own for name in check.rests_on if name in played}
        verdict = worst(check.verdict for check in own)
        row = RequirementResult(
            requirement.id,
            requirement.level,
            requirement.group,
            requirement.statement,
            requirement.source,
            verdict,
            checks=len(own),
            findings=[
                _finding(check, exchanges, (stability or {}).get(check.id))
                for check in own
                if check.verdict is not Verdict.PASS
            ],
            evidence=[
                Evidence(check.id, check.title, check.exchanges[:6]) for check in own if check.verdict is Verdict.PASS
            ],
            orders=len({order for recording in rests_on.values() for order in recording.orders}),
            requests=len({seq for recording in rests_on.values() for seq in recording.exchanges}),
        )
        if not own:
            row.findings.append(
                Finding(NO_CHECK, verdict, "No check of this requirement was selected.", advice="Run the whole kit.")
            )
        found.append(row)
    return found


def _finding(check: Check, exchanges: Sequence[Exchange], stability: str | None) -> Finding:
    first = next((seq for seq in check.exchanges if 0 < seq <= len(exchanges)), None)
    telling = check.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
    return Finding(
        check.id,
        check.verdict,
        check.message or check.title,
        check.exchanges[:8],
        curl(exchanges[first - 1]) if first and telling else None,
        check.blocked_by,
        check.advice,
        stability if telling else None,
    )


def fix_first(found: Sequence[RequirementResult]) -> list[Cause]:
    """The failures, those that keep most checks from being judged first."""
    rests: Counter[str] = Counter(
        finding.blocked_by for row in found for finding in row.findings if finding.blocked_by is not None
    )
    weight = {Verdict.ERROR: 0, Verdict.FAIL: 1, Verdict.WARN: 2}
    causes = [
        (weight[row.verdict], -rests[row.id], Cause(row.id, finding.check, finding.message, rests[row.id]))
        for row in found
        if row.verdict in weight
        for finding in [next(one for one in row.findings if one.verdict is row.verdict)]
    ]
    return [cause for _, _, cause in sorted(causes, key=lambda one: one[:2])]


def matrix(checks: Sequence[Check], recordings: Iterable[Recording]) -> list[MatrixCell]:
    """Every cell that a rule speaks of, with what was seen there."""
    probed = {check.cell: check for check in checks if check.cell}
    steps: dict[tuple[State, Event], Step] = {}
    for recording in recordings:
        for step in (*recording.steps.values(), *([recording.broken] if recording.broken else [])):
            # A probe with a defect, or with another party's token, says nothing of the cell itself.
            if step.state and step.event and _speaks_of_its_cell(step):
                known = steps.get((step.state, step.event))
                if known is None or (known.outcome in ("accepted", "refused") and step.outcome != "accepted"):
                    steps[step.state, step.event] = step
    found = []
    for state, event, cell in lifecycle.cells():
        check, done = probed.get((state, event)), steps.get((state, event))
        verdict: Verdict | None = None
        seen, evidence = "", tuple[int, ...]()
        if check:
            verdict, seen, evidence = check.verdict, check.message, check.exchanges
        elif done and cell.outcome == "accept":
            good = done.outcome in ("accepted", "automatic")
            verdict = Verdict.PASS if good else Verdict.BLOCKED if done.outcome == "no_answer" else Verdict.FAIL
            seen, evidence = done.message, tuple(done.exchanges)
        elif done and cell.outcome == "observe":
            verdict, seen, evidence = Verdict.OBSERVED, done.message, tuple(done.exchanges)
        found.append(MatrixCell(state.value, event.value, cell.outcome, cell.rule, verdict, seen, evidence[:4]))
    return found


def _speaks_of_its_cell(step: Step) -> bool:
    if step.state is None or step.event is None:
        return False
    if step.cell is None and step.outcome != "automatic":
        return step.outcome in ("observed", "accepted") and lifecycle.cell(step.state, step.event).outcome == "observe"
    return True


def latency(exchanges: Iterable[Exchange]) -> dict[str, dict[str, float]]:
    """Milliseconds an operation: how many answers, median, 95th percentile, worst."""
    times: dict[str, list[float]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.status is not None:
            times[OPERATIONS[exchange.operation].label].append(exchange.elapsed_ms)
    found = {}
    for label, values in sorted(times.items()):
        ordered = sorted(values)
        last = len(ordered) - 1
        found[label] = {
            "n": len(ordered),
            "p50": round(ordered[last // 2], 1),
            "p95": round(ordered[round(last * 0.95)], 1),
            "max": round(ordered[-1], 1),
        }
    return found


def suites_digest() -> str:
    """`sha256:` and the digest of every file of the suites and of the scenarios that they judge."""
    digest = hashlib.sha256()
    folders = (paths.SUITES, paths.PACKAGE / "scenarios")
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return "sha256:" + digest.hexdigest()
