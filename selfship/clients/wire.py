"""AGG-1 to AGG-4, AGG-15 and AGG-16: requests that no client should send, whatever its orders need."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from selfship.clients.hooks import (
    RETURNS,
    Aggregator,
    Client,
    Hook,
    Item,
    Items,
    around,
    bad,
    before,
    due_for,
    remember,
)

SHIPMENT = "/oms/v3/shipment"
TOKEN = "x-access-token"


def token_in_query(name: str, method: str) -> Hook:
    def hook(client: Aggregator) -> None:
        def send(original: Callable[..., Any], verb: str, path: str, content: Any, headers: dict[str, str]) -> Any:
            if verb == method and TOKEN in headers:
                content = {**content, "params": {**content.get("params", {}), name: headers[TOKEN]}}
            return original(verb, path, content, headers)

        around(client.konnect, "send", send)

    return hook


def bearer(client: Aggregator) -> None:
    """Tries the first request of all, and each first one after a new token, with Authorization."""
    tried: set[str] = set()

    def send(original: Callable[..., Any], verb: str, path: str, content: Any, headers: dict[str, str]) -> Any:
        token = headers.get(TOKEN)
        if token and not tried:
            tried.add(token)
            headers = {"Authorization": f"Bearer {token}"}
        return original(verb, path, content, headers)

    around(client.konnect, "send", send)


def body(step: str, change: Callable[[Item], Any]) -> Hook:
    """Before the first write of a step the same with each item changed."""

    def act(client: Aggregator, items: Items) -> None:
        method, operation = PATHS.get(step, ("PUT", "status"))
        client.konnect.call(method, f"{SHIPMENT}/{operation}", json=[change(dict(one)) for one in items])

    return before(step, act)


PATHS = {"awb": ("PUT", "awb"), "pack": ("POST", "pack"), "dispatch": ("POST", "dispatch")}


def without(name: str) -> Callable[[Item], Item]:
    return lambda item: {key: value for key, value in item.items() if key != name}


def altered(name: str, change: Callable[[Any], Any]) -> Callable[[Item], Item]:
    return lambda item: {**item, name: change(item[name])}


def one_object(client: Aggregator, items: Items) -> None:
    client.konnect.call("PUT", f"{SHIPMENT}/awb", json=dict(items[0]))


def as_a_form(client: Aggregator, items: Items) -> None:
    client.konnect.call("POST", f"{SHIPMENT}/pack", data={"orderId": items[0]["orderId"]})


def as_text(client: Aggregator, items: Items) -> None:
    client.konnect.call("PUT", f"{SHIPMENT}/status", json=json.dumps(list(items)))


def too_many(step: str, size: int) -> Hook:
    """So many at once; those that were refused for it go as they should."""

    def hook(client: Aggregator) -> None:
        def batches(original: Callable[..., Any], due: Any) -> Any:
            mine = [one for one in due_for(client, due, step) if (one[0]["id"], one[1]) not in client.tries]
            yield from original([one for one in due if one not in mine])
            for start in range(0, len(mine), size):
                yield step, mine[start : start + size]

        around(client, "batches", batches)

    return hook


def labels(client: Aggregator, size: int) -> None:
    """Asks for so many labels at once, when enough orders are packed."""
    asked: list[bool] = []

    def listed(original: Callable[..., Any], status: str, location: str | None) -> Any:
        orders = original(status, location)
        if status == "COMPLETED" and len(orders) >= size and not asked:
            asked.append(True)
            ids = [{"orderId": order["id"]} for order in orders[:size]]
            client.konnect.call("POST", f"{SHIPMENT}/labels", json=ids)
        return orders

    around(client.konnect, "listed", listed)


def decoys_as_ours(kind: str) -> Hook:
    """Takes orders of that kind that are not self-ship for its own, as far as the AWB."""

    def hook(client: Aggregator) -> None:
        def is_ours(original: Callable[..., Any], order: Any) -> bool:
            decoy = order["is_self_ship"] is False and order["journeyType"] == kind
            wanted = decoy and order["orderStatus"] in ("PROCESSING", "RETURN_PROCESSING")
            return bool(wanted and order["id"] not in client.given_up) or bool(original(order))

        around(client, "is_ours", is_ours)

    return hook


def status_of_decoys(step: str, value: str) -> Hook:
    """Beside the first such push of its own the same for orders that are not self-ship."""

    def act(client: Aggregator, _: Items) -> None:
        decoys = [order for order in client.seen.values() if order["is_self_ship"] is False]
        wanted = [order for order in decoys if order["journeyType"] == (RETURNS if "return" in step else "forward")]
        items = [{"orderId": order["id"], "orderStatus": value} for order in wanted]
        client.konnect.call("PUT", f"{SHIPMENT}/status", json=items[:20])

    return before(step, act)


def tracks_rounded(client: Aggregator, items: Items) -> None:
    named = f"{float(items[0]['orderId']):.0f}"
    client.konnect.call("POST", f"{SHIPMENT}/track", json={"shipment_id": named})


def numbered_lines(client: Aggregator, items: Items) -> None:
    """POST /return as the example does it, but for the ids of the items: they are 1, 2, 3."""
    lines = [[{**line, "orderItemId": str(n)} for n, line in enumerate(one["orderItems"], 1)] for one in items]
    body = [{**one, "orderItems": own} for one, own in zip(items, lines, strict=True)]
    client.konnect.call("POST", f"{SHIPMENT}/return", json=body)


def polls_info(client: Aggregator) -> None:
    """After each sweep asks /info for the new orders, five times in a row."""

    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        accepted = original(locations)
        for _ in range(5):
            client.konnect.call("GET", f"{SHIPMENT}/info", params={"orderStatus": "CREATED"})
        return accepted

    around(client, "sweep", sweep)


def polls_again(client: Aggregator) -> None:
    """After each sweep asks for a listing five times in a row."""

    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        accepted = original(locations)
        for _ in range(5):
            client.konnect.listed("CREATED", locations[0])
        return accepted

    around(client, "sweep", sweep)


def without_status(client: Aggregator) -> None:
    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        for location in locations:
            client.konnect.call("GET", SHIPMENT, params={"locationCode": location} if location else {})
        return original(locations)

    around(client, "sweep", sweep)


def without_location(which: str) -> Hook:
    """The first read of a kind, "orderStatus" or "orderId", goes without its location, then again with it."""

    def hook(client: Aggregator) -> None:
        done: list[bool] = []

        def call(original: Callable[..., Any], method: str, path: str, **content: Any) -> Any:
            params = content.get("params", {})
            if which in params and "locationCode" in params and not done:
                done.append(True)
                original(method, path, params={name: value for name, value in params.items() if name != "locationCode"})
            return original(method, path, **content)

        around(client.konnect, "call", call)

    return hook


def looks_first(client: Aggregator) -> None:
    """Reads the first order of each first listing by its id, without its location."""
    remember(client)
    without_location("orderId")(client)

    def listed(original: Callable[..., Any], status: str, location: str | None) -> Any:
        orders = original(status, location)
        if orders:
            client.konnect.order(orders[0]["id"], location)
        return orders

    around(client.konnect, "listed", listed)


CLIENTS: tuple[Client, ...] = (
    bad(
        "token_in_query_of_reads",
        "AGG-1",
        "puts its token into the query string of reads as well",
        token_in_query("access_token", "GET"),
    ),
    bad(
        "token_in_query_of_writes",
        "AGG-1",
        "puts its token into the query string of PUT requests as well",
        token_in_query(TOKEN, "PUT"),
    ),
    bad(
        "token_as_bearer",
        "AGG-1",
        "sends its token in Authorization, and in its own header only when that failed",
        bearer,
    ),
    bad("int_ids", "AGG-2", "sends the order ids of Update AWB as numbers", body("awb", altered("orderId", int))),
    bad(
        "ids_through_floats",
        "AGG-2",
        "loses the last digits of the ids that it sends, as JavaScript does",
        body("bag_picked", altered("orderId", lambda one: f"{float(one):.0f}")),
    ),
    bad(
        "ids_cut",
        "AGG-2",
        "cuts the last digit off the ids that it packs",
        body("pack", altered("orderId", lambda one: one[:-1])),
    ),
    bad(
        "ids_with_a_prefix",
        "AGG-2",
        "puts a prefix before the ids that it dispatches",
        body("dispatch", altered("orderId", "FY{}".format)),
    ),
    bad("one_object", "AGG-2", "sends Update AWB one object instead of an array", before("awb", one_object)),
    bad("body_as_a_form", "AGG-2", "sends Pack a form instead of JSON", before("pack", as_a_form)),
    bad("body_as_text", "AGG-2", "sends statuses as JSON within a JSON string", before("bag_picked", as_text)),
    bad(
        "auto_dispatch_as_text",
        "AGG-2",
        "sends autoDispatch as a text",
        body("awb", altered("autoDispatch", lambda one: str(one).lower())),
    ),
    bad("courier_missing", "AGG-2", "leaves courierName out of Update AWB", body("awb", without("courierName"))),
    bad(
        "status_in_capitals",
        "AGG-2",
        "pushes its statuses in capitals",
        body("bag_picked", altered("orderStatus", str.upper)),
    ),
    bad(
        "status_of_its_own",
        "AGG-2",
        "pushes a status that the documents do not know",
        body("bag_picked", lambda item: {**item, "orderStatus": "picked_up"}),
    ),
    bad(
        "ids_with_spaces",
        "AGG-2",
        "sends ids with a space at their end",
        body("pack", altered("orderId", "{} ".format)),
    ),
    bad(
        "reason_code_as_text",
        "AGG-2",
        "sends meta.reasonCode of a status as a text",
        body("bag_picked", lambda item: {**item, "orderStatus": "bag_picked", "meta": {"reasonCode": "7"}}),
    ),
    bad(
        "tracks_rounded_ids",
        "AGG-2",
        "tracks by an id that lost its last digits",
        before("delivery_done", tracks_rounded),
    ),
    bad(
        "lines_by_number",
        "AGG-2",
        "names the items of a return 1, 2, 3 when it accepts it",
        before("accept", numbered_lines),
    ),
    bad("awb_21", "AGG-3", "sends 21 AWBs in one request", too_many("awb", 21)),
    bad("pack_22", "AGG-3", "packs 22 orders in one request", too_many("pack", 22)),
    bad("status_25", "AGG-3", "pushes up to 25 statuses in one request", too_many("delivery_done", 25)),
    bad("labels_22", "AGG-3", "asks for 22 labels in one request", lambda client: labels(client, 22)),
    bad("awb_for_decoys", "AGG-4", "sends AWBs for orders that are not self-ship", decoys_as_ours("forward")),
    bad("awb_for_return_decoys", "AGG-4", "sends AWBs for returns that are not self-ship", decoys_as_ours(RETURNS)),
    bad(
        "picks_decoys",
        "AGG-4",
        "pushes bag_picked for orders that are not self-ship",
        status_of_decoys("bag_picked", "bag_picked"),
    ),
    bad(
        "returns_decoys",
        "AGG-4",
        "pushes return_bag_in_transit for returns that are not self-ship",
        status_of_decoys("return_bag_in_transit", "return_bag_in_transit"),
    ),
    bad("polls_too_fast", "AGG-15", "asks for the same listing five times in a row", polls_again),
    bad("polls_info_too_fast", "AGG-15", "asks /info for the same status five times in a row", polls_info),
    bad("polls_without_status", "AGG-15", "begins each sweep with a listing without orderStatus", without_status),
    bad(
        "no_location_in_listings",
        "AGG-16",
        "asks for its first listing without locationCode",
        without_location("orderStatus"),
    ),
    bad("no_location_by_id", "AGG-16", "reads an order by its id without locationCode", looks_first),
)
