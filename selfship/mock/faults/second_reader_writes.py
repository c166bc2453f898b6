"""Faults of a second reader of the rules: the writes, alone, in batches and at the same time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.codes import Refusal
from selfship.mock.conduct import Ruling, refuse
from selfship.mock.faults.fault import (
    Fault,
    after,
    always,
    applies_though_refused,
    both,
    counts_only,
    event,
    not_,
    on,
    returns,
    several,
    state,
    takes,
    two_lines,
    when,
)
from selfship.mock.faults.journeys import no, taken
from selfship.mock.points import Ask, Point
from selfship.mock.validation import check_item
from selfship.operations import WRITES

S, E = State, Event
Changes = dict[str, Any]

_AWB = event(E.AWB, E.AUTO_DISPATCH)
_CANCELLED_CODES = ("O400", "IN401", "CR401", "D401")
_CHUNK = 10
"""Items that are worked on at a time."""
_GAP_S = 0.04
"""Between decision and effect, in seconds: longer than requests sent at once are apart."""


def _one_courier(changes: Changes, ask: Ask) -> Changes:
    return {**changes, "courier": ask.scratch.setdefault("courier", changes["courier"])}


def _one_way_to_dispatch(asked: Event | None, ask: Ask) -> Event | None:
    first: Event | None = ask.scratch.setdefault("event", asked)
    return first


def _disputed(ask: Ask) -> bool:
    """Something was wrong with the return when it was accepted."""
    return ask.order is not None and any(line.get("reasonCode") for line in ask.order.qc)


def _courier_only(changes: Changes, _: Ask) -> Changes:
    return {"courier": changes["courier"]}


def _first_line_only(changes: Changes, ask: Ask) -> Changes:
    first = ask.item["orderItems"][0]["orderItemId"]
    return {"cancelled": {line: count for line, count in changes["cancelled"].items() if line == first}}


def _one_code(ruling: Ruling, _: Ask) -> Ruling:
    return replace(ruling, code="ORDER_CANCELLED") if ruling.code in _CANCELLED_CODES else ruling


def _first_of_a_chunk(ask: Ask) -> bool:
    return ask.index == _CHUNK


def _only_the_last(ruling: Ruling, ask: Ask) -> Ruling:
    """As a host does that keeps a request's items by their orderId."""
    if ask.order is not None and ask.order.id in ask.ids[ask.index + 1 :]:
        return Ruling(counted=True, applies=False)
    return ruling


def _names_unknown(_: bool, ask: Ask) -> bool:
    return any(ask.host.store.get(order_id) is None for order_id in ask.ids)


def _auto(ask: Ask) -> bool:
    return ask.item.get("autoDispatch") is True


def _courier_before(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    """As a host does that reads every item into the same object."""
    if "courierName" not in ask.item and "courier before" in ask.scratch:
        ask.item["courierName"] = ask.scratch["courier before"]
        return check_item(ask.operation, ask.item)
    if refusal is None:
        ask.scratch["courier before"] = ask.item["courierName"]
    return refusal


def _null_is_a_word(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    if "courierName" in ask.item and ask.item["courierName"] is None:
        ask.item["courierName"] = "null"
        return check_item(ask.operation, ask.item)
    return refusal


def _ends_alone(ask: Ask) -> bool:
    return ask.items == 1 and ask.event in (E.DELIVERY_DONE, E.RTO_BAG_DELIVERED)


def _inside(ask: Ask) -> list[Ask]:
    """The requests that are ending the order now."""
    assert ask.order is not None
    requests: list[Ask] = ask.memory.setdefault("ending", {}).setdefault(ask.order.id, [])
    return requests


def _comes_in(_: float, ask: Ask) -> float:
    inside = _inside(ask)
    inside.append(ask)
    if len(inside) > 1:
        for each in inside:
            each.scratch["clash"] = True
    return _GAP_S


def _gives_way(ruling: Ruling, ask: Ask) -> Ruling:
    inside = _inside(ask)
    inside[:] = [each for each in inside if each is not ask]
    return refuse("CONFLICT", "the order was changed meanwhile") if ask.scratch.get("clash") else ruling


JOURNEYS = (
    Fault(
        "batch_shares_its_courier",
        "FET-12",
        "records the courier of the first item of Update AWB on every order of the request",
        Point.CHANGES,
        when(both(_AWB, several()), _one_courier),
        breaks_too=("AUT-1", "BAT-1", "COU-1", "LIM-1"),
    ),
    Fault(
        "batch_shares_auto_dispatch",
        "AUT-1",
        "lets autoDispatch of the first item of a request hold for all of them",
        Point.EVENT,
        when(several("awb"), _one_way_to_dispatch),
        breaks_too=("FWD-3", "BAT-1"),
    ),
    no(
        "one_reattempt_only",
        "NDR-2",
        "refuses delivery_reattempt_requested after the second failed attempt",
        event(E.DELIVERY_REATTEMPT_REQUESTED),
        after(E.DELIVERY_REATTEMPT_REQUESTED),
    ),
    no(
        "no_credit_note_of_auto_dispatched_rto",
        "RTO-3",
        "refuses the credit note of an accepted RTO that was auto-dispatched",
        event(E.CREDIT_NOTE),
        not_(returns),
        after(E.AUTO_DISPATCH),
    ),
    no(
        "no_credit_note_of_a_disputed_return",
        "RET-5",
        "refuses the credit note of a return that was accepted with a reason code",
        event(E.CREDIT_NOTE),
        returns,
        _disputed,
    ),
    taken(
        "qc_before_pickup",
        "RET-9",
        "accepts a return that nobody has picked up",
        both(event(E.ACCEPT_RETURN), state(S.RETURN_DP_ASSIGNED)),
        S.RETURN_ACCEPTED,
    ),
)

TRANSITIONS = (
    Fault(
        "refused_awb_renames_the_courier",
        "STA-7",
        "refuses Update AWB on a picked order and keeps its AWB, but takes the new courier",
        Point.RULING,
        applies_though_refused(both(event(E.AWB), state(S.BAG_PICKED))),
        ((Point.CHANGES, when(both(event(E.AWB), state(S.BAG_PICKED)), _courier_only)),),
        breaks_too=("BAT-1",),
    ),
    Fault(
        "return_is_packed",
        "STA-8",
        "packs a return in return_dp_assigned",
        Point.RULING,
        takes(both(event(E.PACK), state(S.RETURN_DP_ASSIGNED))),
    ),
    Fault(
        "cancel_stops_at_the_first_line",
        "STA-11",
        "counts the cancellation of an order with two lines as successful, and cancels the first line alone",
        Point.CHANGES,
        when(both(event(E.CANCEL), two_lines), _first_line_only),
        breaks_too=("BAT-1", "LIM-1"),
    ),
    Fault(
        "cancelled_has_a_code_of_its_own",
        "STA-12",
        "answers ORDER_CANCELLED where the documents name O400, IN401, CR401 and D401",
        Point.RULING,
        _one_code,
    ),
)

BATCHES = (
    Fault(
        "eleventh_item_is_lost",
        "LIM-1",
        "works in tens, and counts the first item of the second ten as successful without carrying it out",
        Point.RULING,
        counts_only(both(on(*WRITES), _first_of_a_chunk)),
        breaks_too=("BAT-1",),
    ),
    Fault(
        "only_the_last_of_an_order_applies",
        "BAT-6",
        "counts the first of two items of one order as successful, and looks at the second alone",
        Point.RULING,
        _only_the_last,
        breaks_too=("BAT-1",),
    ),
    Fault(
        "unknown_order_sinks_all",
        "BAT-4",
        "refuses a whole batch that names an unknown order",
        Point.WHOLE,
        _names_unknown,
    ),
)

VALUES = (
    Fault(
        "auto_dispatch_skips_eligibility",
        "ELI-1",
        "takes an AWB for an order that is not self-ship where autoDispatch is true",
        Point.ELIGIBLE,
        when(both(on("awb"), _auto), always(True)),
    ),
    Fault(
        "missing_courier_is_inherited",
        "VAL-1",
        "takes an Update AWB without a courierName behind one that has it, and records that courier",
        Point.VALID,
        when(on("awb"), _courier_before),
    ),
    Fault(
        "null_courier_is_a_word",
        "VAL-2",
        'takes null for courierName, and records the word "null"',
        Point.VALID,
        when(on("awb"), _null_is_a_word),
    ),
)

RACES = (
    Fault(
        "overlapping_endings_both_fail",
        "RAC-1",
        "refuses both of two endings of one order that come at once",
        Point.GAP,
        when(_ends_alone, _comes_in),
        ((Point.LATE, when(_ends_alone, _gives_way)),),
    ),
)

FAULTS = (*JOURNEYS, *TRANSITIONS, *BATCHES, *VALUES, *RACES)
