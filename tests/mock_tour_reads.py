"""The tours of the mock's reads and documents."""

from __future__ import annotations

from selfship.lifecycle import KNOWN_COARSE, Event, State
from tests.mock_visit import UNKNOWN, Tour

S, E = State, Event

_SHOWN = (*sorted(KNOWN_COARSE), "NONE")


async def reading(tour: Tour) -> None:
    for state in State:
        tour.make(state, 3)
        tour.make(state, 1, location="DEL-02")
    tour.make(S.DP_ASSIGNED, 2, locked=True, is_self_ship=False)
    (early,) = tour.make(S.DP_ASSIGNED)
    await tour.fire(E.AUTO_DISPATCH, early)
    (early,) = tour.make(S.DP_ASSIGNED)
    await tour.fire(E.AWB, early)
    for operation in ("shipment", "info"):
        for status in _SHOWN:
            query = {"orderStatus": status, "locationCode": "BLR-01"}
            for page in range(1, 4):
                await tour.send(operation, **query, pageNumber=page, pageSize=2)
            await tour.send(operation, **query)
            await tour.send(operation, **query, orderingChannel="FYND")
            if operation == "shipment":
                await tour.send(operation, **query, orderDateFrom="2025-06-08")
                await tour.send(operation, **query, orderDateTo="2025-06-08")
        for order in tour.host.store.oldest_first():
            await tour.send(operation, orderId=order.id)
        near = tour.host.store.oldest_first()[0].id
        for query in ({"orderId": UNKNOWN}, {"orderId": f"{int(near) ^ 1}"}, {}, {"locationCode": "BLR-01"}):
            await tour.send(operation, **query)


async def tracking(tour: Tour) -> None:
    orders = [tour.make(state)[0] for state in (S.DP_ASSIGNED, S.BAG_PICKED, S.RETURN_BAG_IN_TRANSIT)]
    await tour.send("courierDetails", [{"orderId": order.id} for order in orders])
    await tour.send("courierDetails", [{"orderId": UNKNOWN}])
    for order in orders:
        other = orders[2] if order is not orders[2] else orders[1]
        await tour.send("track", {"shipment_id": order.id})
        await tour.send("track", {"awb_number": order.awb})
        await tour.send("track", {"shipment_id": order.id, "awb_number": other.awb})
    for body in ({}, {"shipment_id": UNKNOWN}, {"awb_number": "none"}):
        await tour.send("track", body)
    await tour.fire(E.DELIVERY_DONE, orders[1])
    await tour.fire(E.RETURN_BAG_DELIVERED, orders[2])
    for order in orders:
        await tour.send("track", {"shipment_id": order.id})


async def documents(tour: Tour) -> None:
    states = (S.PLACED, S.DP_ASSIGNED, S.BAG_PACKED, S.RTO_BAG_ACCEPTED, S.RETURN_ACCEPTED, S.CREDIT_NOTE_GENERATED)
    for operation in ("labels", "invoice"):
        for state in states:
            await tour.send(operation, [{"orderId": tour.make(state)[0].id}])
        (order,) = tour.make(S.DP_ASSIGNED)
        await tour.fire(E.AWB, order)
        await tour.send(operation, [{"orderId": order.id}])
