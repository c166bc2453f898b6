"""Tours of a mock, on a stopped clock: everything that one part of it says.

Two hosts that differ in nothing say the same on the same tour.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any
from unittest import mock as patching

from selfship.lifecycle import AUTOMATIC, Event, State
from selfship.mock.faults.races import FRESH
from selfship.mock.order import Order
from selfship.mock.settings import MockSettings
from selfship.operations import BULK, OPERATIONS, WRITES
from tests.mock_host import item_of
from tests.mock_tour_reads import documents, reading, tracking
from tests.mock_visit import UNKNOWN, DiffersError, Tour

S, E = State, Event
NOW = 1_750_000_000.0


async def _matrix(tour: Tour) -> None:
    for state in State:
        if state in AUTOMATIC:
            continue
        for event in Event:
            (order,) = tour.make(state)
            await tour.fire(event, order)
            tour.note(order)
    for state, made_by in (
        (S.RTO_BAG_DELIVERED, E.AUTO_DISPATCH),
        (S.OUT_FOR_DELIVERY, E.DELIVERY_REATTEMPT_REQUESTED),
    ):
        for event in Event:
            (order,) = tour.make(state)
            order.history.append([NOW, made_by, state])
            await tour.fire(event, order)
            tour.note(order)


_WALKS: tuple[tuple[State, str], ...] = (
    (S.PLACED, "confirm invoice awb pack dispatch bag_picked delivery_done"),
    (S.PLACED, "confirm invoice auto_dispatch delivery_done"),
    (
        S.DP_ASSIGNED,
        """auto_dispatch out_for_delivery delivery_attempt_failed delivery_reattempt_requested out_for_delivery
        bag_picked delivery_attempt_failed delivery_reattempt_requested delivery_done""",
    ),
    (S.DP_ASSIGNED, "auto_dispatch out_for_delivery delivery_done"),
    (S.DP_ASSIGNED, "awb awb auto_dispatch delivery_done"),
    (S.DP_ASSIGNED, "cancel confirm"),
    (S.DP_ASSIGNED, "awb pack dispatch bag_picked out_for_delivery delivery_done"),
    (S.DP_ASSIGNED, "auto_dispatch rto_bag_delivered delivery_done accept_return credit_note"),
    (S.DP_ASSIGNED, "awb pack dispatch bag_picked rto_bag_delivered accept_return credit_note"),
    (S.BAG_PICKED, "accept_return"),
    (
        S.RETURN_DP_ASSIGNED,
        """credit_note return_bag_in_transit awb return_bag_in_transit accept_return return_bag_delivered credit_note
        accept_return credit_note credit_note""",
    ),
    (S.RETURN_DP_ASSIGNED, "auto_dispatch return_bag_delivered awb return_bag_in_transit return_bag_delivered"),
)


async def _journeys(tour: Tour) -> None:
    for start, words in _WALKS:
        for lines in (1, 2):
            (order,) = tour.make(start, lines=lines)
            for word in words.split():
                await tour.fire(Event(word), order)
            tour.note(order)
            await tour.send("shipment", orderId=order.id)
    (confirmed,), (packed,), (back,) = (
        tour.make(S.BAG_CONFIRMED),
        tour.make(S.BAG_PACKED),
        tour.make(S.RETURN_BAG_DELIVERED),
    )
    lines_of = item_of(E.ACCEPT_RETURN, packed)[1]["orderItems"]
    await tour.fire(E.INVOICE, confirmed, packages=[{"packageId": "P"}])
    await tour.fire(E.DISPATCH, packed, orderItems=lines_of)
    bad = [{**line, "reasonCode": "lost"} for line in item_of(E.ACCEPT_RETURN, back)[1]["orderItems"]]
    await tour.fire(E.ACCEPT_RETURN, back, orderItems=bad)


_AT_HOME: dict[str, tuple[Event, State]] = {
    "confirm": (E.CONFIRM, S.PLACED),
    "cancel": (E.CANCEL, S.PLACED),
    "invoiceUpdate": (E.INVOICE, S.BAG_CONFIRMED),
    "awb": (E.AWB, S.DP_ASSIGNED),
    "pack": (E.PACK, S.DP_ASSIGNED),
    "dispatch": (E.DISPATCH, S.BAG_PACKED),
    "status": (E.DELIVERY_DONE, S.BAG_PICKED),
    "return": (E.ACCEPT_RETURN, S.RETURN_BAG_DELIVERED),
}


def _items(operation: str, orders: list[Order]) -> list[dict[str, Any]]:
    if operation not in _AT_HOME:
        return [{"orderId": order.id} for order in orders]
    return [item_of(_AT_HOME[operation][0], order)[1] for order in orders]


async def _limits(tour: Tour) -> None:
    for operation in BULK:
        at_home = _AT_HOME.get(operation, (E.PACK, S.BAG_PACKED))[1]
        for count in (19, 20, 20, 21):
            orders = tour.make(at_home, count)
            await tour.send(operation, _items(operation, orders))
            tour.note(*orders)
        await tour.send(operation, [])


async def _batches(tour: Tour) -> None:
    for operation in WRITES:
        event, at_home = _AT_HOME[operation]
        good, bad = tour.make(at_home, 3), tour.make(S.CANCELLED)[0]
        mended = item_of(event, good[1])[1]
        batch = [
            item_of(event, good[0])[1],
            item_of(event, bad)[1],
            {**mended, "orderId": 7},
            item_of(event, good[2])[1],
        ]
        await tour.send(operation, batch)
        await tour.send(operation, [mended])
        tour.note(*good, bad)
    for first, second in ((E.DELIVERY_DONE, E.RTO_BAG_DELIVERED), (E.RTO_BAG_DELIVERED, E.DELIVERY_DONE)):
        (order,) = tour.make(S.BAG_PICKED)
        await tour.send("status", [item_of(event, order)[1] for event in (first, second)])
        tour.note(order)
    forward, back = tour.make(S.DP_ASSIGNED, 2), tour.make(S.RETURN_DP_ASSIGNED, 2)
    await tour.send("awb", _items("awb", [forward[0], back[0], forward[1], back[1]]))
    (waiting,) = tour.make(S.HANDED_OVER_TO_DG)
    (other,) = tour.make(S.BAG_PICKED)
    await tour.send("status", _items("status", [other, waiting]))
    await tour.send("status", [item_of(E.BAG_PICKED, waiting)[1]])
    await tour.send("status", _items("status", [waiting]))
    tour.note(*forward, *back, waiting, other)


async def _values(tour: Tour) -> None:
    for operation in WRITES:
        event, at_home = _AT_HOME[operation]
        (order,) = tour.make(at_home)
        item = item_of(event, order)[1]
        await tour.send(operation, [{**item, "orderId": UNKNOWN}])
        for field in item:
            await tour.send(operation, [{key: value for key, value in item.items() if key != field}])
            for wrong in (7, "", None):
                (order,) = tour.make(at_home)
                await tour.send(operation, [{**item_of(event, order)[1], field: wrong}])
                tour.note(order)
        (order,) = tour.make(at_home)
        item = item_of(event, order)[1]
        bodies: list[Any] = [b"", b"not json", json.dumps([item]).encode() + b"garbage", item, [None], "text"]
        for body in bodies:
            await tour.send(operation, body)
        tour.note(order)
    for state in (S.HANDED_OVER_TO_DG, S.BAG_PICKED, S.DP_ASSIGNED):
        for value in ("BAG_PICKED", "Delivery_Done", " delivery_done ", "dp_assigned", "flown"):
            (order,) = tour.make(state)
            await tour.send("status", [{"orderId": order.id, "orderStatus": value}])
            tour.note(order)
    (order,) = tour.make(S.OUT_FOR_DELIVERY)
    meta: dict[str, Any] = {"remark": "r", "reasonCode": 3, "dpLocation": "d", "promised_delivery_date": "2025-12-10"}
    for name, value in meta.items():
        await tour.fire(E.DELIVERY_ATTEMPT_FAILED, order, meta={name: value})
        order.state = S.OUT_FOR_DELIVERY
    await tour.fire(E.DELIVERY_ATTEMPT_FAILED, order)
    for state, event in (
        (S.DP_ASSIGNED, E.AWB),
        (S.RETURN_DP_ASSIGNED, E.AWB),
        (S.HANDED_OVER_TO_DG, E.BAG_PICKED),
        (S.RETURN_DP_ASSIGNED, E.RETURN_BAG_IN_TRANSIT),
    ):
        (order,) = tour.make(state, is_self_ship=False)
        await tour.fire(event, order)
        tour.note(order)


async def _auth(tour: Tour) -> None:
    settings = tour.host.settings
    name, word = settings.username, settings.password
    for query in (
        {"username": name, "password": "wrong"},
        {"username": name, "password": word.upper()},
        {"username": name},
    ):
        await tour.login(**query)
    good = tour.token
    for token in (None, "never-issued"):
        tour.token = token
        for operation in OPERATIONS:
            await _one_of(tour, operation)
    tour.token = await tour.login()
    await tour.send("info", orderStatus="CREATED")
    tour.token = good
    for query in ({"orderStatus": "CREATED"}, {"orderStatus": "RETURN_PROCESSING"}):
        await tour.send("shipment", **query)
        await tour.send("shipment", **query, pageNumber=2)
    tour.token = await tour.login(username=settings.other_username, password=settings.other_password)
    for operation in OPERATIONS:
        await _one_of(tour, operation)
    ours, theirs = tour.make(S.PLACED, 2), tour.make(S.PLACED, 2, location="DEL-02")
    await tour.send("confirm", _items("confirm", [theirs[0], ours[0], theirs[1], ours[1]]))
    tour.note(*ours, *theirs)


async def _one_of(tour: Tour, operation: str) -> None:
    """A good request of that operation on a fresh order of the first location."""
    (order,) = tour.make(_AT_HOME.get(operation, (E.PACK, S.BAG_PACKED))[1])
    if operation in ("shipment", "info", "track", "token"):
        body = {"shipment_id": order.id} if operation == "track" else None
        await tour.send(operation, body, orderId=order.id)
    else:
        await tour.send(operation, _items(operation, [order]))
    tour.note(order)


async def _wire(tour: Tour) -> None:
    for part in (_batches, tracking, documents, _values):
        await part(tour)
    await tour.send("status", [])
    tour.make(S.PLACED, 3)
    (back,) = tour.make(S.RETURN_DP_ASSIGNED)
    for operation in ("shipment", "info"):
        for status in ("CREATED", "RETURN_PROCESSING"):
            await tour.send(operation, orderStatus=status, locationCode="BLR-01")
        await tour.send(operation, orderId=back.id)


async def _races(tour: Tour) -> None:
    (alone, shared), others = tour.make(S.BAG_PICKED, 2), tour.make(S.BAG_PICKED, 2)
    await asyncio.gather(tour.fire(E.DELIVERY_DONE, alone), tour.fire(E.RTO_BAG_DELIVERED, alone))
    await asyncio.gather(
        tour.send("status", [item_of(E.DELIVERY_DONE, order)[1] for order in (shared, others[0])]),
        tour.send("status", [item_of(E.RTO_BAG_DELIVERED, order)[1] for order in (shared, others[1])]),
    )
    for order in tour.make(S.DP_ASSIGNED, FRESH):
        await tour.fire(E.AUTO_DISPATCH, order)
    crowd = tour.make(S.DP_ASSIGNED, 12)
    await asyncio.gather(*(tour.fire(E.AUTO_DISPATCH, order) for order in crowd))
    tour.note(alone, shared, *others, *crowd)


Part = Callable[[Tour], Coroutine[Any, Any, None]]


async def _unsteady(tour: Tour) -> None:
    for order in tour.make(S.DP_ASSIGNED, 2):
        await tour.fire(E.AWB, order)
        await tour.fire(E.PACK, order)
        for operation in ("shipment", *["info"] * 3):
            await tour.send(operation, orderId=order.id)


PARTS: dict[str, Part] = {
    "wire": _wire,
    "auth": _auth,
    "reading": reading,
    "info": reading,
    "tracking": tracking,
    "journeys": _journeys,
    "returns": _journeys,
    "transitions": _matrix,
    "limits": _limits,
    "batches": _batches,
    "values": _values,
    "documents": documents,
    "races": _races,
    "unsteady": _unsteady,
}


def seen(part: str, settings: MockSettings, like: list[Any] | None = None) -> list[Any]:
    """Everything that a host with `settings` says on the tour of that part. DiffersError as of `Tour`."""

    async def visit() -> list[Any]:
        tour = Tour(settings, like)
        tour.token = await tour.login()
        await PARTS[part](tour)
        return tour.seen

    with patching.patch.object(time, "time", lambda: NOW):
        return asyncio.run(visit())


def differs(part: str, settings: MockSettings) -> bool:
    """Whether a host with `settings` says anything else than the plain mock on the tour of that part."""
    plain = plainly(part)
    try:
        return len(seen(part, settings, plain)) != len(plain)
    except DiffersError:
        return True


@cache
def plainly(part: str) -> list[Any]:
    return seen(part, MockSettings())
