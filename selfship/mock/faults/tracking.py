"""COU, TRK: faults of courier details and tracking."""

from __future__ import annotations

from typing import Any

from selfship.mock.answers import Answer
from selfship.mock.faults.fault import Fault, on, returns, when
from selfship.mock.order import Order
from selfship.mock.points import Ask, Hook, Point

Entries = list[dict[str, Any]]
_FIXED: dict[str, Any] = {
    "current_status": "in_transit",
    "operational_status": "In Transit",
    "events": [],
    "last_updated": None,
}


def _each(name: str, value: Any) -> Hook:
    return lambda entries, _: [{**entry, name: value} for entry in entries]


def _all_but_the_last(entries: Entries, _: Ask) -> Entries:
    return entries[:-1] if len(entries) > 1 else entries


def _forward_only(entries: Entries, ask: Ask) -> Entries:
    return [entry for entry in entries if not ask.host.store.get(entry["orderId"]).is_return]  # type: ignore[union-attr] # it was just read


def _stands_still(answer: dict[str, Any], _: Ask) -> dict[str, Any]:
    return {**answer, "data": {**answer["data"], **_FIXED}}


def _as_first_seen(answer: dict[str, Any], ask: Ask) -> dict[str, Any]:
    assert ask.order is not None
    seen: dict[str, dict[str, Any]] = ask.memory.setdefault("tracked", {})
    return seen.setdefault(ask.order.id, answer)


def _nothing_by_awb(order: Order | None, ask: Ask) -> Order | None:
    return order if ask.item.get("shipment_id") else None


def _no_returns(order: Order | None, _: Ask) -> Order | None:
    return None if order is not None and order.is_return else order


def _awb_wins(order: Order | None, ask: Ask) -> Order | None:
    return ask.host.store.by_awb(ask.item.get("awb_number") or "") or order


def _awb_wins_for_returns(order: Order | None, ask: Ask) -> Order | None:
    other = _awb_wins(order, ask)
    return other if other is not None and other.is_return else order


def _some_shipment(order: Order | None, ask: Ask) -> Order | None:
    if order is not None:
        ask.memory["last tracked"] = order
    last: Order | None = ask.memory.get("last tracked")
    return order or last


def _empty_success(answer: Answer, _: Ask) -> Answer:
    if answer.status in (400, 404):
        return Answer(200, {"status": "success", "data": {"courier": None, "current_status": "in_transit"}})
    return answer


FAULTS = (
    Fault(
        "courier_details_without_awb",
        "COU-1",
        "leaves the AWB out of Courier Details",
        Point.COURIERS,
        _each("awbNumber", []),
    ),
    Fault(
        "courier_details_without_courier",
        "COU-1",
        "leaves the courier's name out of Courier Details",
        Point.COURIERS,
        _each("courierName", ""),
    ),
    Fault(
        "courier_details_lose_the_last",
        "COU-1",
        "leaves the last of several orders out of Courier Details",
        Point.COURIERS,
        _all_but_the_last,
        breaks_too=("LIM-1",),
    ),
    Fault(
        "courier_details_of_orders_only",
        "COU-1",
        "leaves returns out of Courier Details",
        Point.COURIERS,
        _forward_only,
    ),
    Fault("track_not_by_awb", "TRK-1", "finds no shipment by its AWB", Point.TRACKED, _nothing_by_awb),
    Fault(
        "track_no_returns",
        "TRK-1",
        "tracks no returns",
        Point.TRACKED,
        _no_returns,
        breaks_too=("TRK-4",),
    ),
    Fault("awb_wins", "TRK-2", "tracks by AWB where the shipment's id is given too", Point.TRACKED, _awb_wins),
    Fault(
        "awb_of_a_return_wins",
        "TRK-2",
        "tracks by AWB where that belongs to a return, though the shipment's id is given",
        Point.TRACKED,
        _awb_wins_for_returns,
    ),
    Fault(
        "track_unknown_shows_another",
        "TRK-3",
        "answers an unknown shipment with the one that was tracked last",
        Point.TRACKED,
        _some_shipment,
    ),
    Fault(
        "track_unknown_is_success",
        "TRK-3",
        "says success for a shipment that it does not know",
        Point.ANSWER,
        when(on("track"), _empty_success),
    ),
    Fault("track_stands_still", "TRK-4", "tracks every shipment as in transit for ever", Point.TRACK, _stands_still),
    Fault(
        "track_keeps_its_first_answer", "TRK-4", "repeats what it first said of a shipment", Point.TRACK, _as_first_seen
    ),
    Fault(
        "track_of_returns_stands_still",
        "TRK-4",
        "tracks every return as in transit for ever",
        Point.TRACK,
        when(returns, _stands_still),
    ),
)
