"""What a host does unasked: invoices, acceptances and credit notes of its own.

A host may take such a step itself and all the same take it from the kit, where the kit comes first. Then an order that
has gone on by itself looks like one that a refused request has moved. Before that is held against a host whose profile
leaves the switch open, an order to spare is led to the same state and left alone there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from selfship import lifecycle, orders, ways
from selfship.lifecycle import Event, State
from selfship.orders import View
from selfship.scenario import BrokenError, PassedByError, Step
from selfship.supply import BEGINNINGS, NoSupplyError, Order

if TYPE_CHECKING:
    from selfship.flow import Flow
    from selfship.host import Host

BY_ITSELF = {Event.INVOICE: "invoicing", Event.ACCEPT_RETURN: "rto_acceptance", Event.CREDIT_NOTE: "credit_note"}
"""Events that a host may fire itself, and the switch that says so."""
LEFT_OVER = 12
"""Orders that must stay free for the scenarios when one is spared to be left alone."""


def leaves(flow: Flow, state: State, another: Callable[[], Order] | None = None) -> bool:
    """Whether the host leaves `state` by itself: by its profile, or, where that is silent, found out once in a run.

    `another` brings an order in that state where none can be spared. True also where nobody can find out: what is not
    known is not held against a host.
    """
    host = flow.host
    if state not in lifecycle.SWITCHED:
        return False
    if not host.leaves_open(lifecycle.SWITCHED[state][0]):
        return host.switch(lifecycle.SWITCHED[state][0]) == "auto"
    with host.finding_out:
        if host.left_alone.get(state) is None:
            # Whoever leads the order there may come here again: until it is known, nothing is held against the host.
            host.left_alone[state] = True
            host.left_alone[state] = _tried(flow.aside(f" ({state.value}, left alone)"), state, another)
            if host.left_alone[state]:
                host.turned_out(lifecycle.SWITCHED[state][0], "auto")
        return host.left_alone[state] is not False


def _tried(alone: Flow, state: State, another: Callable[[], Order] | None) -> bool | None:
    """What becomes of an order in `state` that nothing more is sent to; None where there is none to spare."""
    try:
        order = _spared(alone, state)
        if order is not None:
            alone.reach(order, state)
        elif another is not None:
            order = another()
    except PassedByError:
        return True
    except (BrokenError, NoSupplyError):
        return None
    view = None if order is None else alone.wait(order, lambda seen: _later(seen, state))
    return None if view is None else _later(view, state)


def _spared(alone: Flow, state: State) -> Order | None:
    for start in BEGINNINGS:
        if ways.path(start, state) is not None:
            for order in alone.host.supply.spare(start, 1, alone.name, leaving=LEFT_OVER):
                alone.learn(order)
                return order
    return None


def _later(view: View, state: State) -> bool:
    later = orders.reachable(state)[1:]
    return any(view.status in lifecycle.COARSE[one] for one in later) and view.status not in lifecycle.COARSE[state]


def awaited(flow: Flow, event: Event, order: Order, rule: str, title: str, *, refused: Step | None = None) -> Step:
    """Waits for what the host does by itself; where it does not, the refused request is what broke."""
    target = lifecycle.cell(order.state, event).to or order.state
    view = flow.wait(order, lambda seen: orders.shows(seen.status, target))
    evidence = (refused.exchanges if refused else []) + ([view.seq] if view else [])
    step = Step(title, rule, order.id, order.state, event, "automatic", "", evidence, before=order.view, after=view)
    went = view is not None and orders.shows(view.status, target)
    if view is not None and went and (refused is None or leaves(flow, order.state)):
        flow.host.detect(BY_ITSELF[event], "auto")
        step.message = f"the host did {event.value} by itself"
        # Seen to happen: what refusals of it are held against.
        flow.host.took(event, step)
        order.view, order.state = view, state_now(flow.host, target, view)
        order.touched(seen=order.state not in lifecycle.AUTOMATIC.values())
        return flow.arrived(flow.keep(step), order)
    if refused is not None:
        step = refused
        step.outcome, step.after = "refused", view
        step.exchanges += [view.seq] if went and view else []
        step.message = f"{event.value} on an order in {order.state.value} was refused, and " + (
            "the order moved all the same; of orders that are left alone the host moves none"
            if went
            else f"the host did not do it by itself within {flow.host.settle:g} s"
        )
    else:
        step.outcome = "not_applied"
        step.message = (
            f"The profile says that the host does {event.value} by itself; the order still shows orderStatus "
            f"{view.status if view else None} after {flow.host.settle:g} s"
        )
    flow.keep(step)
    raise BrokenError(step)


def state_now(host: Host, target: State, view: View | None) -> State:
    """The furthest state that the host's automatic steps can have led to and that `view` shows."""
    now = target
    for state in orders.reachable(target):
        if view is not None and view.status in lifecycle.COARSE[state]:
            now = state
        if state in lifecycle.SWITCHED and now is not state and now is not target:
            host.detect(lifecycle.SWITCHED[state][0], "auto")
    return lifecycle.AUTOMATIC.get(now, now)


def took(host: Host, target: State, now: State, step: Step) -> None:
    """What the host did by itself on the way from `target` to `now` has been seen to happen."""
    events = {switch: event for event, switch in BY_ITSELF.items()}
    for state in orders.reachable(target):
        if state is now:
            return
        if state in lifecycle.SWITCHED:
            host.took(events[lifecycle.SWITCHED[state][0]], step)
