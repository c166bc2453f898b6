"""What had been done to the orders of a request before it was sent, read from the record and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfship import orders
from selfship.exchanges import Exchange
from selfship.lifecycle import COARSE, State
from selfship.operations import OPERATIONS
from selfship.orders import View
from selfship.supply import LISTED

MOST_ORDERS, MOST_CALLS = 45, 60
"""Beyond these a history is not repeated: it would cost more than it tells."""
_NAMES = ("orderId", "shipment_id", "awb_number", "awbNumber")
_READS = ("shipment", "info")


class UnknownError(Exception):
    """Why nobody can say what the mock would have answered."""


@dataclass(frozen=True)
class Found:
    """An order as the run first saw it, before it wrote anything to it."""

    view: View
    state: State
    elsewhere: bool


@dataclass(frozen=True)
class History:
    """The orders of a request, and the writes that they went through before it, oldest first."""

    orders: tuple[Found, ...]
    calls: tuple[Exchange, ...]


def history(exchange: Exchange, exchanges: Sequence[Exchange], other_location: object) -> History:
    """All that led to `exchange`. UnknownError where that cannot be told from the record, or is too long."""
    if exchange.operation in _READS and not named(exchange) and "orderStatus" in exchange.url:
        raise UnknownError("The answer to a listing depends on every order that the host has.")
    earlier = [one for one in exchanges[: exchange.seq - 1] if OPERATIONS[one.operation].writes]
    wanted, calls = named(exchange), list[Exchange]()
    while True:
        # Batches bring in further orders, whose own history matters as well.
        calls = [one for one in earlier if wanted & named(one)]
        grown = wanted.union(*map(named, calls))
        if len(grown) > 2 * MOST_ORDERS or len(calls) > MOST_CALLS:
            raise UnknownError(f"Too much went before it to be repeated: {len(calls)} calls on {len(grown)} orders.")
        if grown == wanted:
            break
        wanted = grown
    return History(tuple(_found(wanted, exchange.seq, exchanges, other_location)), tuple(calls))


def named(exchange: Exchange) -> frozenset[str]:
    """The orders and AWBs that a request names."""
    body, query = exchange.sent, exchange.query
    items = [one for one in (body if isinstance(body, list) else [body]) if isinstance(one, dict)]
    values = [item.get(name) for item in items for name in _NAMES] + [v for name in _NAMES for v in query.get(name, [])]
    return frozenset(str(value) for value in values if isinstance(value, str | int) and value)


def _found(
    wanted: frozenset[str], before: int, exchanges: Sequence[Exchange], other_location: object
) -> Iterator[Found]:
    """Each of `wanted` that is an order and was seen before it was written to. UnknownError for one that was not."""
    open_ones, written = set(wanted), set[str]()
    for one in exchanges[: before - 1]:
        if OPERATIONS[one.operation].writes:
            written |= named(one)
        elif one.operation in _READS and open_ones and any(name.encode() in one.response_body for name in open_ones):
            for view in orders.views(one):
                if view.id in open_ones:
                    open_ones.discard(view.id)
                    if view.id in written:
                        raise UnknownError(f"Order {view.id} was written to before the run had seen it.")
                    yield Found(view, _state(view), other_location is not None and _location(one) == other_location)


def _state(view: View) -> State:
    """The state in which a run takes an order that looks like this, as the supply of orders does."""
    for state, fits in LISTED.items():
        if view.status in COARSE[state][:1] and fits(view):
            return state
    raise UnknownError(f"Order {view.id} was first seen as {view.status}, which several states may show.")


def _location(exchange: Exchange) -> str | None:
    return next(iter(exchange.query.get("locationCode", [])), None)
