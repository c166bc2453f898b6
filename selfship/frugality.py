"""What a run made of the orders that it had: MUSTs judged for each order spent, against an order for each check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from selfship.verdict import Verdict

if TYPE_CHECKING:
    from selfship.judging import Check
    from selfship.results import RequirementResult
    from selfship.scenario import Recording

UNJUDGED = (Verdict.BLOCKED, Verdict.NOT_TESTABLE, Verdict.ERROR)
JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED)


def of_run(
    checks: Sequence[Check],
    rows: Iterable[RequirementResult],
    recordings: Iterable[Recording],
    orders: int,
    *,
    shared: bool,
) -> dict[str, Any]:
    """For `results.json`: `musts` were judged by every check of theirs, `musts_in_part` by some.

    `naive_orders`: what the same checks would have cost, had each been given orders of its own. `shared`: whether
    orders went from scenario to scenario.
    """
    by_rule: dict[str, list[Verdict]] = {row.id: [] for row in rows if row.level == "MUST"}
    spent = {recording.scenario: len(set(recording.orders)) for recording in recordings}
    naive = 0
    for check in checks:
        if check.requirement in by_rule:
            by_rule[check.requirement].append(check.verdict)
        if check.verdict in JUDGED:
            naive += sum(spent.get(name, 0) for name in check.rests_on)
    judged = [rule for rule, said in by_rule.items() if any(one in JUDGED for one in said)]
    whole = [rule for rule in judged if not any(one in UNJUDGED for one in by_rule[rule])]
    return {
        "shared": shared,
        "orders": orders,
        "musts": len(whole),
        "musts_in_part": len(judged) - len(whole),
        "musts_per_order": _each(len(whole), orders),
        "naive_orders": naive,
        "naive_musts_per_order": _each(len(whole), naive),
    }


def _each(musts: int, orders: int) -> float | None:
    return round(musts / orders, 2) if orders else None


def sentence(found: dict[str, Any]) -> str:
    """One sentence for a person; empty where no order was spent."""
    if not found or not found["orders"]:
        return ""
    orders, part, naive = found["orders"], found["musts_in_part"], found["naive_orders"]
    words = f"{orders} order{'s' * (orders != 1)} used: {found['musts']} MUSTs judged whole"
    words += f" and {part} in part" if part else ""
    words += f", {found['musts_per_order']:g} whole for each order."
    return f"{words} With orders of its own for each check it would have taken {naive}." if naive else words
