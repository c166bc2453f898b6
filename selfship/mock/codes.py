"""The error codes of refused items: the documented ones by operation, and the host's own where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN: Mapping[str, str] = {
    "confirm": "O422",
    "invoiceUpdate": "IN400",
    "pack": "CR422",
    "dispatch": "D422",
    "courierDetails": "C400",
    "labels": "L400",
    "invoice": "IN400",
}
"""The order is unknown, or of another location (facts 3.16)."""

WRONG_STATE: Mapping[str, str] = {"invoiceUpdate": "IN403", "pack": "CR400", "dispatch": "D400"}
NOT_PACKED: Mapping[str, str] = {"labels": "L403", "invoice": "IN403"}
BAD_INVOICE = "IN422"

# Of our own making: the documents name no code for these.
NOT_FOUND = "NOT_FOUND"
INVALID_STATE = "INVALID_STATE"
INVALID_ITEM = "INVALID_ITEM"
NOT_SELF_SHIP = "NOT_SELF_SHIP"
LOCKED = "LOCKED"
BUSY = "BUSY"
ROLLED_BACK = "ROLLED_BACK"


@dataclass(frozen=True)
class Refusal:
    code: str
    message: str


def unknown(operation: str) -> Refusal:
    """One sentence for both cases, so that a foreign order's existence is not told."""
    return Refusal(UNKNOWN.get(operation, NOT_FOUND), "orderId does not belong to the requested location")
