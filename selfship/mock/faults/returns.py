"""RTO, RET: a step of the way back that should work does not, or does something else."""

from __future__ import annotations

from selfship.lifecycle import Event, State
from selfship.mock.faults.fault import Fault, When, after, both, event, not_, returns, state, when
from selfship.mock.faults.journeys import leads_to, no, only_counted, taken
from selfship.mock.points import Ask, Point

S, E = State, Event


def _has_awb(ask: Ask) -> bool:
    return ask.order is not None and bool(ask.order.awb)


def _is_rto(ask: Ask) -> bool:
    return ask.order is not None and not ask.order.is_return


def _reason(*codes: str) -> When:
    def test(ask: Ask) -> bool:
        lines = ask.item.get("orderItems", [])
        return any((line.get("reasonCode", "") == "") is (not codes) for line in lines)

    return test


RTO = (
    no(
        "no_rto_after_auto_dispatch",
        "RTO-1",
        "refuses rto_bag_delivered on an order that was auto-dispatched",
        event(E.RTO_BAG_DELIVERED),
        after(E.AUTO_DISPATCH),
    ),
    no(
        "no_rto_after_dispatch",
        "RTO-1",
        "refuses rto_bag_delivered on an order that was packed and dispatched",
        event(E.RTO_BAG_DELIVERED),
        after(E.DISPATCH),
    ),
    leads_to(
        "rto_shows_delivered",
        "RTO-1",
        "delivers the order to the customer on rto_bag_delivered",
        both(event(E.RTO_BAG_DELIVERED), state(S.BAG_PICKED)),
        S.DELIVERY_DONE,
    ),
    no("rto_not_accepted", "RTO-2", "refuses POST /return on a delivered RTO", event(E.ACCEPT_RETURN), _is_rto),
    no("no_credit_note_of_rto", "RTO-3", "refuses the credit note of an accepted RTO", event(E.CREDIT_NOTE), _is_rto),
    only_counted(
        "credit_note_of_rto_counted_only",
        "RTO-3",
        "counts the credit note of an RTO as successful and makes none",
        event(E.CREDIT_NOTE),
        _is_rto,
    ),
)

RETURN = (
    no("no_awb_on_return", "RET-1", "refuses Update AWB on a return", event(E.AWB), returns),
    leads_to(
        "awb_moves_return",
        "RET-1",
        "moves a return into transit on Update AWB",
        both(event(E.AWB), returns),
        S.RETURN_BAG_IN_TRANSIT,
        "RET-2",
    ),
    no("return_is_never_in_transit", "RET-2", "refuses return_bag_in_transit", event(E.RETURN_BAG_IN_TRANSIT)),
    leads_to(
        "transit_delivers_return",
        "RET-2",
        "delivers a return on return_bag_in_transit",
        event(E.RETURN_BAG_IN_TRANSIT),
        S.RETURN_BAG_DELIVERED,
        "RET-3",
    ),
    no("return_is_never_delivered", "RET-3", "refuses return_bag_delivered", event(E.RETURN_BAG_DELIVERED)),
    only_counted(
        "return_delivery_counted_only",
        "RET-3",
        "counts return_bag_delivered as successful and leaves the return in transit",
        event(E.RETURN_BAG_DELIVERED),
    ),
    only_counted(
        "return_qc_counted_only",
        "RET-4",
        "counts POST /return on a return as successful and accepts nothing",
        event(E.ACCEPT_RETURN),
        returns,
    ),
    no(
        "return_qc_wants_a_reason",
        "RET-4",
        "refuses POST /return with an empty reason code",
        event(E.ACCEPT_RETURN),
        returns,
        _reason(),
    ),
    no(
        "return_qc_refuses_a_reason",
        "RET-4",
        "refuses POST /return with a reason code",
        event(E.ACCEPT_RETURN),
        returns,
        _reason("any"),
    ),
    no(
        "no_credit_note_of_return",
        "RET-5",
        "refuses the credit note of an accepted return",
        event(E.CREDIT_NOTE),
        returns,
    ),
    only_counted(
        "credit_note_of_return_counted_only",
        "RET-5",
        "counts the credit note of a return as successful and makes none",
        event(E.CREDIT_NOTE),
        returns,
    ),
    taken(
        "transit_before_awb",
        "RET-6",
        "takes return_bag_in_transit before any AWB",
        both(event(E.RETURN_BAG_IN_TRANSIT), state(S.RETURN_DP_ASSIGNED), not_(_has_awb)),
        S.RETURN_BAG_IN_TRANSIT,
    ),
    Fault(
        "return_is_its_own_forward",
        "RET-7",
        "shows a return's own id as its forwardId",
        Point.SHOWN,
        when(returns, lambda shown, _: {**shown, "forwardId": shown["id"]}),
    ),
    taken(
        "credit_note_before_acceptance",
        "RET-8",
        "makes the credit note of a delivered return that nobody accepted",
        both(event(E.CREDIT_NOTE), state(S.RETURN_BAG_DELIVERED)),
        S.CREDIT_NOTE_GENERATED,
    ),
    taken(
        "credit_note_at_pickup",
        "RET-8",
        "makes the credit note of a return that was not even picked up",
        both(event(E.CREDIT_NOTE), state(S.RETURN_DP_ASSIGNED)),
        S.CREDIT_NOTE_GENERATED,
    ),
    taken(
        "second_credit_note",
        "RET-8",
        "takes a second credit note of a return",
        both(event(E.CREDIT_NOTE), state(S.CREDIT_NOTE_GENERATED)),
        None,
    ),
    taken(
        "qc_in_transit",
        "RET-9",
        "accepts a return that is still in transit",
        both(event(E.ACCEPT_RETURN), state(S.RETURN_BAG_IN_TRANSIT)),
        S.RETURN_ACCEPTED,
    ),
    taken(
        "qc_of_a_picked_order",
        "RET-9",
        "accepts as an RTO what is still on its way to the customer",
        both(event(E.ACCEPT_RETURN), state(S.BAG_PICKED)),
        S.RTO_BAG_ACCEPTED,
    ),
)

FAULTS = (*RTO, *RETURN)
