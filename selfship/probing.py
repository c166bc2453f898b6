"""Requests that a conforming host refuses, and the proof that they changed nothing.

Probes that must be refused share an order and one last look at it. Only where that look, or an answer, shows that
something was taken after all does each remaining probe get an order and a look of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfship import answers, bodies, lifecycle, lost, orders, unasked
from selfship.answers import Answer, Kind
from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.guard import made_up
from selfship.lifecycle import EVENTS, Cell, Event
from selfship.orders import View
from selfship.scenario import BrokenError, PassedByError, Step
from selfship.supply import NoSupplyError, Order

UNJUDGED = (Kind.UNREADABLE, Kind.SERVER_ERROR, Kind.NO_ANSWER, Kind.PUT_OFF)


@dataclass(frozen=True)
class Probe:
    """One request that must be refused. `body` builds its items for an order; None: the item of `event` itself.

    `raw` is sent as it is; `tail` is sent behind the items. `harmless`: taking it without changing anything is
    conforming too.
    """

    name: str
    rule: str
    event: Event
    body: Callable[[Order], list[Any]] | None = None
    raw: bytes | None = None
    tail: bytes = b""
    harmless: bool = False
    cell: Cell | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_cell(cls, event: Event, cell: Cell) -> Probe:
        return cls(event.value, cell.rule or "", event, harmless=cell.outcome == "unchanged", cell=cell)

    @property
    def operation(self) -> str:
        return EVENTS[self.event].operation


def probe_all(flow: Flow, order: Order, probes: Sequence[Probe], another: Callable[[], Order]) -> None:
    """Sends each probe and keeps a step for each. `another` brings a fresh order in the same state.

    NoSupplyError and BrokenError of `another` do not end the scenario: the probes left over are kept as spoiled.
    """
    left = list(probes)
    while left:
        settled(flow, order)
        before = flow.read(order) or order.view
        done = _send_run(flow, order, left, before, another)
        spoiled = done[-1].outcome in ("accepted", "applied", "unclear_changed") if done else False
        after = None if spoiled else _look(flow, order)
        _passed_by(flow, order, after, another)
        if spoiled and len(done) == 1:
            _keep(flow, done, None)
        elif spoiled or not (before is None or after is None or orders.unmoved(order.state, before, after)):
            # One among them was taken: perhaps an earlier one, whatever was answered. Each again, alone.
            _one_by_one(flow, left[: len(done)], another, done[-1] if spoiled else None)
        else:
            _keep(flow, done, after)
            left = left[len(done) :]
            continue
        left = left[len(done) :]
        if left:
            fresh = _fresh(flow, another, left, done[-1] if done else None)
            if fresh is None:
                return
            order = fresh


def _passed_by(flow: Flow, order: Order, after: View | None, another: Callable[[], Order]) -> None:
    """Raises where the host has moved the order on by itself: what was probed in the next state proves nothing."""
    if after is None or after.status is None or after.status in lifecycle.COARSE[order.state]:
        return
    if unasked.leaves(flow, order.state, another):
        raise PassedByError(order.state)


def settled(flow: Flow, order: Order) -> None:
    """Waits out the time that this host has shown it needs, where the order's last move could not be seen."""
    wait = order.written_at + flow.host.needed_settle * 1.5 - time.monotonic()
    if not order.seen and wait > 0:
        flow.host.wire.pace.pause(wait)


def _look(flow: Flow, order: Order) -> View | None:
    """The order once a late change would have shown, by what this host has been seen to need."""
    if flow.host.needed_settle:
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    return flow.read(order)


def _send(flow: Flow, order: Order, probe: Probe, before: View | None) -> tuple[Step, Answer]:
    items = probe.body(order) if probe.body else [flow.item(probe.event, order)]

    def send() -> tuple[Exchange, Answer]:
        raw = json.dumps(items).encode() + probe.tail if probe.tail else probe.raw
        if raw is None:
            return flow.write(probe.operation, items, step=probe.name, **probe.options)
        exchange = flow.call(probe.operation, raw=raw, step=probe.name, **probe.options)
        answer = answers.read(exchange, 1)
        if exchange.ok and answer.kind is Kind.UNREADABLE and answer.success == 0 and answer.broken == "CON-3":
            answer = replace(answer, kind=Kind.REFUSED)
        return exchange, answer

    exchange, answer = lost.probed_again(flow, order, before, send, send())
    what = f"{probe.name} on an order in {order.state.value}"
    step = Step(
        probe.name, probe.rule, order.id, order.state, probe.event, "", "", [exchange.seq], answer, probe.cell, before
    )
    step.message = f"{what} must be refused; the host answered {answers.says(exchange)}"
    return step, answer


def _send_run(
    flow: Flow, order: Order, probes: Sequence[Probe], before: View | None, another: Callable[[], Order]
) -> list[Step]:
    """Sends probes until one is not refused; the steps so far, that one last.

    A careful flow has no other order to find out on: it looks after each probe whether that one changed anything; not
    on a host that shows changes late, where that would take as long again for each.
    """
    careful = flow.careful and not flow.host.needed_settle
    done: list[Step] = []
    for probe in probes:
        step, answer = _send(flow, order, probe, before)
        done.append(step)
        step.outcome = answer.kind.value
        if answer.refused and not careful:
            continue
        after = _look(flow, order)
        _passed_by(flow, order, after, another)
        if answer.refused:
            if before is None or after is None or orders.unmoved(order.state, before, after):
                continue
            step.after, step.outcome = after, "applied"
            step.exchanges.append(after.seq)
            step.message += f"; {before.difference(after)}"
            break
        step.after = after
        if after:
            step.exchanges.append(after.seq)
        unchanged = before is None or after is None or orders.unmoved(order.state, before, after)
        if answer.kind in UNJUDGED:
            step.outcome = answer.kind.value if unchanged else "unclear_changed"
        else:
            step.outcome = "refused" if unchanged and probe.harmless else "accepted"
        if not unchanged and before and after:
            step.message += f"; {before.difference(after)}"
        if step.outcome in ("accepted", "unclear_changed"):
            break
    return done


def _keep(flow: Flow, done: Sequence[Step], after: View | None) -> None:
    for step in done:
        if step.after is None and after is not None:
            step.after = after
            step.exchanges.append(after.seq)
        flow.keep(step)


def _fresh(flow: Flow, another: Callable[[], Order], left: Sequence[Probe], spoiler: Step | None) -> Order | None:
    """Another order for the probes left over; None, with those kept as spoiled, where there is none."""
    try:
        return another()
    except (NoSupplyError, BrokenError) as exc:
        cause = exc.step if isinstance(exc, BrokenError) else spoiler
        for probe in left:
            reason = (
                f"{probe.name} was not sent: the order was spoiled by {cause.name if cause else 'an earlier probe'}"
            )
            step = Step(probe.name, probe.rule, "", None, probe.event, "spoiled", reason, [], cell=probe.cell)
            step.exchanges = list(cause.exchanges) if cause else []
            step.message += f" ({cause.rule})" if cause else ""
            flow.keep(step)
        return None


def _one_by_one(flow: Flow, probes: Sequence[Probe], another: Callable[[], Order], taken: Step | None) -> None:
    """Each probe on an order that nothing else has touched since its last look.

    Without such orders `taken`, the probe that was seen to be taken, stands, and the others are spoiled by it.
    """
    order: Order | None = None
    for place, probe in enumerate(probes):
        if order is None:
            left = [one for one in probes[place:] if taken is None or one.name != taken.name]
            order = _fresh(flow, another, left, taken)
            if order is None:
                if taken is not None and len(left) < len(probes) - place:
                    flow.keep(taken)
                return
        before = flow.read(order) or order.view
        step, answer = _send(flow, order, probe, before)
        after = _look(flow, order)
        _passed_by(flow, order, after, another)
        step.after = after
        step.exchanges += [after.seq] if after else []
        unchanged = before is None or after is None or orders.unmoved(order.state, before, after)
        step.outcome = answer.kind.value
        if not unchanged and before and after:
            step.outcome = "applied" if answer.refused else "accepted"
            step.message += f"; {before.difference(after)}"
        elif answer.accepted:
            step.outcome = "refused" if probe.harmless else "accepted"
        flow.keep(step)
        if not answer.refused or not unchanged:
            order = None


def unknown_id() -> str:
    """An order id that no host has: of the documents' length, and out of their range of time."""
    return made_up("99" + bodies.unique("")[-6:].translate(str.maketrans("ABCDEF", "012345")).rjust(18, "7"))


def probes_of(state: lifecycle.State) -> list[Probe]:
    """A probe for each cell of the state's row that must be refused, or must change nothing."""
    skipped = {Event.AUTO_DISPATCH} if state is lifecycle.State.RETURN_DP_ASSIGNED else set()
    return [
        Probe.of_cell(event, cell)
        for of_state, event, cell in lifecycle.cells()
        if of_state is state and cell.outcome in ("refuse", "unchanged") and event not in skipped
    ]
