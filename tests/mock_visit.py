"""A visit to a mock, in process: everything that it answers, in a form that two hosts can be compared by."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from selfship.lifecycle import Event, State
from selfship.mock.app import ABORT, Host
from selfship.mock.order import Order, dumped
from selfship.mock.population import Maker
from selfship.mock.settings import MockSettings
from selfship.mock.store import Store
from selfship.mock.variants import applied
from selfship.operations import OPERATIONS, TOKEN_HEADER
from tests.mock_host import item_of, journey_of

UNKNOWN = "17328629784861446350"
_VARYING = re.compile(r'"(time|access_token)":"([^"]*)"')
_TRACE = re.compile(r'"trace_id":"([^"]*)"')


class DiffersError(Exception):
    """The host says something else than the one it is compared with."""


class Tour:
    """One visit to one host. `seen` grows with everything that it answers; `like`: what another host said.

    DiffersError at the first answer that is not alike: the rest need not be asked.
    """

    def __init__(self, settings: MockSettings, like: list[Any] | None = None) -> None:
        self.like = like
        settings = applied(settings)
        self.host = Host(settings, Store(settings))
        self.maker = Maker(7)
        self.seen: list[Any] = []
        self.traces: set[str] = set()
        self.token: str | None = None

    def make(self, state: State, count: int = 1, **wanted: Any) -> list[Order]:
        wanted = {"journey": journey_of(state), "lines": 2, "quantity": 2, **wanted}
        orders = list(self.maker.orders(state, count, **wanted))
        self.host.store.add(orders)
        return orders

    async def send(self, operation: str, body: Any = None, **query: Any) -> tuple[int, bytes]:
        info = OPERATIONS[operation]
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = [(TOKEN_HEADER.encode(), self.token.encode())] if self.token is not None else []
        dropped: list[Any] = []
        scope = {
            "type": "http",
            "extensions": {ABORT: lambda: dropped.append(operation)},
            "method": info.method,
            "path": info.path,
            "query_string": urlencode(query).encode(),
            "headers": headers,
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.host(scope, receive, send)
        if dropped:
            self._say((operation, "dropped"))
            return 0, b""
        status, answer = int(sent[0]["status"]), bytes(sent[1]["body"])
        media = dict(sent[0]["headers"]).get(b"content-type", b"")
        self._say((operation, status, media, self._steady(answer)))
        return status, answer

    def _say(self, said: Any) -> None:
        place = len(self.seen)
        self.seen.append(said)
        if self.like is not None and (place >= len(self.like) or self.like[place] != said):
            raise DiffersError

    def _steady(self, answer: bytes) -> str:
        text = answer.decode("latin-1")
        self.traces.update(_TRACE.findall(text))
        text = _TRACE.sub(lambda found: f'"trace_id":"{len(self.traces)}"', text)
        return _VARYING.sub(lambda found: f"{found[1]}:{re.sub('[0-9A-Za-z_-]', '9', found[2])}", text)

    async def login(self, **query: str) -> str | None:
        settings = self.host.settings
        query = query or {"username": settings.username, "password": settings.password}
        status, answer = await self.send("token", **query)
        if status != 200:
            return None
        return str(json.loads(answer).get("access_token", "")) if answer.startswith(b"{") else answer.decode()

    async def fire(self, event: Event, order: Order, **more: Any) -> None:
        operation, item = item_of(event, order)
        await self.send(operation, [{**item, **more}])

    def note(self, *orders: Order) -> None:
        """Everything that the host now knows of `orders`."""
        for order in orders:
            self._say(dumped(order))
