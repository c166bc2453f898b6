"""The plan on a screen. Decides words and order, no figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfship.lifecycle import State
from selfship.planning.plan import Plan
from selfship.verdict import Verdict

LONGEST = 60
"""Characters of a list of rules on one line."""


def show(plan: Plan, console: Console, safe: Callable[[str], str] = str) -> None:
    """Prints the plan. `safe` takes secrets out of what came from the host."""
    for line in _head(plan):
        console.print(Text(safe(line)), soft_wrap=True)
    console.print(_states(plan))
    if plan.gaps:
        console.print(_gaps(plan))
    for line in _tail(plan):
        console.print(Text(safe(line)), soft_wrap=True)


def _head(plan: Plan) -> Iterator[str]:
    yield f"Plan for {plan.profile.url}; nothing was written there ({plan.survey.requests} reads)."
    for level in ("MUST", "SHOULD"):
        untestable = plan.count(level, Verdict.NOT_TESTABLE)
        others = [
            f"{plan.count(level, verdict)} {verdict.value.replace('_', ' ')}"
            for verdict in (Verdict.BLOCKED, Verdict.NOT_APPLICABLE, Verdict.ERROR)
            if plan.count(level, verdict)
        ]
        yield f"{level}: {', '.join([f'{plan.judged(level)} judged', f'{untestable} not testable', *others])}."
    yield f"A host that conforms would be found {plan.verdict.replace('_', ' ')}."
    cost = plan.cost
    yield (
        f"A run would take about {_duration(cost.seconds)}, {cost.requests} requests and {cost.orders} orders; "
        f"its time hangs on {cost.bound_by}."
    )
    if unsaid := sum(one.view.self_ship is None for one in plan.survey.listed):
        yield f"{unsaid} orders do not say is_self_ship as a boolean: a run cannot use them (FET-7)."
    if plan.survey.cut:
        yield f"Of {', '.join(plan.survey.cut)} only the first orders were looked at."


def _states(plan: Plan) -> Table:
    table = _table("Orders by state", "state", "wanted", "found", "locked", "not to be touched", "else walked from")
    for row in plan.stock:
        numbers = (row.wanted, row.found, row.locked, row.forbidden)
        walked = row.walked_from.value if row.walked_from and row.wanted > row.found else ""
        table.add_row(_named(row.state, row.kind), *(str(number or "") for number in numbers), walked)
    return table


def _gaps(plan: Plan) -> Table:
    table = _table("What is lacking", "state", "orders", "so that it cannot be judged in full")
    for gap in plan.gaps:
        table.add_row(_named(gap.state, gap.kind), str(gap.count), _short(gap.requirements))
    return table


def _table(title: str, *names: str) -> Table:
    """The first and the last column are words, those between are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in names:
        words = name in (names[0], names[-1])
        table.add_column(name, justify="left" if words else "right", overflow="fold")
    return table


def _named(state: State, kind: str) -> str:
    return f"{state.value} ({kind})" if kind else state.value


def _short(rules: tuple[str, ...]) -> str:
    said = ""
    for place, rule in enumerate(rules):
        if len(said) > LONGEST:
            return f"{said} and {len(rules) - place} more"
        said += f", {rule}" if said else rule
    return said


def _tail(plan: Plan) -> Iterator[str]:
    missing = [order for ids in plan.survey.given.values() for order, view in ids.items() if view is None]
    if missing:
        yield f"Handed in, and not to be read: {', '.join(missing[:10])}{' …' if len(missing) > 10 else ''}."
    if letter := plan.letter():
        yield "To send to the host's owner:"
        yield from (f"  {line}" for line in letter)
    if not plan.permitted:
        yield (
            "Nobody has named yet what a run may write to: `selfship certify` will ask for --touch, and the figures "
            "above are for everything that was found."
        )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
