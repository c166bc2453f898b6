"""A mock with its store in reach, and a short way to call it: for the tests of the mock alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from selfship.lifecycle import Event, Journey, State
from selfship.mock.app import Host
from selfship.mock.order import Order
from selfship.mock.population import Maker
from selfship.mock.serve import build, running_app
from selfship.mock.settings import MockSettings
from selfship.operations import OPERATIONS, TOKEN_HEADER

Json = Any


class Api:
    """One caller of one host, logged in with the main credentials unless told otherwise."""

    def __init__(self, host: Host, url: str, *, other: bool = False) -> None:
        self.host = host
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=10)
        settings = host.settings
        name, word = settings.username, settings.password
        if other:
            name, word = settings.other_username, settings.other_password
        answer = self.http.get("/aggregator/v1/token", params={"username": name, "password": word})
        if answer.status_code == 200 and "access_token" in answer.json():
            self.http.headers[TOKEN_HEADER] = answer.json()["access_token"]

    def make(self, state: State, count: int = 1, **wanted: Any) -> list[Order]:
        orders = list(Maker().orders(state, count, **wanted))
        self.host.store.add(orders)
        return orders

    def order(self, state: State, *, awb: bool = False, **wanted: Any) -> Order:
        """One order in `state`, with an AWB where asked."""
        (order,) = self.make(state, **wanted)
        if awb:
            order.awb, order.courier = f"AWB-{order.id}", "Courier"
        return order

    def call(self, operation: str, body: Json = None, **query: Any) -> httpx.Response:
        """`body` as JSON; bytes as they are."""
        info = OPERATIONS[operation]
        kind = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        return self.http.request(info.method, info.path, params=query, **kind)

    def write(self, operation: str, *items: Json) -> tuple[int, int, list[Json]]:
        """Successes, failures and errors of the envelope, whichever it is."""
        answer = self.call(operation, list(items))
        assert answer.status_code == 200, answer.text
        counts = answer.json()
        if "data" in counts:
            data = counts["data"]
            assert data["payload_count"] == len(items)
            return data["success_count"], data["failed_count"], data["errors"]
        assert counts["payloadCount"] == len(items)
        return counts["successCount"], counts["failedCount"], counts["errors"]

    def fire(self, event: Event, order: Order) -> tuple[bool, str]:
        """Whether `event` was counted successful, and the code where it was not."""
        operation, item = item_of(event, order)
        success, _, errors = self.write(operation, item)
        return success == 1, "" if success else str(errors[0]["code"])

    def read(self, order: Order) -> Json:
        (shown,) = self.call("shipment", orderId=order.id).json()
        return shown


def item_of(event: Event, order: Order) -> tuple[str, dict[str, Any]]:
    """What an aggregator sends for `event`."""
    lines = [
        {"orderItemId": line["orderItemId"], "quantity": order.live(line) or 1, "reasonCode": "6"}
        for line in order.lines
    ]
    if event in (Event.AWB, Event.AUTO_DISPATCH):
        auto = event is Event.AUTO_DISPATCH
        return "awb", {
            "orderId": order.id,
            "awbNumber": f"N-{order.id}",
            "courierName": "New",
            "autoDispatch": auto,
        }
    if event in (Event.INVOICE, Event.CREDIT_NOTE):
        kind = "sale" if event is Event.INVOICE else "return"
        return "invoiceUpdate", {"orderId": order.id, "invoiceNumber": f"I-{order.id}", "invoiceType": kind}
    if event is Event.CANCEL:
        return "cancel", {"orderId": order.id, "orderItems": lines}
    if event is Event.CANCEL_SOME:
        return "cancel", {"orderId": order.id, "orderItems": [{**lines[0], "quantity": 1}]}
    if event is Event.ACCEPT_RETURN:
        return "return", {"orderId": order.id, "orderItems": [{**line, "reasonCode": ""} for line in lines]}
    if event in (Event.CONFIRM, Event.PACK, Event.DISPATCH):
        return event.value, {"orderId": order.id}
    return "status", {"orderId": order.id, "orderStatus": event.value}


def journey_of(state: State) -> Journey | None:
    return Journey.RETURN if state is State.CREDIT_NOTE_GENERATED else None


@contextmanager
def mock(settings: MockSettings | None = None, *, population: str = "empty", **switches: Any) -> Iterator[Api]:
    """A host of its own, empty unless told otherwise."""
    host = build(settings or MockSettings(**switches), population=population)
    with running_app(host) as url:
        api = Api(host, url)
        try:
            yield api
        finally:
            api.http.close()
            host.store.close()
