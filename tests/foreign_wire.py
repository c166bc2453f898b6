"""How the second host talks: what lies between its operations and the network, and what may go wrong there."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.foreign_habits import Habits

PIECE = 700
LOUD = {b"content-type": b"CONTENT-TYPE", b"retry-after": b"rEtRy-aFtEr", b"content-length": b"Content-length"}


class Wire:
    """Wraps the operations. Counts requests, sends some away, and answers in this host's own manner."""

    def __init__(self, app: ASGIApp, habits: Habits) -> None:
        self.app, self.habits = app, habits
        self.served = self.at_once = 0
        self.refused = set[tuple[str | bytes, ...]]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.served += 1
        self.at_once += 1
        try:
            body = await _whole(receive)
            if turned_away := self.turned_away(scope["path"], scope["query_string"], body):
                await _answer(self.manner(send), *turned_away)
                return
            if self.habits.slow_bulk and body.count(b"orderId") > 5:
                await asyncio.sleep(self.habits.slow_bulk * (1 + random.random()))
            await self.app(scope, _again(body), self.manner(send))
        finally:
            self.at_once -= 1

    def turned_away(self, *asked: str | bytes) -> tuple[int, list[tuple[bytes, bytes]]] | None:
        habits = self.habits
        if habits.most_at_once and self.at_once > habits.most_at_once:
            return 429, [(b"retry-after", b"1")]
        if habits.busy_every and self.served % habits.busy_every == 0:
            return 429, [(b"retry-after", habits.busy_wait.encode())] if habits.busy_wait else []
        if habits.away_every and self.served % habits.away_every == 0 and asked not in self.refused:
            # Asked again, it is served.
            self.refused.add(asked)
            soon = datetime.now(UTC) + timedelta(seconds=2)
            return 503, [(b"retry-after", format_datetime(soon.replace(microsecond=0), usegmt=True).encode())]
        return None

    def manner(self, send: Send) -> Send:
        """Headers, pieces and bodies of errors as this host writes them."""
        habits = self.habits
        dropped = False

        async def sent(message: Message) -> None:
            nonlocal dropped
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if habits.plain_faults and message["status"] in (401, 403, 413):
                    dropped, headers = True, [(b"content-length", b"0")]
                if habits.closes or self.served % 29 == 0:
                    headers.append((b"connection", b"close"))
                if habits.chunked and not dropped:
                    headers = [(name, value) for name, value in headers if name != b"content-length"]
                if habits.odd_headers:
                    headers = [(LOUD.get(name, name), _odd(name, value)) for name, value in headers]
                await send({**message, "headers": headers})
                return
            body = b"" if dropped else message.get("body", b"")
            for piece in _pieces(body) if habits.chunked else ():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                body = b""
            await send({"type": "http.response.body", "body": body, "more_body": message.get("more_body", False)})

        return sent


def _odd(name: bytes, value: bytes) -> bytes:
    return b"Application/JSON;Charset=utf-8" if value == b"application/json" else value


def _pieces(body: bytes) -> Iterator[bytes]:
    for place in range(0, len(body), PIECE):
        yield body[place : place + PIECE]


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Neighbours:
    """Others who use the host: new orders come in, and some that nobody else may write to move on and disappear."""

    EVERY_S = 0.15
    JOURNEY = ("placed", "bag_confirmed", "dp_assigned", "bag_packed", "bag_picked", "delivery_done")

    def __init__(self, host: Any) -> None:
        self.host, self.next, self.n = host, time.monotonic(), 0
        for place in range(40):
            host.add("placed", "BLR-07", place * 5).locked = True

    def live(self) -> None:
        """What they have done since the last request."""
        while self.next <= time.monotonic():
            self.next += self.EVERY_S
            self.n += 1
            if self.n % 2:
                self.host.add("placed", "BLR-07", 0)
            locked = [one for one in self.host.orders.values() if one.locked and not one.back]
            if len(locked) < 20:
                locked.append(self.host.add("placed", "BLR-07", self.n % 50))
                locked[-1].locked = True
            order = self.host.luck.choice(locked)
            state = order.now.state
            if state not in self.JOURNEY or state == "delivery_done":
                del self.host.orders[order.id]
            else:
                order.move(state=self.JOURNEY[self.JOURNEY.index(state) + 1])
