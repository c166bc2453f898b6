"""FWD, AUT, NDR: a step of the way to the customer that should work does not, or does something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.conduct import Ruling, take
from selfship.mock.faults.fault import (
    Fault,
    When,
    after,
    both,
    counts_only,
    event,
    not_,
    refuses,
    returns,
    state,
    takes,
    two_lines,
    when,
)
from selfship.mock.points import Ask, Hook, Point
from selfship.mock.store import BY_ITSELF

S, E = State, Event


def no(name: str, rule: str, how: str, *tests: When) -> Fault:
    return Fault(name, rule, how, Point.RULING, refuses(both(*tests)))


def only_counted(name: str, rule: str, how: str, *tests: When) -> Fault:
    """A success without effect is also a false count (BAT-1), of twenty items as of one (LIM-1)."""
    return Fault(name, rule, how, Point.RULING, counts_only(both(*tests)), breaks_too=("BAT-1", "LIM-1"))


def leads_to(name: str, rule: str, how: str, test: When, to: State, *breaks_too: str) -> Fault:
    """A taken event that leads elsewhere."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        return take(to) if ruling.counted and test(ask) else ruling

    return Fault(name, rule, how, Point.RULING, hook, breaks_too=breaks_too)


def taken(name: str, rule: str, how: str, test: When, to: State | None) -> Fault:
    return Fault(name, rule, how, Point.RULING, takes(test, to))


def _forgets(*names: str) -> Hook:
    return lambda changes, _: {key: value for key, value in changes.items() if key not in names}


def _has(name: str) -> When:
    return lambda ask: name in ask.item


def _invoiced_here(ask: Ask) -> bool:
    """The order came to dp_assigned by an Update Invoice of this run, not as it was made."""
    return ask.order is not None and ask.order.after(BY_ITSELF)


def _own_invoice_number(changes: dict[str, Any], ask: Ask) -> dict[str, Any]:
    assert ask.order is not None
    return {**changes, "invoice_number": f"KN-{ask.order.id[-6:]}"} if "invoice_number" in changes else changes


def _refused_and_done(ruling: Ruling, _: Ask) -> Ruling:
    return replace(ruling, counted=False, code="IN422", message="not possible") if ruling.counted else ruling


def _second_failure(ask: Ask) -> bool:
    return ask.event is E.DELIVERY_ATTEMPT_FAILED and after(E.DELIVERY_REATTEMPT_REQUESTED)(ask)


FORWARD = (
    only_counted(
        "confirm_counted_only", "FWD-1", "counts a Confirm as successful and leaves the order placed", event(E.CONFIRM)
    ),
    no("confirm_refuses_two_lines", "FWD-1", "refuses Confirm on an order with two lines", event(E.CONFIRM), two_lines),
    only_counted(
        "invoice_counted_only",
        "FWD-2",
        "counts a sale invoice as successful and leaves the order confirmed",
        event(E.INVOICE),
    ),
    Fault(
        "invoice_counted_as_failed",
        "FWD-2",
        "counts a sale invoice as failed and carries it out all the same",
        Point.RULING,
        when(event(E.INVOICE), _refused_and_done),
        breaks_too=("BAT-1", "LIM-1", "LIM-2", "LIM-3"),
    ),
    no(
        "invoiced_is_never_assigned",
        "FWD-2",
        "shows PROCESSING after Update Invoice, yet never lets an AWB in",
        event(E.AWB, E.AUTO_DISPATCH, E.PACK),
        _invoiced_here,
    ),
    no(
        "invoice_refuses_packages",
        "FWD-2",
        "refuses an invoice that brings packages",
        event(E.INVOICE),
        _has("packages"),
    ),
    leads_to(
        "awb_always_dispatches",
        "FWD-3",
        "moves the order to bag_picked though autoDispatch is false",
        both(event(E.AWB), state(S.DP_ASSIGNED)),
        S.BAG_PICKED,
    ),
    no("awb_refuses_two_lines", "FWD-3", "refuses Update AWB on an order with two lines", event(E.AWB), two_lines),
    only_counted(
        "pack_counted_only", "FWD-4", "counts Pack as successful and leaves the order in dp_assigned", event(E.PACK)
    ),
    no("pack_refuses_two_lines", "FWD-4", "refuses Pack on an order with two lines", event(E.PACK), two_lines),
    no("dispatch_refused", "FWD-5", "refuses Dispatch on a packed order", event(E.DISPATCH)),
    no(
        "dispatch_wants_items",
        "FWD-5",
        "refuses Dispatch without orderItems",
        event(E.DISPATCH),
        not_(_has("orderItems")),
    ),
    no("dispatch_refuses_items", "FWD-5", "refuses Dispatch with orderItems", event(E.DISPATCH), _has("orderItems")),
    no("bag_picked_refused", "FWD-6", "refuses bag_picked on a dispatched order", event(E.BAG_PICKED)),
    only_counted(
        "bag_picked_counted_only", "FWD-6", "counts bag_picked as successful and moves nothing", event(E.BAG_PICKED)
    ),
    only_counted(
        "delivery_counted_only",
        "FWD-7",
        "counts delivery_done on a picked order as successful and moves nothing",
        event(E.DELIVERY_DONE),
        state(S.BAG_PICKED),
        after(E.DISPATCH),
    ),
    no(
        "no_delivery_after_dispatch",
        "FWD-7",
        "refuses delivery_done on an order that was packed and dispatched",
        event(E.DELIVERY_DONE),
        state(S.BAG_PICKED),
        after(E.DISPATCH),
    ),
    Fault(
        "invoice_number_is_lost",
        "FWD-10",
        "does not show the invoiceNumber that it took",
        Point.SHOWN,
        lambda shown, _: {**shown, "invoiceNumber": None},
    ),
    Fault(
        "invoice_number_is_its_own",
        "FWD-10",
        "gives the order an invoice number of its own",
        Point.CHANGES,
        when(event(E.INVOICE), _own_invoice_number),
    ),
)

AUTO_DISPATCH = (
    leads_to(
        "auto_dispatch_does_not_move",
        "AUT-1",
        "records AWB and courier, but leaves an auto-dispatched order in dp_assigned",
        both(event(E.AUTO_DISPATCH), state(S.DP_ASSIGNED)),
        S.DP_ASSIGNED,
        "AUT-2",
    ),
    leads_to(
        "auto_dispatch_only_packs",
        "AUT-1",
        "moves an auto-dispatched order to bag_packed",
        both(event(E.AUTO_DISPATCH), state(S.DP_ASSIGNED)),
        S.BAG_PACKED,
        "AUT-2",
    ),
    Fault(
        "auto_dispatch_forgets_courier",
        "AUT-1",
        "records the AWB of an auto-dispatched order without its courier",
        Point.CHANGES,
        when(event(E.AUTO_DISPATCH), _forgets("courier")),
        breaks_too=("FET-12",),
    ),
    no(
        "no_delivery_after_auto_dispatch",
        "AUT-2",
        "refuses delivery_done right after autoDispatch",
        event(E.DELIVERY_DONE),
        state(S.BAG_PICKED),
        after(E.AUTO_DISPATCH),
    ),
    only_counted(
        "auto_dispatched_delivery_counted_only",
        "AUT-2",
        "counts delivery_done right after autoDispatch as successful and moves nothing",
        event(E.DELIVERY_DONE),
        state(S.BAG_PICKED),
        after(E.AUTO_DISPATCH),
    ),
    leads_to(
        "auto_dispatch_moves_return",
        "AUT-3",
        "moves a return on where autoDispatch is true",
        both(event(E.AUTO_DISPATCH), returns),
        S.RETURN_BAG_IN_TRANSIT,
    ),
    no(
        "auto_dispatched_return_is_stuck",
        "AUT-3",
        "refuses return_bag_in_transit on a return that was sent autoDispatch",
        event(E.RETURN_BAG_IN_TRANSIT),
        after(E.AUTO_DISPATCH),
    ),
    taken(
        "auto_dispatched_return_delivers",
        "AUT-3",
        "takes return_bag_delivered at once on a return that was sent autoDispatch",
        both(event(E.RETURN_BAG_DELIVERED), state(S.RETURN_DP_ASSIGNED), after(E.AUTO_DISPATCH)),
        S.RETURN_BAG_DELIVERED,
    ),
)

ATTEMPTS = (
    no(
        "no_attempt_after_auto_dispatch",
        "NDR-1",
        "refuses out_for_delivery after autoDispatch",
        event(E.OUT_FOR_DELIVERY),
        state(S.BAG_PICKED),
        after(E.AUTO_DISPATCH),
    ),
    no(
        "no_attempt_after_dispatch",
        "NDR-1",
        "refuses out_for_delivery after pack and dispatch",
        event(E.OUT_FOR_DELIVERY),
        state(S.BAG_PICKED),
        after(E.DISPATCH),
    ),
    leads_to(
        "attempt_delivers",
        "NDR-1",
        "delivers the order on out_for_delivery",
        both(event(E.OUT_FOR_DELIVERY), state(S.BAG_PICKED)),
        S.DELIVERY_DONE,
        "NDR-2",
    ),
    no("no_attempt_failed", "NDR-2", "refuses delivery_attempt_failed", event(E.DELIVERY_ATTEMPT_FAILED)),
    no("no_reattempt", "NDR-2", "refuses delivery_reattempt_requested", event(E.DELIVERY_REATTEMPT_REQUESTED)),
    no(
        "no_second_attempt",
        "NDR-2",
        "refuses out_for_delivery once a reattempt was requested",
        event(E.OUT_FOR_DELIVERY),
        after(E.DELIVERY_REATTEMPT_REQUESTED),
    ),
    no("no_second_failure", "NDR-2", "refuses delivery_attempt_failed on the second attempt", _second_failure),
    no(
        "no_delivery_after_attempt",
        "NDR-3",
        "refuses delivery_done in out_for_delivery",
        event(E.DELIVERY_DONE),
        state(S.OUT_FOR_DELIVERY),
    ),
    no(
        "no_delivery_after_reattempt",
        "NDR-3",
        "refuses delivery_done right after a reattempt was requested",
        event(E.DELIVERY_DONE),
        state(S.DELIVERY_REATTEMPT_REQUESTED),
    ),
    only_counted(
        "attempted_delivery_counted_only",
        "NDR-3",
        "counts delivery_done in out_for_delivery as successful and moves nothing",
        event(E.DELIVERY_DONE),
        state(S.OUT_FOR_DELIVERY),
    ),
)

FAULTS = (*FORWARD, *AUTO_DISPATCH, *ATTEMPTS)
