"""Hosts that know nothing and answer everything the same way: what a conformance run must never praise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class NullHost:
    """`how`: one sentence for the kill table. `body` None: the request's own body comes back."""

    name: str
    how: str
    status: int
    body: bytes | None
    media: str = "application/json"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = await Request(scope, receive).body()
        body = (sent or b"{}") if self.body is None else self.body
        await Response(body, self.status, media_type=self.media if body else None)(scope, receive, send)


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()


_TOKEN = {"access_token": "canned-token", "token": "canned-token"}
_FLAT = {"payloadCount": 1, "successCount": 1, "failedCount": 0, "status": "SUCCESS", "errors": []}
_DATA = {
    "data": {"payload_count": 1, "success_count": 1, "failed_count": 0, "errors": []},
    "meta": {"trace_id": "766199ba-df9a-11ef-bc17-6b1b0369fe3a", "time": "2025-01-31T11:43:18.672+05:30"},
}
_ORDER = {
    "id": "17328629784861446350",
    "orderStatus": "PROCESSING",
    "awbNumber": [],
    "is_self_ship": True,
    "lockStatus": False,
}

_ALL = (
    NullHost("empty_object", "answers 200 with an empty object to everything", 200, b"{}"),
    NullHost("empty_array", "answers 200 with an empty array to everything", 200, b"[]"),
    NullHost("no_content", "answers 204 to everything", 204, b""),
    NullHost(
        "canned_success",
        "answers 200 with both success envelopes and a token to everything",
        200,
        _json({**_FLAT, **_DATA, **_TOKEN, "orders": [_ORDER]}),
    ),
    NullHost("canned_order", "answers 200 with one and the same order to everything", 200, _json([_ORDER])),
    NullHost("bad_request", "answers 400 to everything", 400, _json({"status": "error", "message": "bad request"})),
    NullHost("unauthorized", "answers 401 to everything", 401, _json({"status": "error", "message": "no token"})),
    NullHost("not_found", "answers 404 to everything", 404, _json({"status": "error", "message": "not found"})),
    NullHost("server_error", "answers 500 to everything", 500, _json({"status": "error", "message": "broken"})),
    NullHost("unavailable", "answers 503 without Retry-After to everything", 503, b"Service Unavailable", "text/plain"),
    NullHost("html", "answers 200 with a web page to everything", 200, b"<!doctype html><h1>Welcome</h1>", "text/html"),
    NullHost("echo", "answers 200 with the request's own body to everything", 200, None),
)

NULL_HOSTS: Mapping[str, NullHost] = {host.name: host for host in _ALL}


def null_hosts() -> tuple[NullHost, ...]:
    """All of them, as ASGI applications with a name."""
    return _ALL
