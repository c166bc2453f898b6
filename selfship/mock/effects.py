"""What an item asks for, as an event of the lifecycle, and what that event records on the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selfship.lifecycle import NDR_EVENTS, STATUSES, Event, State
from selfship.mock.order import Order
from selfship.mock.settings import MockSettings
from selfship.mock.validation import pieces

E_INVOICING = ("invoiceQrCode", "irnNumber", "signedInvoice", "ackNumber", "ackDate")

_ALWAYS: Mapping[str, Event] = {
    "confirm": Event.CONFIRM,
    "pack": Event.PACK,
    "dispatch": Event.DISPATCH,
    "return": Event.ACCEPT_RETURN,
}


def event_of(operation: str, item: Mapping[str, Any], order: Order, settings: MockSettings) -> Event | None:
    """The event that a valid `item` stands for; None for a `/status` value outside this edition's enum."""
    if operation == "status":
        allowed = [event for event in STATUSES if settings.edition == "extended" or event not in NDR_EVENTS]
        return next((event for event in allowed if event.value == item["orderStatus"]), None)
    if operation == "awb":
        return Event.AUTO_DISPATCH if item["autoDispatch"] is True else Event.AWB
    if operation == "invoiceUpdate":
        return Event.INVOICE if item["invoiceType"] == "sale" else Event.CREDIT_NOTE
    if operation == "cancel":
        return Event.CANCEL if _is_whole(item, order) else Event.CANCEL_SOME
    return _ALWAYS[operation]


def _is_whole(item: Mapping[str, Any], order: Order) -> bool:
    live = {line["orderItemId"]: order.live(line) for line in order.lines if order.live(line)}
    return pieces(item, order) == live or not live


def changes_of(event: Event, item: Mapping[str, Any], order: Order, to: State | None) -> dict[str, Any]:
    """The fields of `order` that `event` sets, its new state among them where it moves."""
    changes: dict[str, Any] = {} if to is None else {"state": to}
    if event in (Event.AWB, Event.AUTO_DISPATCH):
        changes |= {"awb": item["awbNumber"], "courier": item["courierName"]}
        if event is Event.AUTO_DISPATCH and not order.is_return:
            changes["packed"] = True
    elif event is Event.PACK:
        changes["packed"] = True
    elif event is Event.INVOICE:
        changes |= {"invoice_number": item["invoiceNumber"], "e_invoice": _e_invoice(item)}
        if item.get("packages"):
            changes["packages"] = item["packages"]
    elif event is Event.CREDIT_NOTE:
        changes |= {"return_invoice_number": item["invoiceNumber"], "e_invoice": _e_invoice(item)}
    elif event in (Event.CANCEL, Event.CANCEL_SOME):
        changes["cancelled"] = _cancelled(item, order)
    elif event is Event.ACCEPT_RETURN:
        changes["qc"] = item["orderItems"]
    return changes


def _e_invoice(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: item[name] for name in E_INVOICING if name in item}


def _cancelled(item: Mapping[str, Any], order: Order) -> dict[str, int]:
    asked = pieces(item, order) or {}
    return {**order.cancelled, **{line: order.cancelled.get(line, 0) + count for line, count in asked.items()}}
