"""What the judge remembers between calls: a little for each order, a count for each rule, and nothing of the rest.

However long a session lasts, this stays small; the evidence itself is on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from selfship.contract import Edition
from selfship.lifecycle import Event
from selfship.referee.calls import Call, Facts, Item

KEPT = 20
"""Breaches of one rule that are kept word for word; beyond, they are counted."""
CONNECTIONS = 32
"""So many of a client's connections are known again; one that is not kept open comes back to none of them."""
SHOWN = 6
"""Exchanges that stand as evidence of one rule."""


@dataclass(frozen=True)
class Terms:
    """What the client was told. `poll_interval`: seconds, 0 where nobody told any.

    `company`: whether its credentials are company-level, None where nobody knows. `complete`: every call and every
    order is known, as to a referee; a recording shows only a part. `timed`: it is known when each call was made.
    """

    poll_interval: float = 0.0
    company: bool | None = None
    credit_note: str = "manual"
    edition: Edition = "extended"
    complete: bool = True
    timed: bool = True


@dataclass(frozen=True)
class Breach:
    """One rule broken once, in one sentence, with the calls that show it, the telling one first. `order`: its id."""

    rule: str
    message: str
    exchanges: tuple[int, ...]
    order: str | None = None


@dataclass
class Occasions:
    """How often a rule was put to the test, and how often it was broken."""

    held: int = 0
    seen: list[int] = field(default_factory=list)
    broken: int = 0
    breaches: list[Breach] = field(default_factory=list)


@dataclass
class Unsure:
    """A write that no answer came to: whether it took effect is not known to the client until it reads."""

    operation: str
    event: Event | None
    body: Mapping[str, Any]
    seq: int
    ended: float
    statuses: frozenset[str] = frozenset()
    """Under which the order is listed, whether the write took effect or not; none where nobody knows."""
    read: bool = False


@dataclass
class Assumed:
    """A write that came to nothing, and the rule that says what to do then. `told`: what came of it, in words.

    `facts`: how the order would stand had it been taken, and what the client did since.
    """

    rule: str
    key: tuple[str, Event]
    told: str
    seq: int
    facts: Facts


@dataclass
class Refusals:
    """One item that the host refused again and again: how often, and since which call at once after one another."""

    key: tuple[str, Any]
    count: int = 0
    at_once: int = 0
    ended: float = 0.0
    first: int = 0


@dataclass
class OrderMemory:
    """`last` is the last item that was taken: operation, event, and the call if that call failed in part.

    `in_part`: what was taken in a request that failed in part, by operation and event: the item and the call.
    `locked`, `awbs`, `status`: as the client last read them; `lines`: the ids of its items, as far as it read any.
    """

    id: str
    self_ship: bool | None = None
    is_return: bool | None = None
    locked: bool | None = None
    was_locked: bool = False
    awbs: tuple[str, ...] | None = None
    status: str = ""
    lines: frozenset[str] = frozenset()
    unsure: Unsure | None = None
    assumed: Assumed | None = None
    last: tuple[str, Event | None, int] | None = None
    last_begun: float = 0.0
    in_part: dict[tuple[str, Event | None], tuple[Mapping[str, Any], int]] = field(default_factory=dict)
    refused: Refusals | None = None
    touched: bool = False
    auto: bool = False
    went: set[Event] = field(default_factory=set)
    broke: set[str] = field(default_factory=set)


@dataclass
class Memory:
    """All that is remembered of one client."""

    terms: Terms
    rules: dict[str, Occasions] = field(default_factory=dict)
    orders: dict[str, OrderMemory] = field(default_factory=dict)
    calls: int = 0
    listings: int = 0
    last: Call | None = None
    latest_end: float = 0.0
    overlaps: bool = False
    polls: dict[tuple[str, ...], tuple[float, int]] = field(default_factory=dict)
    wrote: float = 0.0
    waits: list[tuple[Call, float]] = field(default_factory=list)
    expired: list[Call] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    renewed: bool = False
    rounded: dict[str, str] = field(default_factory=dict)
    """What becomes of the ids that the client has read on their way through a number, and the id that it was."""

    def has_read(self, order_id: str) -> bool:
        """Whether an answer has shown that order to the client."""
        order = self.orders.get(order_id)
        return order is not None and order.status != ""

    @property
    def counted(self) -> set[str]:
        """The rules that were broken more often than is kept word for word."""
        return {rule for rule, found in self.rules.items() if found.broken > len(found.breaches)}

    def met(self, call: Call) -> None:
        """Notes whether the client calls in parallel: on two connections in turn, or before it has had an answer."""
        before = self.last
        self.overlaps |= before is not None and call.begun < self.latest_end and call.answered
        if before is not None and call.connection != before.connection:
            self.overlaps |= call.connection in self.connections
            self.connections = [*self.connections[1 - CONNECTIONS :], before.connection]

    def on_one(self, call: Call, before: Call) -> bool:
        """Whether two calls are known to have come on one connection; a recording need not say."""
        return bool(self.terms.complete or call.connection) and call.connection == before.connection

    def in_turn(self, call: Call, before: Call) -> bool:
        """Whether a call surely began when the answer to the other was known: on its connection, of one that waits.

        Whoever opens a connection for each call may do so in parallel, and not be seen to.
        """
        return not self.overlaps and self.on_one(call, before)

    def order(self, order_id: str) -> OrderMemory:
        return self.orders.setdefault(order_id, OrderMemory(order_id))

    def of(self, rule: str) -> Occasions:
        return self.rules.setdefault(rule, Occasions())

    def held(self, rule: str, *seqs: int) -> None:
        """The rule was put to the test, and kept."""
        found = self.of(rule)
        found.held += 1
        found.seen += [seq for seq in seqs if len(found.seen) < SHOWN and seq not in found.seen]

    def broke(self, breach: Breach) -> None:
        found = self.of(breach.rule)
        found.broken += 1
        if len(found.breaches) < KEPT:
            found.breaches.append(breach)
        if breach.order is not None:
            self.order(breach.order).broke.add(breach.rule)


def same(item: Item, unsure: Unsure, operation: str) -> bool:
    """Whether `item` is exactly the one that no answer came to."""
    return operation == unsure.operation and dict(item.body) == dict(unsure.body)
