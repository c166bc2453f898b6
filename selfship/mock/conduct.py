"""What the mock does with an event: the lifecycle table decides, and where the documents are silent this file does.

Nothing here knows HTTP or the wire names of fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selfship.lifecycle import Event, State, cell
from selfship.mock.order import Order

S, E = State, Event

OBSERVED: Mapping[tuple[State, Event], State] = {
    (S.PLACED, E.CANCEL_SOME): S.PLACED,
    (S.BAG_CONFIRMED, E.CANCEL_SOME): S.BAG_CONFIRMED,
    (S.BAG_INVOICED, E.CANCEL): S.CANCELLED,
    (S.DP_ASSIGNED, E.CANCEL): S.CANCELLED,
    (S.OUT_FOR_DELIVERY, E.RTO_BAG_DELIVERED): S.RTO_BAG_DELIVERED,
    (S.DELIVERY_ATTEMPT_FAILED, E.OUT_FOR_DELIVERY): S.OUT_FOR_DELIVERY,
    (S.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_DONE): S.DELIVERY_DONE,
    (S.DELIVERY_ATTEMPT_FAILED, E.RTO_BAG_DELIVERED): S.RTO_BAG_DELIVERED,
    (S.DELIVERY_REATTEMPT_REQUESTED, E.RTO_BAG_DELIVERED): S.RTO_BAG_DELIVERED,
    (S.RETURN_DP_ASSIGNED, E.AUTO_DISPATCH): S.RETURN_DP_ASSIGNED,
}
"""Where the documents leave it open: what this host takes, and where that leads. Everything else it refuses."""

TAKEN_WITHOUT_AWB = frozenset({E.PACK})
"""Of the events that need an AWB by the documents' order of steps: those that this host takes without one."""


@dataclass(frozen=True)
class Ruling:
    """`counted`: the item is counted successful. `applies`: it takes effect. A true host never parts the two.

    `to` is the state that it leads to, None for no move; `code` and `message` say why an item was refused.
    """

    counted: bool
    applies: bool
    to: State | None = None
    code: str = ""
    message: str = ""


def take(to: State | None) -> Ruling:
    return Ruling(counted=True, applies=True, to=to)


def refuse(code: str, message: str) -> Ruling:
    return Ruling(counted=False, applies=False, code=code, message=message)


def rule(order: Order, event: Event, *, default_code: str) -> Ruling:
    """What becomes of `event` on `order` as it is now."""
    entry = cell(order.state, event)
    ready = bool(order.awb) or not entry.needs_awb or event in TAKEN_WITHOUT_AWB
    if entry.outcome == "accept" and ready:
        return take(entry.to)
    chosen = OBSERVED.get((order.state, event))
    if chosen is not None:
        return take(chosen)
    return refuse(entry.code or default_code, f"{event.value} is not possible in {order.state.value}")
