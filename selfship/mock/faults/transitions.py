"""STA: events that are taken where they must not be, each alone; and refusals that lack their code.

A row says: in this state this event is counted as successful, and leads there (None: it leaves the state as it is).
"""

from __future__ import annotations

from dataclasses import replace

from selfship.lifecycle import Event, State
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import (
    Fault,
    When,
    after,
    applies_though_refused,
    both,
    counts_only,
    event,
    refuses,
    state,
    takes,
)
from selfship.mock.points import Ask, Point

S, E = State, Event

_TAKEN: tuple[tuple[str, str, State, Event, State | None], ...] = (
    ("delivered_when_packed", "STA-1", S.BAG_PACKED, E.DELIVERY_DONE, S.DELIVERY_DONE),
    ("delivered_when_handed_over", "STA-1", S.HANDED_OVER_TO_DG, E.DELIVERY_DONE, S.DELIVERY_DONE),
    ("rto_when_assigned", "STA-1", S.DP_ASSIGNED, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED),
    ("rto_when_handed_over", "STA-1", S.HANDED_OVER_TO_DG, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED),
    ("return_delivered_at_pickup", "STA-1", S.RETURN_DP_ASSIGNED, E.RETURN_BAG_DELIVERED, S.RETURN_BAG_DELIVERED),
    ("picked_again_on_its_way", "STA-2", S.OUT_FOR_DELIVERY, E.BAG_PICKED, S.BAG_PICKED),
    ("picked_again_after_failure", "STA-2", S.DELIVERY_ATTEMPT_FAILED, E.BAG_PICKED, S.BAG_PICKED),
    ("picked_again_after_reattempt", "STA-2", S.DELIVERY_REATTEMPT_REQUESTED, E.BAG_PICKED, None),
    (
        "transit_after_return_delivery",
        "STA-2",
        S.RETURN_BAG_DELIVERED,
        E.RETURN_BAG_IN_TRANSIT,
        S.RETURN_BAG_IN_TRANSIT,
    ),
    ("rto_after_delivery", "STA-3", S.DELIVERY_DONE, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED),
    ("delivery_after_rto", "STA-3", S.RTO_BAG_DELIVERED, E.DELIVERY_DONE, S.DELIVERY_DONE),
    ("attempt_after_delivery", "STA-3", S.DELIVERY_DONE, E.OUT_FOR_DELIVERY, S.OUT_FOR_DELIVERY),
    ("picked_after_rto", "STA-3", S.RTO_BAG_DELIVERED, E.BAG_PICKED, S.BAG_PICKED),
    ("delivered_after_acceptance", "STA-3", S.RETURN_ACCEPTED, E.RETURN_BAG_DELIVERED, S.RETURN_BAG_DELIVERED),
    ("transit_after_credit_note", "STA-3", S.CREDIT_NOTE_GENERATED, E.RETURN_BAG_IN_TRANSIT, None),
    ("rto_pushed_after_acceptance", "STA-3", S.RTO_BAG_ACCEPTED, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED),
    ("order_takes_return_transit", "STA-4", S.BAG_PICKED, E.RETURN_BAG_IN_TRANSIT, S.RETURN_BAG_IN_TRANSIT),
    ("order_takes_return_delivery", "STA-4", S.DP_ASSIGNED, E.RETURN_BAG_DELIVERED, None),
    ("return_takes_delivery", "STA-4", S.RETURN_BAG_IN_TRANSIT, E.DELIVERY_DONE, S.DELIVERY_DONE),
    ("return_takes_bag_picked", "STA-4", S.RETURN_DP_ASSIGNED, E.BAG_PICKED, S.BAG_PICKED),
    ("return_takes_rto", "STA-4", S.RETURN_BAG_IN_TRANSIT, E.RTO_BAG_DELIVERED, None),
    ("picked_when_placed", "STA-6", S.PLACED, E.BAG_PICKED, S.BAG_PICKED),
    ("attempted_when_confirmed", "STA-6", S.BAG_CONFIRMED, E.OUT_FOR_DELIVERY, None),
    ("cancelled_is_picked", "STA-6", S.CANCELLED, E.BAG_PICKED, S.BAG_PICKED),
    ("cancelled_is_attempted", "STA-6", S.CANCELLED, E.DELIVERY_ATTEMPT_FAILED, None),
    ("awb_when_packed", "STA-7", S.BAG_PACKED, E.AWB, None),
    ("awb_when_picked", "STA-7", S.BAG_PICKED, E.AWB, None),
    ("awb_when_delivered", "STA-7", S.DELIVERY_DONE, E.AWB, None),
    ("awb_when_placed", "STA-7", S.PLACED, E.AWB, None),
    ("awb_when_cancelled", "STA-7", S.CANCELLED, E.AWB, None),
    ("awb_when_return_is_in_transit", "STA-7", S.RETURN_BAG_IN_TRANSIT, E.AWB, None),
    ("auto_dispatch_when_handed_over", "STA-7", S.HANDED_OVER_TO_DG, E.AUTO_DISPATCH, S.BAG_PICKED),
    ("pack_when_confirmed", "STA-8", S.BAG_CONFIRMED, E.PACK, S.BAG_PACKED),
    ("pack_twice", "STA-8", S.BAG_PACKED, E.PACK, S.BAG_PACKED),
    ("pack_when_picked", "STA-8", S.BAG_PICKED, E.PACK, S.BAG_PACKED),
    ("dispatch_unpacked", "STA-8", S.DP_ASSIGNED, E.DISPATCH, S.HANDED_OVER_TO_DG),
    ("dispatch_twice", "STA-8", S.HANDED_OVER_TO_DG, E.DISPATCH, S.HANDED_OVER_TO_DG),
    ("dispatch_when_delivered", "STA-8", S.DELIVERY_DONE, E.DISPATCH, S.HANDED_OVER_TO_DG),
    ("invoice_unconfirmed", "STA-9", S.PLACED, E.INVOICE, S.BAG_INVOICED),
    ("invoice_twice", "STA-9", S.DP_ASSIGNED, E.INVOICE, None),
    ("invoice_when_packed", "STA-9", S.BAG_PACKED, E.INVOICE, None),
    ("cancelled_is_confirmed", "STA-10", S.CANCELLED, E.CONFIRM, S.BAG_CONFIRMED),
    ("cancelled_is_invoiced", "STA-10", S.CANCELLED, E.INVOICE, S.BAG_INVOICED),
    ("cancelled_is_packed", "STA-10", S.CANCELLED, E.PACK, S.BAG_PACKED),
    ("cancelled_is_dispatched", "STA-10", S.CANCELLED, E.DISPATCH, None),
    ("cancel_when_packed", "STA-11", S.BAG_PACKED, E.CANCEL, S.CANCELLED),
    ("cancel_when_picked", "STA-11", S.BAG_PICKED, E.CANCEL, S.CANCELLED),
    ("cancel_some_when_invoiced", "STA-11", S.DP_ASSIGNED, E.CANCEL_SOME, None),
    ("confirm_takes_back_packing", "STA-14", S.BAG_PACKED, E.CONFIRM, S.BAG_CONFIRMED),
    ("confirm_takes_back_invoicing", "STA-14", S.DP_ASSIGNED, E.CONFIRM, S.BAG_CONFIRMED),
)

_APPLIED: tuple[tuple[str, str, State, Event, State | None], ...] = (
    ("refused_delivery_applies", "STA-1", S.DP_ASSIGNED, E.DELIVERY_DONE, S.DELIVERY_DONE),
    ("refused_rto_applies", "STA-3", S.DELIVERY_DONE, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED),
    ("refused_awb_is_recorded", "STA-7", S.BAG_PACKED, E.AWB, None),
    ("refused_pack_applies", "STA-8", S.BAG_CONFIRMED, E.PACK, S.BAG_PACKED),
    ("refused_invoice_applies", "STA-9", S.PLACED, E.INVOICE, S.BAG_INVOICED),
    ("refused_confirm_applies", "STA-10", S.CANCELLED, E.CONFIRM, S.BAG_CONFIRMED),
)


def _cell(at: State, fired: Event) -> When:
    return both(state(at), event(fired))


def _taken(name: str, rule: str, at: State, fired: Event, to: State | None) -> Fault:
    return Fault(name, rule, f"takes {fired.value} in {at.value}", Point.RULING, takes(_cell(at, fired), to))


def _applied(name: str, rule: str, at: State, fired: Event, to: State | None) -> Fault:
    how = f"refuses {fired.value} in {at.value}, and carries it out all the same"
    return Fault(name, rule, how, Point.RULING, applies_though_refused(_cell(at, fired), to), breaks_too=("BAT-1",))


def _without_code(ruling: Ruling, _: Ask) -> Ruling:
    return replace(ruling, code="", message="not possible")


def _with_code(wrong: str, right: str) -> Fault:
    def hook(ruling: Ruling, _: Ask) -> Ruling:
        return replace(ruling, code=wrong) if ruling.code == right else ruling

    name = f"{right.lower()}_is_called_{wrong.lower()}"
    return Fault(name, "STA-12", f"answers {wrong} where the documents say {right}", Point.RULING, hook)


FAULTS = (
    *(_taken(*row) for row in _TAKEN),
    *(_applied(*row) for row in _APPLIED),
    Fault(
        "auto_dispatched_order_returns_twice",
        "STA-3",
        "takes delivery_done on an auto-dispatched order that came back",
        Point.RULING,
        takes(both(_cell(S.RTO_BAG_DELIVERED, E.DELIVERY_DONE), after(E.AUTO_DISPATCH)), S.DELIVERY_DONE),
    ),
    Fault(
        "attempted_order_is_picked_again",
        "STA-2",
        "takes bag_picked in out_for_delivery once a reattempt was requested",
        Point.RULING,
        takes(both(_cell(S.OUT_FOR_DELIVERY, E.BAG_PICKED), after(E.DELIVERY_REATTEMPT_REQUESTED)), S.BAG_PICKED),
    ),
    Fault(
        "cancel_refused",
        "STA-11",
        "refuses to cancel a confirmed order as a whole",
        Point.RULING,
        refuses(_cell(S.BAG_CONFIRMED, E.CANCEL)),
    ),
    Fault(
        "cancel_counted_only",
        "STA-11",
        "counts the cancellation of a placed order as successful and cancels nothing",
        Point.RULING,
        counts_only(_cell(S.PLACED, E.CANCEL)),
        breaks_too=("BAT-1", "LIM-1"),
    ),
    Fault("codes_are_left_out", "STA-12", "names no code in any refusal", Point.RULING, _without_code),
    _with_code("CR422", "CR400"),
    _with_code("IN400", "IN453"),
)
