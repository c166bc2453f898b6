"""ELI, VAL and the enum of /status: faults in what an item may hold and which orders it may touch."""

from __future__ import annotations

from selfship.lifecycle import Event
from selfship.mock.faults.fault import Fault, always, on, when
from selfship.mock.points import Ask, Point


def _any_case(event: Event | None, ask: Ask) -> Event | None:
    if event is None and ask.operation == "status":
        return next((known for known in Event if known.value == ask.item["orderStatus"].lower()), None)
    return event


FAULTS = (
    Fault("uppercase_status", "STA-5", "takes a status in upper case", Point.EVENT, _any_case),
    Fault(
        "awb_on_marketplace_order",
        "ELI-1",
        "takes an AWB for an order that is not self-ship",
        Point.ELIGIBLE,
        when(on("awb"), always(True)),
    ),
    Fault(
        "invoice_type_unchecked",
        "VAL-1",
        "takes an invoice without an invoiceNumber",
        Point.VALID,
        lambda refusal, ask: (
            _numbered(ask)
            if ask.operation == "invoiceUpdate" and refusal and "invoiceNumber" in refusal.message
            else refusal
        ),
    ),
)


def _numbered(ask: Ask) -> None:
    ask.item.setdefault("invoiceNumber", "NONE")
