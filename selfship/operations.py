"""The documented operations, by the names that the kit uses everywhere: the last word of the path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Envelope = Literal["flat", "data", "none"]
"""`flat`: {payloadCount, …} of POST writes. `data`: {data: {payload_count, …}, meta} of PUT writes. `none`: others."""

MAX_ITEMS = 20
"""Items in one request (self-ship guide, Best Practices)."""

TOKEN_HEADER = "x-access-token"


@dataclass(frozen=True)
class Operation:
    """One documented method and path. `bulk`: the body is an array of items; `answers`: what a success looks like."""

    name: str
    method: Literal["GET", "POST", "PUT"]
    path: str
    envelope: Envelope = "none"
    bulk: bool = False
    answers: Literal["json", "pdf"] = "json"

    @property
    def label(self) -> str:
        """As in latency tables and reports: `PUT /oms/v3/shipment/status`."""
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether it can change an order."""
        return self.envelope != "none"


_ALL = (
    Operation("token", "GET", "/aggregator/v1/token"),
    Operation("shipment", "GET", "/oms/v3/shipment"),
    Operation("info", "GET", "/oms/v3/shipment/info"),
    Operation("cancel", "POST", "/oms/v3/shipment/cancel", "flat", bulk=True),
    Operation("confirm", "POST", "/oms/v3/shipment/confirm", "flat", bulk=True),
    Operation("invoiceUpdate", "POST", "/oms/v3/shipment/invoiceUpdate", "flat", bulk=True),
    Operation("awb", "PUT", "/oms/v3/shipment/awb", "data", bulk=True),
    Operation("pack", "POST", "/oms/v3/shipment/pack", "flat", bulk=True),
    Operation("courierDetails", "POST", "/oms/v3/shipment/courierDetails", bulk=True),
    Operation("labels", "POST", "/oms/v3/shipment/labels", bulk=True, answers="pdf"),
    Operation("invoice", "POST", "/oms/v3/shipment/invoice", bulk=True, answers="pdf"),
    Operation("dispatch", "POST", "/oms/v3/shipment/dispatch", "flat", bulk=True),
    Operation("status", "PUT", "/oms/v3/shipment/status", "data", bulk=True),
    Operation("track", "POST", "/oms/v3/shipment/track"),
    Operation("return", "POST", "/oms/v3/shipment/return", "flat", bulk=True),
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
WRITES = tuple(operation.name for operation in _ALL if operation.writes)
BULK = tuple(operation.name for operation in _ALL if operation.bulk)
