"""The shapes of the host's answers: an answer as such, both envelopes, and an error without an envelope."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from selfship.mock.codes import Refusal
from selfship.operations import OPERATIONS

IST = timezone(timedelta(hours=5, minutes=30))
"""The zone of every time that the documents show with an offset of its own."""
DROPPED = 0
"""Instead of a status: the connection is dropped without any answer."""
JSON = "application/json"
PDF = "application/pdf"


@dataclass
class Answer:
    """`content` is JSON data, or bytes as they go out. Mutable: the last decision point may change anything."""

    status: int
    content: Any
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        if isinstance(self.content, bytes):
            return self.content
        return json.dumps(self.content, separators=(",", ":")).encode()


@dataclass
class Tally:
    """What a batch came to; `errors` holds an object for every item that was refused."""

    payload: int
    success: int = 0
    failed: int = 0
    errors: list[Any] = field(default_factory=list)

    def refused(self, order_id: Any, refusal: Refusal) -> None:
        self.failed += 1
        self.errors.append({"orderId": order_id, "code": refusal.code, "message": refusal.message})

    @property
    def status(self) -> str:
        if not self.failed:
            return "SUCCESS"
        return "PARTIAL_SUCCESS" if self.success else "FAILED"


def envelope(operation: str, tally: Tally) -> dict[str, Any]:
    """`tally` in the envelope of `operation`: flat for POST, data and meta for PUT (facts, part 3)."""
    if OPERATIONS[operation].envelope == "flat":
        return {
            "payloadCount": tally.payload,
            "successCount": tally.success,
            "failedCount": tally.failed,
            "status": tally.status,
            "errors": tally.errors,
        }
    return {
        "data": {
            "payload_count": tally.payload,
            "success_count": tally.success,
            "failed_count": tally.failed,
            "errors": tally.errors,
        },
        "meta": {
            "trace_id": str(uuid.uuid1()),
            "time": datetime.now(IST).isoformat(timespec="milliseconds"),
            "status": tally.status,
        },
    }


def error(status: int, code: str, message: str, **more: Any) -> Answer:
    """A refusal without an envelope."""
    return Answer(status, {"status": "error", "code": code, "message": message, **more})


def bad_request(message: str) -> Answer:
    return error(400, "BAD_REQUEST", message)
