"""What an answer says: accepted, refused, or neither. Reads envelopes; knows nothing of orders or states.

"Refused" follows the rules: 4xx, or an envelope that counts the item as failed. A 5xx is never a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from selfship.exchanges import Exchange
from selfship.operations import MAX_ITEMS, OPERATIONS


class Kind(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    PARTIAL = "partial"
    UNREADABLE = "unreadable"
    SERVER_ERROR = "server_error"
    NO_ANSWER = "no_answer"
    PUT_OFF = "put_off"


@dataclass(frozen=True)
class Envelope:
    """The counts of either envelope; None where a count is missing or not an integer."""

    payload: int | None
    success: int | None
    failed: int | None
    status: Any
    errors: Any

    @property
    def whole(self) -> bool:
        return None not in (self.payload, self.success, self.failed) and isinstance(self.errors, list)

    @property
    def adds_up(self) -> bool:
        if self.payload is None or self.success is None or self.failed is None:
            return False
        return self.success + self.failed == self.payload and min(self.success, self.failed) >= 0


@dataclass(frozen=True)
class Answer:
    """An answer to a write of `items` items. `broken`: the wire rule that makes it unreadable."""

    kind: Kind
    items: int
    success: int = 0
    failed: int = 0
    envelope: Envelope | None = None
    broken: str | None = None

    @property
    def refused(self) -> bool:
        return self.kind is Kind.REFUSED

    @property
    def accepted(self) -> bool:
        return self.kind is Kind.ACCEPTED


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def envelope(exchange: Exchange) -> Envelope | None:
    """The envelope of an answer to a write, None where the body has nothing of its shape."""
    body = exchange.json
    if not isinstance(body, dict):
        return None
    if OPERATIONS[exchange.operation].envelope == "data":
        data, meta = body.get("data"), body.get("meta")
        if not isinstance(data, dict):
            return None
        status = meta.get("status") if isinstance(meta, dict) else None
        names = ("payload_count", "success_count", "failed_count")
    else:
        data, status = body, body.get("status")
        names = ("payloadCount", "successCount", "failedCount")
    if not any(name in data for name in names):
        return None
    payload, success, failed = (_count(data.get(name)) for name in names)
    return Envelope(payload, success, failed, status, data.get("errors"))


def read(exchange: Exchange, items: int) -> Answer:
    """What `exchange`, a write of `items` items, was answered."""
    status = exchange.status
    if status is None:
        return Answer(Kind.NO_ANSWER, items)
    if status == 429 or (status == 503 and exchange.header("retry-after")):
        return Answer(Kind.PUT_OFF, items)
    if status >= 500:
        return Answer(Kind.SERVER_ERROR, items, broken="CON-8")
    if 400 <= status < 500:
        return Answer(Kind.REFUSED, items, failed=items, envelope=envelope(exchange))
    found = envelope(exchange)
    if not exchange.ok or found is None or found.success is None or found.failed is None:
        return Answer(Kind.UNREADABLE, items, envelope=found, broken="CON-2")
    success, failed = found.success, found.failed
    if success + failed != items or min(success, failed) < 0:
        return Answer(Kind.UNREADABLE, items, success, failed, found, broken="CON-3")
    kind = Kind.ACCEPTED if failed == 0 else Kind.REFUSED if success == 0 else Kind.PARTIAL
    return Answer(kind, items, success, failed, found)


def counted_elsewhere(items: Any) -> bool:
    """Whether the counts of a request are another rule's: it is empty (LIM-4), too long (LIM-2), or repeats (BAT-6)."""
    if not isinstance(items, list):
        return False
    ids = [str(item.get("orderId")) for item in items if isinstance(item, dict)]
    return not items or len(items) > MAX_ITEMS or len(set(ids)) < len(ids)


def texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys included: where a documented code or an order id may stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield str(value)


def says(exchange: Exchange) -> str:
    """The answer in a few words, for a sentence of a report."""
    if exchange.status is None:
        return {
            "timeout": "no answer within the time-out",
            "refused": "no connection",
            "dropped": "a lost connection",
        }.get(exchange.error or "", exchange.error or "no answer")
    found = envelope(exchange) if OPERATIONS[exchange.operation].writes else None
    if found is not None:
        counts = f"{found.success} accepted, {found.failed} failed"
        reasons = " ".join(list(texts(found.errors))[:6]) if found.errors else ""
        return f"HTTP {exchange.status}, {counts}" + (f" ({reasons[:120]})" if reasons else "")
    body = " ".join(exchange.text.split())
    if 300 <= exchange.status < 400 and (to := exchange.header("location")):
        return f"HTTP {exchange.status} to {to[:100]}"
    return f"HTTP {exchange.status}" + (f" ({body[:100]}{'…' if len(body) > 100 else ''})" if body else "")
