"""Request items, one builder an event: the documented fields and nothing more."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Sequence
from typing import Any

from selfship.lifecycle import STATUSES, Event
from selfship.orders import Line

CANCEL_REASON = "6"
"""Out of stock (POST cancel, reason codes)."""

COURIER = "Courier "
"""What the names of couriers begin with that no scenario has named."""

_counter = itertools.count(1)
_lock = threading.Lock()


def unique(prefix: str) -> str:
    """A name that no other run has used: the kit's AWBs and invoice numbers can be told apart on a shared host.

    Of letters and digits, and of 13 characters behind `prefix`: an invoice number of the land of these hosts has 16
    at most.
    """
    with _lock:
        number = next(_counter)
    return f"{prefix}{os.getpid() % 4096:03x}{int.from_bytes(os.urandom(3), 'big'):06x}{number:04d}".upper()


def item(
    event: Event,
    order_id: str,
    *,
    lines: Sequence[Line] = (),
    awb: str | None = None,
    courier: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The item that asks for `event` on `order_id`. `more` replaces or adds fields; a field set to None is left out."""
    body: dict[str, Any] = {"orderId": order_id}
    if event in STATUSES:
        body["orderStatus"] = event.value
    elif event in (Event.AWB, Event.AUTO_DISPATCH):
        body |= {
            "awbNumber": awb or unique("AWB"),
            # Another name each time: what a refused request must not change has to differ from what it sends.
            "courierName": courier or f"{COURIER}{unique('')}",
            "autoDispatch": event is Event.AUTO_DISPATCH,
        }
    elif event in (Event.INVOICE, Event.CREDIT_NOTE):
        sale = event is Event.INVOICE
        body |= {"invoiceNumber": unique("INV" if sale else "CN"), "invoiceType": "sale" if sale else "return"}
    elif event is Event.CONFIRM:
        body["orderItems"] = [{"orderItemId": line.item_id, "quantity": line.quantity} for line in lines]
    elif event is Event.CANCEL:
        body["orderItems"] = [
            {"orderItemId": line.item_id, "quantity": line.quantity, "reasonCode": CANCEL_REASON} for line in lines
        ]
    elif event is Event.CANCEL_SOME:
        last = lines[-1] if lines else Line("1", 1)
        quantity = last.quantity if len(lines) > 1 else max(1, last.quantity - 1)
        body["orderItems"] = [{"orderItemId": last.item_id, "quantity": quantity, "reasonCode": CANCEL_REASON}]
    elif event is Event.ACCEPT_RETURN:
        body["orderItems"] = [
            {"orderItemId": line.item_id, "quantity": line.quantity, "reasonCode": ""} for line in lines
        ]
    if "orderItems" in body and not body["orderItems"]:
        del body["orderItems"]
    body |= more
    return {key: value for key, value in body.items() if value is not None}
