"""The last look before a write leaves: it may name orders that this run was lent, and orders that nobody has.

The supply says which orders are lent, so whatever a scenario, a probe or a generated request gets wrong, no other order
is written to. A read-only guard lets no write pass at all.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

from selfship.errors import BrokenKitError
from selfship.exchanges import strict_json
from selfship.operations import Operation

_ID_KEY = re.compile(r"(order|shipment)_?id", re.IGNORECASE)
_LOOSE = re.compile(r"(?:order|shipment)_?id\W*?:\s*\[?\s*\"?([^\s\",}\]]+)|(\d{12,})", re.IGNORECASE)
"""In a body that is not JSON: what stands where an order is named, and whatever is as long as an order's id."""

_made_up: set[str] = set()


class ForbiddenWriteError(BrokenKitError):
    """A write was about to name an order that the run must not touch. It was not sent."""


def made_up(order_id: str) -> str:
    """Remembers an id that the kit has invented: no host has that order, so every run may name it."""
    _made_up.add(order_id)
    return order_id


def named(content: bytes) -> set[str]:
    """The ids that a request's body names, whether it is the JSON that the documents ask for, or something else."""
    try:
        body = strict_json(content)
    except (ValueError, RecursionError):
        return _named_loosely(content.decode("utf-8", "replace"))
    return {_written(value) for value in _below_ids(body)} - {""}


def _named_loosely(text: str) -> set[str]:
    """Of a body that is not JSON: what the JSON names that it begins with, if any, and whatever else may be an id."""
    names, end = set[str](), 0
    try:
        body, end = json.JSONDecoder().raw_decode(text)
        names = {_written(value) for value in _below_ids(body)} - {""}
    except (ValueError, RecursionError):
        pass  # Then it is loose from its beginning.
    return names | {first or second for first, second in _LOOSE.findall(text[end:])}


def _below_ids(value: Any, *, inside: bool = False) -> Iterator[Any]:
    """Each plain value that stands, however deep, under a key for an order's id."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _below_ids(inner, inside=inside or _ID_KEY.fullmatch(key) is not None)
    elif isinstance(value, list):
        for inner in value:
            yield from _below_ids(inner, inside=inside)
    elif inside and value is not None and not isinstance(value, bool):
        yield value


def _written(value: Any) -> str:
    # A host that takes a number for an id takes it by its digits.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class Guard:
    """Knows which orders may be written to. Safe to use from any thread."""

    def __init__(self, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self._lent: set[str] = set()
        self._lock = threading.Lock()

    def lend(self, order_id: str) -> None:
        """From now on the run may write to this order."""
        with self._lock:
            self._lent.add(order_id)

    def check(self, operation: Operation, content: bytes | None) -> set[str]:
        """The lent orders that a request writes to; none for a read. ForbiddenWriteError where it must not be sent."""
        if not operation.writes:
            return set()
        if self.read_only:
            raise ForbiddenWriteError(
                f"{operation.label} was about to be sent by a part of the kit that only reads; it was not: report this."
            )
        names = named(content or b"") - _made_up
        with self._lock:
            strange = names - self._lent
        if strange:
            raise ForbiddenWriteError(
                f"{operation.label} was about to name order {min(strange)!r}, which this run was not lent; it "
                "was not sent: report this."
            )
        return names
