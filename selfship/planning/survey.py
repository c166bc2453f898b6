"""What a host shows to a reader: its orders by status, how fast it answers, and how it reads the documents."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from selfship.flow import Flow
from selfship.lifecycle import COARSE, State
from selfship.orders import View
from selfship.preflight import Stop
from selfship.run import Run

MOST = 400
"""Orders of a listing that are looked at: more than a whole run needs."""
STATUSES = tuple(dict.fromkeys(name for state in State for name in COARSE[state]))


@dataclass(frozen=True)
class Listed:
    """An order that a listing showed. `touchable`: whether a run may write to it."""

    view: View
    other: bool
    touchable: bool


@dataclass(frozen=True)
class Survey:
    """`latency_s`: the median of the answers to reads. `detected`: switches that the profile leaves open.

    `given`: the orders that were handed in, by state, each with what a read by id shows; None where it shows none.
    `cut`: statuses with more orders than were looked at.
    """

    listed: tuple[Listed, ...]
    given: Mapping[State, Mapping[str, View | None]]
    cut: tuple[str, ...]
    detected: Mapping[str, str]
    first_page: int
    latency_s: float
    requests: int


def survey(run: Run, orders: Mapping[State, Sequence[str]], *, named: bool) -> Survey | Stop:
    """Reads the host of a read-only run. A Stop where it cannot be judged at all; UsageError as a run would say.

    `named`: the user named what may be touched; else a plan is made as if all of it were.
    """
    if stop := run.begin():
        return stop
    host = run.host
    found: dict[str, Listed] = {}
    cut = []
    for status in STATUSES:
        for other in (False, True) if host.other_tokens is not None else (False,):
            page = list(itertools.islice(_views(run, status, other=other), MOST + 1))
            cut += [status] if len(page) > MOST else []
            for view in page[:MOST]:
                touchable = host.may_touch(view, other) if named else True
                found.setdefault(view.id, Listed(view, other, touchable))
    handed_in = _handed_in(run, orders)
    exchanges = run.exchanges()
    return Survey(
        listed=tuple(found.values()),
        given=handed_in,
        cut=tuple(dict.fromkeys(cut)),
        detected=dict(host.detected),
        first_page=host.first_page,
        latency_s=statistics.median(one.elapsed_ms for one in exchanges) / 1000 if exchanges else 0.0,
        requests=len(exchanges),
    )


def _views(run: Run, status: str, *, other: bool) -> Iterator[View]:
    caller = run.host.caller("plan", other=other)
    for page in run.host.pages(caller, status, other=other):
        # A host that ignores the filter would show everything everywhere.
        yield from (view for view in page if view.status == status)


def _handed_in(run: Run, orders: Mapping[State, Sequence[str]]) -> dict[State, dict[str, View | None]]:
    flow = Flow(run.host, "plan")
    return {state: {order: flow.read(order) for order in ids} for state, ids in orders.items()}
