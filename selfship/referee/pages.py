"""The referee's own pages, below `/_referee/`: what is expected, what was seen, and both live.

A page belongs to one partner and opens by its key, or by a token of its own; where there is only one partner, to
anybody on this machine. Nobody sees another's orders.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Send

from selfship.operations import TOKEN_HEADER
from selfship.referee.calls import Call
from selfship.referee.partner import Partner
from selfship.referee.rules.memory import Breach
from selfship.referee.seen import expected, seen
from selfship.referee.visit import Came

PREFIX = "/_referee"
KEEP_ALIVE_S = 15.0
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {"live.js": "text/javascript", "live.css": "text/css"}


async def serve(partners: Sequence[Partner], came: Came, receive: Receive, send: Send) -> None:
    """Answers one call of a page."""
    name = came.path.removeprefix(PREFIX).strip("/")
    if came.method not in ("GET", "HEAD"):
        await _text(send, 405, "text/plain", "use GET")
    elif name in _FILES:
        await _text(send, 200, _FILES[name], _file(name))
    elif (partner := whose(partners, came)) is None:
        await _text(send, 403, "text/plain", "Open the address that the referee printed: it ends in ?key=...\n")
    elif name == "":
        await _text(send, 200, "text/html", _file("live.html"))
    elif name == "expected":
        await _json(send, expected(partner))
    elif name == "seen":
        await _json(send, seen(partner))
    elif name == "events":
        await _events(partner, receive, send)
    else:
        await _text(send, 404, "text/plain", "no such page; there are /_referee/, expected, seen and events\n")


def whose(partners: Sequence[Partner], came: Came) -> Partner | None:
    """The partner whose key or token the call has; the only one there is, where there is only one."""
    key = parse_qs(came.query).get("key", [""])[0]
    token = came.header(TOKEN_HEADER)
    for partner in partners:
        if hmac.compare_digest(key.encode(), partner.key.encode()) or partner.tokens.standing(token) == "good":
            return partner
    return partners[0] if len(partners) == 1 and not key else None


async def _events(partner: Partner, receive: Receive, send: Send) -> None:
    """Server-sent events: the whole as it stands, at first and after each call; several calls at once are one event."""
    changed = asyncio.Event()

    def watch(_: Call, __: list[Breach]) -> None:
        changed.set()

    async def follow() -> None:
        while True:
            await send(_chunk(f"data: {json.dumps(seen(partner))}\n\n"))
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    await changed.wait()
            except TimeoutError:
                pass
            changed.clear()
            # A fast client must not be slowed down by whoever watches it.
            await asyncio.sleep(0.1)

    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    partner.watchers.append(watch)
    following = asyncio.ensure_future(follow())
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        following.cancel()
        partner.watchers.remove(watch)


def _chunk(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def _json(send: Send, value: Any) -> None:
    await _text(send, 200, "application/json", json.dumps(value, indent=1))


async def _text(send: Send, status: int, media: str, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", POLICY.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _file(name: str) -> str:
    return (resources.files("selfship.referee") / "live" / name).read_text("utf-8")
