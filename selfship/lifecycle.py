"""The lifecycle of a self-ship shipment, as one literal table.

Two laws. Every transition that the kit knows stands in `TABLE`; no other file names one. This file knows nothing of
HTTP, of the mock or of the suites: it says what the documents say, and where they are silent it says that.

`TABLE[state][event]` is a `Cell`: what a conforming host does when that event arrives in that state.

    accept     the event is taken and leads to `to`
    refuse     the event is refused and changes nothing (see "refused" in the rules)
    unchanged  refused, or taken without leaving the state (confirm: without changing anything)
    observe    the documents are silent or disagree: recorded, never judged

An event that a row does not list is silent: nothing in the rules speaks of it, and nothing is probed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Outcome = Literal["accept", "refuse", "unchanged", "observe"]


class Journey(StrEnum):
    """Which way a shipment travels."""

    FORWARD = "forward"
    RTO = "rto"
    RETURN = "return"


class State(StrEnum):
    """The bag states of the documents, by their own names."""

    PLACED = "placed"
    BAG_CONFIRMED = "bag_confirmed"
    BAG_INVOICED = "bag_invoiced"
    DP_ASSIGNED = "dp_assigned"
    BAG_PACKED = "bag_packed"
    HANDED_OVER_TO_DG = "handed_over_to_dg"
    BAG_PICKED = "bag_picked"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_ATTEMPT_FAILED = "delivery_attempt_failed"
    DELIVERY_REATTEMPT_REQUESTED = "delivery_reattempt_requested"
    DELIVERY_DONE = "delivery_done"
    RTO_BAG_DELIVERED = "rto_bag_delivered"
    RTO_BAG_ACCEPTED = "rto_bag_accepted"
    RETURN_INITIATED = "return_initiated"
    RETURN_DP_ASSIGNED = "return_dp_assigned"
    RETURN_BAG_IN_TRANSIT = "return_bag_in_transit"
    RETURN_BAG_DELIVERED = "return_bag_delivered"
    RETURN_ACCEPTED = "return_accepted"
    CREDIT_NOTE_GENERATED = "credit_note_generated"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What an aggregator can ask of a shipment. The eight `/status` values carry their wire names."""

    CONFIRM = "confirm"
    INVOICE = "invoice"
    AWB = "awb"
    AUTO_DISPATCH = "auto_dispatch"
    PACK = "pack"
    DISPATCH = "dispatch"
    BAG_PICKED = "bag_picked"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_ATTEMPT_FAILED = "delivery_attempt_failed"
    DELIVERY_REATTEMPT_REQUESTED = "delivery_reattempt_requested"
    DELIVERY_DONE = "delivery_done"
    RTO_BAG_DELIVERED = "rto_bag_delivered"
    RETURN_BAG_IN_TRANSIT = "return_bag_in_transit"
    RETURN_BAG_DELIVERED = "return_bag_delivered"
    ACCEPT_RETURN = "accept_return"
    CREDIT_NOTE = "credit_note"
    CANCEL = "cancel"
    CANCEL_SOME = "cancel_some"


S, E = State, Event

NDR_EVENTS = (E.OUT_FOR_DELIVERY, E.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_REATTEMPT_REQUESTED)
"""The `/status` values that only the extended edition of the documents has."""
FORWARD_STATUSES = (E.BAG_PICKED, *NDR_EVENTS, E.DELIVERY_DONE, E.RTO_BAG_DELIVERED)
RETURN_STATUSES = (E.RETURN_BAG_IN_TRANSIT, E.RETURN_BAG_DELIVERED)
STATUSES = (*FORWARD_STATUSES, *RETURN_STATUSES)


@dataclass(frozen=True)
class EventInfo:
    """How an event travels: the operation that carries it (see `selfship.operations`), who fires it, on what."""

    operation: str
    fired_by: Literal["seller", "courier"]
    journeys: tuple[Journey, ...]


_F, _R = (Journey.FORWARD,), (Journey.RETURN,)
_FR, _ALL = (Journey.FORWARD, Journey.RTO), tuple(Journey)

EVENTS: Mapping[Event, EventInfo] = {
    E.CONFIRM: EventInfo("confirm", "seller", _F),
    E.INVOICE: EventInfo("invoiceUpdate", "seller", _F),
    E.AWB: EventInfo("awb", "courier", _ALL),
    E.AUTO_DISPATCH: EventInfo("awb", "courier", _ALL),
    E.PACK: EventInfo("pack", "seller", _F),
    E.DISPATCH: EventInfo("dispatch", "seller", _F),
    **dict.fromkeys((E.BAG_PICKED, *NDR_EVENTS, E.DELIVERY_DONE), EventInfo("status", "courier", _F)),
    E.RTO_BAG_DELIVERED: EventInfo("status", "courier", _FR),
    **dict.fromkeys(RETURN_STATUSES, EventInfo("status", "courier", _R)),
    E.ACCEPT_RETURN: EventInfo("return", "seller", (Journey.RTO, Journey.RETURN)),
    E.CREDIT_NOTE: EventInfo("invoiceUpdate", "seller", (Journey.RTO, Journey.RETURN)),
    E.CANCEL: EventInfo("cancel", "seller", _F),
    E.CANCEL_SOME: EventInfo("cancel", "seller", _F),
}


@dataclass(frozen=True)
class Cell:
    """What a conforming host does with one event in one state, and which rules say so.

    `rules` names every rule that the opposite would break, the closest first. `code` is the documented error code
    of a refusal. `needs_awb` marks what the documents allow only once an AWB is recorded.
    """

    outcome: Outcome
    rules: tuple[str, ...]
    to: State | None = None
    code: str | None = None
    needs_awb: bool = False

    @property
    def rule(self) -> str | None:
        """The rule that the cell is first judged by; None where the documents are silent."""
        return self.rules[0] if self.rules else None


Row = dict[Event, Cell]


def accept(to: State, *rules: str, needs_awb: bool = False) -> Cell:
    return Cell("accept", rules, to, needs_awb=needs_awb)


def refuse(*rules: str, code: str | None = None) -> Cell:
    return Cell("refuse", rules, code=code)


def observe(*rules: str) -> Cell:
    return Cell("observe", rules)


def each(events: tuple[Event, ...], cell: Cell) -> Row:
    return dict.fromkeys(events, cell)


UNCHANGED_BY_CONFIRM = Cell("unchanged", ("STA-14",))
SILENT = Cell("observe", ())
# Rows that several states share word for word.
_NO_AWB: Row = each((E.AWB, E.AUTO_DISPATCH), refuse("STA-7"))
_NO_PACK: Row = {E.PACK: refuse("STA-8", code="CR400")}
_NO_DISPATCH: Row = {E.DISPATCH: refuse("STA-8", code="D400")}
_NO_STATUS_YET: Row = {
    **each(FORWARD_STATUSES, refuse("STA-6")),
    **each((E.DELIVERY_DONE, E.RTO_BAG_DELIVERED), refuse("STA-6", "STA-1")),
    **each(RETURN_STATUSES, refuse("STA-6", "STA-4")),
}
_NOT_A_RETURN: Row = each(RETURN_STATUSES, refuse("STA-4"))
_NOT_FORWARD: Row = each(FORWARD_STATUSES, refuse("STA-4"))
_ONCE_INVOICED: Row = {
    E.CONFIRM: UNCHANGED_BY_CONFIRM,
    E.INVOICE: refuse("STA-9", code="IN453"),
    E.CANCEL_SOME: refuse("STA-11"),
}
_ONCE_PACKED: Row = {**_ONCE_INVOICED, **_NO_AWB, **_NO_PACK, E.CANCEL: refuse("STA-11")}
_NO_MILESTONE_SKIPPED: Row = each((E.DELIVERY_DONE, E.RTO_BAG_DELIVERED), refuse("STA-1"))
_OPTIONAL_OUT_OF_ORDER: Row = each(NDR_EVENTS, observe("NDR-4"))
_FORWARD_END: Row = {
    **_ONCE_PACKED,
    **_NO_DISPATCH,
    **each(FORWARD_STATUSES, refuse("STA-3", "STA-2")),
    **each((E.DELIVERY_DONE, E.RTO_BAG_DELIVERED), refuse("STA-3")),
    **each(RETURN_STATUSES, refuse("STA-3", "STA-4")),
}
_RETURN_END: Row = {
    **_NO_AWB,
    **_NO_PACK,
    **_NO_DISPATCH,
    **each(FORWARD_STATUSES, refuse("STA-3", "STA-4")),
    **each(RETURN_STATUSES, refuse("STA-3", "STA-2")),
}

TABLE: Mapping[State, Row] = {
    S.PLACED: {
        **_NO_STATUS_YET, **_NO_AWB, **_NO_PACK, **_NO_DISPATCH,
        E.CONFIRM: accept(S.BAG_CONFIRMED, "FWD-1"),
        E.INVOICE: refuse("STA-9", code="IN403"),
        E.CANCEL: accept(S.CANCELLED, "STA-11"),
        E.CANCEL_SOME: observe("STA-11"),
    },
    S.BAG_CONFIRMED: {
        **_NO_STATUS_YET, **_NO_AWB, **_NO_PACK, **_NO_DISPATCH,
        E.CONFIRM: UNCHANGED_BY_CONFIRM,
        E.INVOICE: accept(S.BAG_INVOICED, "FWD-2"),
        E.CANCEL: accept(S.CANCELLED, "STA-11"),
        E.CANCEL_SOME: observe("STA-11"),
    },
    # A state that the host leaves by itself: nothing can be probed in it with certainty.
    S.BAG_INVOICED: {
        **_ONCE_INVOICED,
        E.CANCEL: observe("STA-11"),
    },
    S.DP_ASSIGNED: {
        **_ONCE_INVOICED, **_NO_DISPATCH, **_NOT_A_RETURN, **_NO_MILESTONE_SKIPPED, **_OPTIONAL_OUT_OF_ORDER,
        E.AWB: accept(S.DP_ASSIGNED, "FWD-3"),
        E.AUTO_DISPATCH: accept(S.BAG_PICKED, "AUT-1"),
        # Without an AWB (FWD-9) it is only observed.
        E.PACK: accept(S.BAG_PACKED, "FWD-4", needs_awb=True),
        E.BAG_PICKED: observe("FWD-8"),
        E.CANCEL: observe("STA-11"),
    },
    S.BAG_PACKED: {
        **_ONCE_PACKED, **_NOT_A_RETURN, **_NO_MILESTONE_SKIPPED, **_OPTIONAL_OUT_OF_ORDER,
        E.DISPATCH: accept(S.HANDED_OVER_TO_DG, "FWD-5"),
        E.BAG_PICKED: observe("FWD-8"),
    },
    S.HANDED_OVER_TO_DG: {
        **_ONCE_PACKED, **_NO_DISPATCH, **_NOT_A_RETURN, **_NO_MILESTONE_SKIPPED, **_OPTIONAL_OUT_OF_ORDER,
        E.BAG_PICKED: accept(S.BAG_PICKED, "FWD-6"),
    },
    S.BAG_PICKED: {
        **_ONCE_PACKED, **_NO_DISPATCH, **_NOT_A_RETURN,
        E.BAG_PICKED: observe("STA-13"),
        E.OUT_FOR_DELIVERY: accept(S.OUT_FOR_DELIVERY, "NDR-1"),
        E.DELIVERY_ATTEMPT_FAILED: observe("NDR-4"),
        E.DELIVERY_REATTEMPT_REQUESTED: observe("NDR-4"),
        E.DELIVERY_DONE: accept(S.DELIVERY_DONE, "FWD-7"),
        E.RTO_BAG_DELIVERED: accept(S.RTO_BAG_DELIVERED, "RTO-1"),
        E.ACCEPT_RETURN: refuse("RET-9"),
    },
    S.OUT_FOR_DELIVERY: {
        **_ONCE_PACKED, **_NO_DISPATCH, **_NOT_A_RETURN,
        E.BAG_PICKED: refuse("STA-2"),
        E.OUT_FOR_DELIVERY: observe("STA-13"),
        E.DELIVERY_ATTEMPT_FAILED: accept(S.DELIVERY_ATTEMPT_FAILED, "NDR-2"),
        E.DELIVERY_REATTEMPT_REQUESTED: observe("NDR-4"),
        E.DELIVERY_DONE: accept(S.DELIVERY_DONE, "NDR-3"),
        E.RTO_BAG_DELIVERED: observe("NDR-4"),
    },
    S.DELIVERY_ATTEMPT_FAILED: {
        **_ONCE_PACKED, **_NO_DISPATCH, **_NOT_A_RETURN,
        E.BAG_PICKED: refuse("STA-2"),
        E.OUT_FOR_DELIVERY: observe("NDR-4"),
        E.DELIVERY_ATTEMPT_FAILED: observe("STA-13"),
        E.DELIVERY_REATTEMPT_REQUESTED: accept(S.DELIVERY_REATTEMPT_REQUESTED, "NDR-2"),
        E.DELIVERY_DONE: observe("NDR-4"),
        E.RTO_BAG_DELIVERED: observe("NDR-4"),
    },
    S.DELIVERY_REATTEMPT_REQUESTED: {
        **_ONCE_PACKED, **_NO_DISPATCH, **_NOT_A_RETURN,
        E.BAG_PICKED: refuse("STA-2"),
        E.OUT_FOR_DELIVERY: accept(S.OUT_FOR_DELIVERY, "NDR-2"),
        E.DELIVERY_ATTEMPT_FAILED: observe("NDR-4"),
        E.DELIVERY_REATTEMPT_REQUESTED: observe("STA-13"),
        E.DELIVERY_DONE: accept(S.DELIVERY_DONE, "NDR-3", "NDR-2"),
        E.RTO_BAG_DELIVERED: observe("NDR-4"),
    },
    S.DELIVERY_DONE: {
        **_FORWARD_END,
        E.DELIVERY_DONE: observe("STA-13"),
    },
    S.RTO_BAG_DELIVERED: {
        **_FORWARD_END,
        E.RTO_BAG_DELIVERED: observe("STA-13"),
        E.ACCEPT_RETURN: accept(S.RTO_BAG_ACCEPTED, "RTO-2"),
        E.CREDIT_NOTE: observe("RET-8"),
    },
    S.RTO_BAG_ACCEPTED: {
        **_FORWARD_END,
        E.CREDIT_NOTE: accept(S.CREDIT_NOTE_GENERATED, "RTO-3"),
    },
    # Made by the customer; the host moves it on by itself.
    S.RETURN_INITIATED: {
        **_NO_PACK, **_NO_DISPATCH, **_NOT_FORWARD,
    },
    S.RETURN_DP_ASSIGNED: {
        **_NO_PACK, **_NO_DISPATCH, **_NOT_FORWARD,
        E.AWB: accept(S.RETURN_DP_ASSIGNED, "RET-1"),
        # Taken or refused: the return must stay where it is, and the normal path must still work.
        E.AUTO_DISPATCH: Cell("unchanged", ("AUT-3",)),
        # Without an AWB (RET-6) it should be refused.
        E.RETURN_BAG_IN_TRANSIT: accept(S.RETURN_BAG_IN_TRANSIT, "RET-2", needs_awb=True),
        E.RETURN_BAG_DELIVERED: refuse("STA-1"),
        E.ACCEPT_RETURN: refuse("RET-9"),
        E.CREDIT_NOTE: refuse("RET-8"),
    },
    S.RETURN_BAG_IN_TRANSIT: {
        **_NO_AWB, **_NO_PACK, **_NO_DISPATCH, **_NOT_FORWARD,
        E.RETURN_BAG_IN_TRANSIT: observe("STA-13"),
        E.RETURN_BAG_DELIVERED: accept(S.RETURN_BAG_DELIVERED, "RET-3"),
        E.ACCEPT_RETURN: refuse("RET-9"),
        E.CREDIT_NOTE: refuse("RET-8"),
    },
    S.RETURN_BAG_DELIVERED: {
        **_RETURN_END,
        E.RETURN_BAG_IN_TRANSIT: refuse("STA-2", "STA-3"),
        E.RETURN_BAG_DELIVERED: observe("STA-13"),
        E.ACCEPT_RETURN: accept(S.RETURN_ACCEPTED, "RET-4"),
        E.CREDIT_NOTE: refuse("RET-8"),
    },
    S.RETURN_ACCEPTED: {
        **_RETURN_END,
        E.CREDIT_NOTE: accept(S.CREDIT_NOTE_GENERATED, "RET-5"),
    },
    # Of a return. After an RTO the same holds, a second credit note aside: of that the rules say nothing.
    S.CREDIT_NOTE_GENERATED: {
        **_RETURN_END,
        E.CREDIT_NOTE: refuse("RET-8"),
    },
    S.CANCELLED: {
        **each(FORWARD_STATUSES, refuse("STA-6")),
        **each(RETURN_STATUSES, refuse("STA-6", "STA-4")),
        **_NO_AWB,
        E.CONFIRM: refuse("STA-10", code="O400"),
        E.INVOICE: refuse("STA-10", code="IN401"),
        E.PACK: refuse("STA-10", code="CR401"),
        E.DISPATCH: refuse("STA-10", code="D401"),
    },
}  # fmt: skip

AUTOMATIC: Mapping[State, State] = {
    S.BAG_INVOICED: S.DP_ASSIGNED,
    S.RETURN_INITIATED: S.RETURN_DP_ASSIGNED,
}
"""What every host does by itself, sooner or later."""

SWITCHED: Mapping[State, tuple[str, State]] = {
    S.BAG_CONFIRMED: ("invoicing", S.BAG_INVOICED),
    S.RTO_BAG_DELIVERED: ("rto_acceptance", S.RTO_BAG_ACCEPTED),
    S.RTO_BAG_ACCEPTED: ("credit_note", S.CREDIT_NOTE_GENERATED),
    S.RETURN_ACCEPTED: ("credit_note", S.CREDIT_NOTE_GENERATED),
}
"""What a host does by itself where the profile's switch says `auto`."""

COARSE: Mapping[State, tuple[str, ...]] = {
    S.PLACED: ("CREATED",),
    S.BAG_CONFIRMED: ("CONFIRMED",),
    S.BAG_INVOICED: ("PROCESSING",),
    S.DP_ASSIGNED: ("PROCESSING",),
    S.BAG_PACKED: ("COMPLETED",),
    S.HANDED_OVER_TO_DG: ("COMPLETED", "TRANSIT"),
    S.BAG_PICKED: ("TRANSIT",),
    S.OUT_FOR_DELIVERY: ("TRANSIT",),
    S.DELIVERY_ATTEMPT_FAILED: ("TRANSIT",),
    S.DELIVERY_REATTEMPT_REQUESTED: ("TRANSIT",),
    S.DELIVERY_DONE: ("DELIVERED",),
    S.RTO_BAG_DELIVERED: ("RETURN_DELIVERED",),
    S.RTO_BAG_ACCEPTED: ("RETURN_ACCEPTED", "RETURN_COMPLETED"),
    S.RETURN_INITIATED: ("RETURN_PROCESSING",),
    S.RETURN_DP_ASSIGNED: ("RETURN_PROCESSING",),
    S.RETURN_BAG_IN_TRANSIT: ("RETURN_PROCESSING",),
    S.RETURN_BAG_DELIVERED: ("RETURN_DELIVERED",),
    S.RETURN_ACCEPTED: ("RETURN_ACCEPTED", "RETURN_COMPLETED"),
    S.CREDIT_NOTE_GENERATED: ("CREDIT_NOTE_GENERATED",),
    S.CANCELLED: ("CANCELLED", "RETURN_DELIVERED"),
}
"""The coarse `orderStatus` of each state, the usual one first (the table at the head of the rules)."""

OWN_STATUS: frozenset[State] = frozenset(
    {S.OUT_FOR_DELIVERY, S.DELIVERY_ATTEMPT_FAILED, S.DELIVERY_REATTEMPT_REQUESTED, S.RETURN_BAG_IN_TRANSIT}
)
"""States that a host may also show under a coarse status of its own making."""

ENDINGS: frozenset[State] = frozenset({S.DELIVERY_DONE, S.CREDIT_NOTE_GENERATED, S.CANCELLED})
"""Where a shipment may rest for good."""

KNOWN_COARSE: frozenset[str] = frozenset(name for names in COARSE.values() for name in names)

JOURNEY_OF: Mapping[State, Journey] = (
    dict.fromkeys(State, Journey.FORWARD)
    | {state: Journey.RTO for state in State if state.startswith("rto_")}
    | {state: Journey.RETURN for state in State if state.startswith(("return_", "credit_note"))}
)
"""The journey of each state. A credit note ends either an RTO or a return: the order's own history tells which."""


def cell(state: State, event: Event) -> Cell:
    """What the rules say of `event` in `state`; `SILENT` where they say nothing."""
    return TABLE[state].get(event, SILENT)


def cells() -> Iterator[tuple[State, Event, Cell]]:
    """Every cell that a rule speaks of, row by row."""
    for state, row in TABLE.items():
        for event in Event:
            if event in row:
                yield state, event, row[event]
