"""Liberties that the rules leave a client: each is unusual, and none may be held against it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from selfship.clients.hooks import (
    RETURNS,
    Aggregator,
    Client,
    Item,
    Items,
    after,
    around,
    is_step,
    remember,
    statuses,
)

SHIPMENT = "/oms/v3/shipment"
THREADS = 8


def in_parallel(client: Aggregator) -> None:
    """Works on every listing at once."""
    remember(client)

    def sweep(locations: Any) -> int:
        lists = [[(status, location)] for status in client.statuses for location in locations]
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(client.work, lists))

    client.statuses = ("PROCESSING", "COMPLETED", "TRANSIT", "RETURN_PROCESSING", "RETURN_DELIVERED", "RETURN_ACCEPTED")
    client.statuses = ("CREATED", "CONFIRMED", *client.statuses)
    client.sweep = sweep


def on_own_connections(client: Aggregator) -> None:
    """The same, and opens a connection for each call."""
    in_parallel(client)

    def send(original: Callable[..., Any], method: str, path: str, content: Any, headers: dict[str, str]) -> Any:
        return original(method, path, content, {**headers, "Connection": "close"})

    around(client.konnect, "send", send)


def reads_first(client: Aggregator) -> None:
    """Reads each order by its id before it writes about it."""

    def take(original: Callable[..., Any], step: Any, batch: Any, where: Any) -> Any:
        for order, _ in batch:
            client.konnect.order(order["id"], where[order["id"]])
        return original(step, batch, where)

    around(client, "take", take)


def asks_info(client: Aggregator) -> None:
    """Asks /info for the locks of a status before it lists that status."""

    def listed(original: Callable[..., Any], status: str, location: str | None) -> Any:
        client.konnect.call("GET", f"{SHIPMENT}/info", params={"orderStatus": status, "locationCode": location})
        return original(status, location)

    around(client.konnect, "listed", listed)


def prints_papers(client: Aggregator) -> None:
    """Labels, invoice and courier of what was packed, and where a parcel is."""

    def act(_: Aggregator, items: Items) -> None:
        ids = [{"orderId": one["orderId"]} for one in items]
        for operation in ("labels", "invoice", "courierDetails"):
            client.konnect.call("POST", f"{SHIPMENT}/{operation}", json=ids)
        client.konnect.call("POST", f"{SHIPMENT}/track", json={"shipment_id": ids[0]["orderId"]})

    after("pack", act, most=20)(client)


def says_all(client: Aggregator) -> None:
    """Fills in every optional field that the documents have."""
    remember(client)

    def filled(item: Item, operation: str) -> Item:
        lines = [
            {"orderItemId": line["orderItemId"], "quantity": line["quantity"]}
            for line in client.seen[item["orderId"]]["orderItems"]
        ]
        meta = {"remark": "by van", "reasonCode": 7, "dpLocation": "Bengaluru"}
        more: dict[str, Item] = {
            "status": {"meta": {**meta, "estimated_delivery_date": "2026-12-10T10:00:00"}},
            "dispatch": {"orderItems": lines},
            "confirm": {"orderItems": lines},
        }
        return {**item, **more.get(operation, {})}

    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        return original(method, operation, [filled(one, operation) for one in items])

    around(client.konnect, "write", write)


def auto_on_returns(client: Aggregator) -> None:
    """Sends autoDispatch for returns as well, where it means nothing."""
    remember(client)

    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        def changed(one: Item) -> Item:
            back = is_step(one, operation, "awb") and client.seen[one["orderId"]]["journeyType"] == RETURNS
            return {**one, "autoDispatch": True} if back else one

        return original(method, operation, [changed(one) for one in items])

    around(client.konnect, "write", write)


def logs_in_often(client: Aggregator) -> None:
    """Asks for a new token at each sweep, and keeps none longer."""

    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        client.konnect.renew()
        return original(locations)

    around(client, "sweep", sweep)


def retries_soon(client: Aggregator) -> None:
    """Reads what was refused, and sends it once more, alone, before it goes on."""

    def take(original: Callable[..., Any], step: Any, batch: Any, where: Any) -> Any:
        accepted = original(step, batch, where)
        for order, place in batch:
            if (order["id"], place) in client.tries and client.done.get(order["id"], 0) <= place:
                client.konnect.sleep(0.1)
                client.konnect.order(order["id"], where[order["id"]])
                accepted += original(step, [(order, place)], where)
        return accepted

    around(client, "take", take)


def credits_at_once(client: Aggregator) -> None:
    """Makes the credit note of an RTO without accepting it first: so reads one page of the documents."""

    def plan(original: Callable[..., Any], order: Any) -> tuple[str, ...]:
        steps: tuple[str, ...] = original(order)
        return tuple(step for step in steps if step != "accept") if "rto_bag_delivered" in steps else steps

    def due(original: Callable[..., Any], order: Any) -> Any:
        steps, done = client.plan(order), client.done.get(order["id"], 0)
        back = order["orderStatus"] == "RETURN_DELIVERED" and steps[done:] == ("credit_note",)
        return done if back else original(order)

    around(client, "plan", plan)
    around(client, "next", due)


LIBERTIES: tuple[Client, ...] = (
    Client("in_parallel", "habit", "works on eight listings at the same time", hook=in_parallel),
    Client("on_own_connections", "habit", "does so with a connection for each call", hook=on_own_connections),
    Client("reads_first", "habit", "reads each order by its id before it writes about it", hook=reads_first),
    Client("asks_info", "habit", "asks /info for locks as well", hook=asks_info),
    Client("prints_papers", "habit", "prints labels and invoices, asks for couriers, tracks", hook=prints_papers),
    Client("says_all", "habit", "fills in every optional field", hook=says_all),
    Client(
        "says_it_twice",
        "habit",
        "pushes delivery_done once more",
        hook=after("delivery_done", statuses("delivery_done")),
    ),
    Client(
        "auto_on_returns", "habit", "sends autoDispatch for returns too, where it means nothing", hook=auto_on_returns
    ),
    Client(
        "retries_soon", "habit", "sends what was refused again within its sweep, once it has read it", hook=retries_soon
    ),
    Client("credits_at_once", "habit", "makes the credit note of an RTO without accepting it", hook=credits_at_once),
    Client("logs_in_often", "habit", "asks for a new token at each sweep", hook=logs_in_often),
    Client(
        "gives_up_at_once",
        "habit",
        "gives up an order when the host has refused it once",
        options=("--tries=1",),
        incomplete=True,
    ),
)
