"""The seven writes: a batch of items goes in, is decided item by item, takes effect, and is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from selfship.mock import codes
from selfship.mock.answers import Answer, Tally, bad_request, envelope
from selfship.mock.codes import Refusal
from selfship.mock.conduct import Ruling, rule
from selfship.mock.effects import changes_of, event_of
from selfship.mock.order import Order
from selfship.mock.points import Ask, Point
from selfship.mock.validation import check_item, check_lines
from selfship.operations import MAX_ITEMS

if TYPE_CHECKING:
    from selfship.mock.app import Host

SELF_SHIP_ONLY = frozenset({"awb", "status"})
Items = list[dict[str, Any]]


def check_batch(host: Host, ask: Ask, body: Any) -> Items | Answer:
    """The items of a bulk request, or the refusal of the whole of it."""
    if not isinstance(body, list):
        return bad_request("the body must be an array")
    if not body:
        return bad_request("the array is empty")
    limit = host.at(Point.LIMIT, MAX_ITEMS, ask)
    if len(body) > limit:
        return bad_request(f"at most {limit} items in one request")
    if not all(isinstance(item, dict) for item in body):
        return bad_request("every item must be an object")
    ask.ids = tuple(str(item.get("orderId")) for item in body)
    return body


async def write(host: Host, ask: Ask, items: Items) -> Answer:
    """Takes a batch; 200 with its envelope, whatever became of the items."""
    saved = host.store.snapshot(ask.ids) if host.at(Point.WHOLE, False, ask) else None
    tally = Tally(payload=len(items))
    for index, item in enumerate(items):
        ask.index, ask.item, ask.order, ask.event = index, item, None, None
        ruling = _decide(host, ask)
        if gap := host.at(Point.GAP, 0.0, ask):
            await asyncio.sleep(gap)
            ruling = host.at(Point.LATE, ruling, ask)
        if ruling.applies and ask.order is not None and ask.event is not None:
            changes = changes_of(ask.event, item, ask.order, ruling.to)
            host.store.carry_out(ask.order, ask.event, host.at(Point.CHANGES, changes, ask))
        if ruling.counted:
            tally.success += 1
        else:
            tally.refused(item.get("orderId"), Refusal(ruling.code, ruling.message))
    if saved is not None and tally.failed:
        _roll_back(host, saved, tally, items)
    ask.envelope = host.at(Point.ENVELOPE, tally, ask)
    return Answer(200, envelope(ask.operation, ask.envelope))


def _decide(host: Host, ask: Ask) -> Ruling:
    refusal = _refused_at_sight(host, ask)
    ruling = _refused(refusal) if refusal else _ruled(host, ask)
    decided: Ruling = host.at(Point.RULING, ruling, ask)
    return decided


def _refused_at_sight(host: Host, ask: Ask) -> Refusal | None:
    """Everything that can be wrong before the order's state matters. Fills in the order and the event."""
    checks: tuple[Callable[[Host, Ask], Refusal | None], ...] = (_item, _order, _event)
    return next((refusal for check in checks if (refusal := check(host, ask))), None)


def _item(host: Host, ask: Ask) -> Refusal | None:
    refusal: Refusal | None = host.at(Point.VALID, check_item(ask.operation, ask.item), ask)
    return refusal


def _order(host: Host, ask: Ask) -> Refusal | None:
    ask.order = known_order(host, ask, ask.item["orderId"])
    if ask.order is None:
        return codes.unknown(ask.operation)
    if ask.order.locked:
        return Refusal(codes.LOCKED, "the order is locked")
    return None


def _event(host: Host, ask: Ask) -> Refusal | None:
    order = ask.order
    assert order is not None
    eligible = order.self_ship or ask.operation not in SELF_SHIP_ONLY
    if not host.at(Point.ELIGIBLE, eligible, ask):
        return Refusal(codes.NOT_SELF_SHIP, "the order is not self-ship")
    ask.event = host.at(Point.EVENT, event_of(ask.operation, ask.item, order, host.settings), ask)
    if ask.event is None:
        return Refusal(codes.INVALID_ITEM, "orderStatus is not one of the allowed values")
    return None


def _ruled(host: Host, ask: Ask) -> Ruling:
    order, event = ask.order, ask.event
    assert order is not None
    assert event is not None
    ruling = rule(order, event, default_code=codes.WRONG_STATE.get(ask.operation, codes.INVALID_STATE))
    if ruling.counted and (refusal := host.at(Point.LINES, check_lines(ask.operation, ask.item, order), ask)):
        return _refused(refusal)
    if ruling.counted and any("since" not in change for change in order.pending):
        return _refused(Refusal(codes.BUSY, "an earlier change of this order is still being applied"))
    return ruling


def _refused(refusal: Refusal) -> Ruling:
    return Ruling(counted=False, applies=False, code=refusal.code, message=refusal.message)


def known_order(host: Host, ask: Ask, order_id: Any) -> Order | None:
    """The order of that id, where the caller's credentials cover it."""
    order: Order | None = host.at(Point.FOUND, host.store.get(order_id), ask)
    if order is None or ask.credential is None:
        return None
    ask.order = order
    covered = host.at(Point.COVERS, order.location in ask.credential.locations, ask)
    return order if covered else None


def _roll_back(host: Host, saved: list[Order], tally: Tally, items: Items) -> None:
    host.store.restore(saved)
    # A list, for an id may be anything that a client sends.
    refused = [entry["orderId"] for entry in tally.errors]
    for item in items:
        if item.get("orderId") not in refused:
            tally.refused(item.get("orderId"), Refusal(codes.ROLLED_BACK, "another item of the request was refused"))
    tally.success, tally.failed = 0, len(items)
