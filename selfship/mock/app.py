"""The host as an ASGI application: finds the operation, the caller and the body, and hands over.

Between reading a request's body and answering nothing waits (races and latencies that a fault asks for aside): each
request's decisions are atomic, because one loop serves them all.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from selfship.mock import documents, reading
from selfship.mock.answers import DROPPED, Answer, bad_request, error
from selfship.mock.auth import Tokens
from selfship.mock.faults import select
from selfship.mock.operator import HEADER, PREFIX, SECRET_VARIABLE, operate
from selfship.mock.points import Ask, Hooks, Point
from selfship.mock.rate import Limiter
from selfship.mock.settings import MockSettings
from selfship.mock.store import Store
from selfship.mock.variants import chosen
from selfship.mock.writes import check_batch, write
from selfship.operations import OPERATIONS, TOKEN_HEADER

ABORT = "selfship.abort"
"""Where the server puts the function that drops the connection of a request."""
MAX_BODY = 1_000_000
"""Bytes of a request's body; 20 orders need a hundredth of that."""

_ROUTES: dict[tuple[str, str], str] = {
    (operation.method, operation.path): operation.name for operation in OPERATIONS.values()
}
_METHODS: dict[str, str] = {operation.path: operation.method for operation in OPERATIONS.values()}


class Host:
    """One embedded Konnect host. UsageError where the settings name an unknown fault or variant."""

    def __init__(self, settings: MockSettings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.tokens = Tokens(settings)
        own = (hook for variant in chosen(settings.variants) for hook in variant.hooks)
        self.at = Hooks([*select(settings.faults), *own])
        self.under_way: Counter[str] = Counter()
        self._memory: dict[str, Any] = {}
        self._limiter = Limiter(settings.rate)
        self._secret = os.environ.get(SECRET_VARIABLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("the mock speaks HTTP only")
        request = Request(scope, receive)
        # From its first byte on, before its body is there.
        self.under_way[scope["path"]] += 1
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        finally:
            self.under_way[scope["path"]] -= 1
        if answer.status == DROPPED:
            scope["extensions"][ABORT]()
            return
        response = Response(answer.raw(), answer.status, answer.headers, answer.media or None)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        path, method = request.scope["path"], request.method
        if int(request.headers.get("content-length") or 0) > MAX_BODY:
            return error(413, "TOO_LARGE", f"at most {MAX_BODY} bytes")
        body = await request.body()
        if path.startswith(PREFIX):
            answer = operate(self, self._secret, method, path, request.headers.get(HEADER), body)
            self.store.save()
            return answer
        if self.settings.latency:
            await asyncio.sleep(self.settings.latency)
        if wait := self._limiter.wait():
            return Answer(429, error(429, "TOO_MANY", "too many requests").content, headers={"Retry-After": str(wait)})
        return await self._operation(request, method, path, body)

    async def _operation(self, request: Request, method: str, path: str, body: bytes) -> Answer:
        ask = Ask(operation="", host=self, memory=self._memory, query=dict(request.query_params))
        ask.item = {"method": method, "path": path}
        operation = self.at(Point.ROUTE, _ROUTES.get((method, path)), ask)
        if operation is None:
            return _no_route(path)
        ask.operation = operation
        self.store.mature()
        answer = self.at(Point.BEFORE, None, ask)
        if answer is None:
            answer = await self._served(request, ask, body)
            self.store.save()
        final: Answer = self.at(Point.ANSWER, answer, ask)
        return final

    async def _served(self, request: Request, ask: Ask, body: bytes) -> Answer:
        if ask.operation == "token":
            return self._login(ask)
        token = request.headers.get(TOKEN_HEADER)
        ask.item = {"token": token}
        ask.credential = self.at(Point.TOKEN, self.tokens.holder(token), ask)
        if ask.credential is None:
            return error(401, "UNAUTHORIZED", f"the header {TOKEN_HEADER} is missing, unknown or expired")
        if ask.operation in _READS:
            return _READS[ask.operation](self, ask)
        return await self._with_body(ask, body)

    async def _with_body(self, ask: Ask, body: bytes) -> Answer:
        try:
            parsed = self.at(Point.BODY, json.loads(self.at(Point.RAW, body, ask), parse_constant=_not_json), ask)
        except (ValueError, RecursionError):
            return bad_request("the body is not JSON")
        if ask.operation == "track":
            return reading.track(self, ask, parsed)
        items = check_batch(self, ask, parsed)
        if isinstance(items, Answer):
            return items
        if ask.operation in ("labels", "invoice"):
            return documents.document(self, ask, items)
        if ask.operation == "courierDetails":
            return reading.courier_details(self, ask, items)
        return await write(self, ask, items)

    def _login(self, ask: Ask) -> Answer:
        username, password = ask.query.get("username", ""), ask.query.get("password", "")
        credential = self.at(Point.LOGIN, self.tokens.login(username, password), ask)
        if credential is None:
            return error(401, "UNAUTHORIZED", "username or password is wrong")
        return Answer(200, {"access_token": self.tokens.issue(credential), "status": "success"})


_READS = {"shipment": reading.shipment, "info": reading.info}


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _no_route(path: str) -> Answer:
    allowed = _METHODS.get(path)
    if allowed is None:
        return error(404, "NOT_FOUND", "no such path")
    answer = error(405, "METHOD_NOT_ALLOWED", f"use {allowed}")
    answer.headers["Allow"] = allowed
    return answer
