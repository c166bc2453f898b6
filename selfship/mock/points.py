"""The decision points of the mock: where a fault or a variant may change an answer, and nothing else.

At each point the host works out its own value and passes it through the hooks of that point. A hook gets the value
and the circumstances, and gives the value back as it wants it. Without hooks a point costs one dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from selfship.lifecycle import Event
from selfship.mock.auth import Credential
from selfship.mock.order import Order

if TYPE_CHECKING:
    from selfship.mock.app import Host


class Point(StrEnum):
    """Name = what is decided there; the comment is the type of the value."""

    ROUTE = "route"  # str | None: the operation that method and path lead to
    BEFORE = "before"  # Answer | None: an answer given before anything else is looked at
    LOGIN = "login"  # Credential | None: who username and password belong to
    TOKEN = "token"  # Credential | None: who the token belongs to
    RAW = "raw"  # bytes: the body as it came
    BODY = "body"  # Any: the parsed body
    LIMIT = "limit"  # int: items that one request may hold
    WHOLE = "whole"  # bool: whether one refused item refuses the whole batch
    VALID = "valid"  # Refusal | None: what is wrong with the item itself
    FOUND = "found"  # Order | None: the order that an id names
    COVERS = "covers"  # bool: whether the credentials cover the order
    EVENT = "event"  # Event | None: what the item asks for
    ELIGIBLE = "eligible"  # bool: whether a self-ship operation may touch the order
    RULING = "ruling"  # Ruling: taken or refused
    LINES = "lines"  # Refusal | None: what is wrong with the lines that the item names
    CHANGES = "changes"  # dict: the fields of the order that the event sets
    GAP = "gap"  # float: seconds between decision and effect, for races
    LATE = "late"  # Ruling: as it stands when the gap is over
    ENVELOPE = "envelope"  # Tally: what is counted and listed
    QUERY = "query"  # dict[str, str]: the query as understood
    LOCATIONS = "locations"  # frozenset[str]: the locations that a listing covers
    MATCHES = "matches"  # bool: whether an order has the status asked for
    LISTING = "listing"  # list[Order]: after the filters, before paging
    PAGE = "page"  # list[Order]: one page
    STATUS = "status"  # str: the coarse status shown
    SHOWN = "shown"  # dict: the order as /shipment shows it
    INFO = "info"  # dict: the order as /shipment/info shows it
    COURIERS = "couriers"  # list[dict]: the entries of /courierDetails
    READY = "ready"  # Refusal | None: why an order has no such document
    PDF = "pdf"  # bytes
    TRACKED = "tracked"  # Order | None: the shipment that /track is about
    TRACK = "track"  # dict: the answer of /track
    ANSWER = "answer"  # Answer: status, headers and body, last of all


@dataclass
class Ask:
    """The circumstances of a decision. One a request; the fields of an item change from item to item.

    `memory` is the host's, kept from request to request, for hooks that count; `scratch` is the request's.
    """

    operation: str
    host: Host
    memory: dict[str, Any]
    scratch: dict[str, Any] = field(default_factory=dict)
    credential: Credential | None = None
    query: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    index: int = 0
    item: dict[str, Any] = field(default_factory=dict)
    order: Order | None = None
    event: Event | None = None
    envelope: Any = None

    @property
    def items(self) -> int:
        return len(self.ids)


Hook = Callable[[Any, Ask], Any]


class Hooks:
    """The active hooks, by point, in the order in which they were named."""

    def __init__(self, hooks: Iterable[tuple[Point, Hook]] = ()) -> None:
        found: dict[Point, list[Hook]] = {}
        for point, hook in hooks:
            found.setdefault(point, []).append(hook)
        self._hooks: Mapping[Point, list[Hook]] = found

    def __call__(self, point: Point, value: Any, ask: Ask) -> Any:
        hooks = self._hooks.get(point)
        if hooks is None:
            return value
        for hook in hooks:
            value = hook(value, ask)
        return value
