"""What an item must look like before any order is looked at, and which lines of an order it may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from selfship.mock.codes import BAD_INVOICE, INVALID_ITEM, Refusal
from selfship.mock.order import Order

CANCEL_REASONS = frozenset({"6", "7", "8", "9", "NA"})
"""The documented reason codes of a cancellation."""

Kind = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pieces(value: Any) -> bool:
    return _integer(value) and value > 0


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _object(fields: Mapping[str, Kind], *required: str) -> Kind:
    def fits(value: Any) -> bool:
        return isinstance(value, dict) and fault_in(value, fields, required) is None

    return fits


def _objects(fields: Mapping[str, Kind], *required: str) -> Kind:
    one = _object(fields, *required)

    def fits(value: Any) -> bool:
        return isinstance(value, list) and all(one(entry) for entry in value)

    return fits


def fault_in(item: Mapping[str, Any], fields: Mapping[str, Kind], required: tuple[str, ...]) -> str | None:
    """The first thing wrong with `item`, None where nothing is; fields that are not listed may hold anything."""
    for name in required:
        if name not in item:
            return f"{name} is required"
    for name, kind in fields.items():
        if name in item and not kind(item[name]):
            return f"{name} is not valid"
    return None


_LINES = _objects({"orderItemId": _filled, "quantity": _pieces}, "orderItemId")
_INVOICED_LINES = _objects(
    {"orderItemId": _filled, "quantity": _pieces, "imeiSerialNumber": _texts},
    "orderItemId",
)
_PACKAGES = _objects(
    {
        "packageId": _text,
        "packageLengthCm": _number,
        "packageWidthCm": _number,
        "packageHeightCm": _number,
        "packageWeightGms": _number,
    }
)
_META = _object(
    {
        "remark": _text,
        "reasonCode": _integer,
        "dpLocation": _text,
        "promised_delivery_date": _text,
        "estimated_delivery_date": _text,
    }
)
_CANCELLED_LINES = _objects(
    {"orderItemId": _filled, "quantity": _pieces, "reasonCode": CANCEL_REASONS.__contains__},
    "orderItemId",
    "reasonCode",
)
_RETURNED_LINES = _objects({"orderItemId": _filled, "quantity": _pieces, "reasonCode": _text}, "orderItemId")

_ID: Mapping[str, Kind] = {"orderId": _filled}

FIELDS: Mapping[str, Mapping[str, Kind]] = {
    "cancel": {**_ID, "orderItems": _CANCELLED_LINES},
    "confirm": {**_ID, "orderItems": _LINES},
    "invoiceUpdate": {
        **_ID,
        "invoiceNumber": _filled,
        "invoiceType": {"sale", "return"}.__contains__,
        "invoiceQrCode": _text,
        "irnNumber": _text,
        "signedInvoice": _text,
        "ackNumber": _text,
        "ackDate": _text,
        "orderItems": _INVOICED_LINES,
        "packages": _PACKAGES,
    },
    "awb": {**_ID, "awbNumber": _filled, "courierName": _filled, "autoDispatch": _truth},
    "pack": _ID,
    "courierDetails": _ID,
    "labels": _ID,
    "invoice": _ID,
    "dispatch": {**_ID, "orderItems": _LINES},
    "status": {**_ID, "orderStatus": _filled, "meta": _META},
    "return": {**_ID, "orderItems": _RETURNED_LINES},
}

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "cancel": ("orderId", "orderItems"),
    "invoiceUpdate": ("orderId", "invoiceNumber", "invoiceType"),
    "awb": ("orderId", "awbNumber", "courierName", "autoDispatch"),
    "status": ("orderId", "orderStatus"),
    "return": ("orderId", "orderItems"),
}
"""The required fields; every other operation requires the id alone."""


def check_item(operation: str, item: Mapping[str, Any]) -> Refusal | None:
    """Why `item` is no item of `operation`, None where it is one."""
    try:
        fault = fault_in(item, FIELDS[operation], REQUIRED.get(operation, ("orderId",)))
    except TypeError:
        # An unhashable value where one of a set was wanted.
        fault = "a value is of the wrong type"
    if fault is None:
        return None
    return Refusal(BAD_INVOICE if operation == "invoiceUpdate" else INVALID_ITEM, fault)


def check_lines(operation: str, item: Mapping[str, Any], order: Order) -> Refusal | None:
    """Why the lines that `item` names are not lines of `order`, or more pieces than it still has."""
    asked = pieces(item, order)
    if asked is None:
        return Refusal({"invoiceUpdate": "IN400"}.get(operation, INVALID_ITEM), "orderItemId is not in the order")
    lines = {line["orderItemId"]: line for line in order.lines}
    if any(count > order.live(lines[line_id]) or count == 0 for line_id, count in asked.items()):
        cancelled = {"confirm": "O400", "invoiceUpdate": "IN401", "dispatch": "D401"}
        return Refusal(cancelled.get(operation, INVALID_ITEM), "quantity is more than the order still has")
    return None


def pieces(item: Mapping[str, Any], order: Order) -> dict[str, int] | None:
    """How many pieces of each line `item` names, all that live where it says no quantity; None for a strange line."""
    lines = {line["orderItemId"]: line for line in order.lines}
    asked: dict[str, int] = {}
    for entry in item.get("orderItems", []):
        line = lines.get(entry["orderItemId"])
        if line is None:
            return None
        asked[entry["orderItemId"]] = asked.get(entry["orderItemId"], 0) + entry.get("quantity", order.live(line))
    return asked
