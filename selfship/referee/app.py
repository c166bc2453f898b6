"""The referee as an ASGI application: finds out whose call it is, hands it over, and answers or drops the connection.

Calls below `/_referee/` are its own pages: neither recorded nor judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from selfship.mock.answers import Answer, error
from selfship.mock.app import ABORT, MAX_BODY
from selfship.operations import TOKEN_HEADER
from selfship.referee import pages
from selfship.referee.partner import Partner
from selfship.referee.visit import Came

GONE_S = 5.0
"""Seconds within which a dropped connection is gone."""


class Referee:
    """Serves several partners, each as if it were alone. `base`: the address that calls are recorded under."""

    def __init__(self, partners: Sequence[Partner], base: str = "") -> None:
        self.partners = list(partners)
        self.base = base
        self.broken: Exception | None = None
        """What the kit itself met while it served a call: nothing is judged after it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("the referee speaks HTTP only")
        came = await self._came(scope, receive)
        if came is None:
            return
        if isinstance(came, Answer):
            await _send(came, send)
        elif came.path.startswith(pages.PREFIX):
            await pages.serve(self.partners, came, receive, send)
        else:
            try:
                await self._api(came, scope, receive, send)
            except Exception as problem:  # noqa: BLE001 - a full disk, or our own fault: never laid at the client
                self.broken = self.broken or problem
                await _drop(scope, receive)

    async def _api(self, came: Came, scope: Scope, receive: Receive, send: Send) -> None:
        partner = self.whose(came)
        if partner is None:
            await _send(error(401, "UNAUTHORIZED", f"no partner is known by these credentials or {TOKEN_HEADER}"), send)
            return

        async def gone(seconds: float) -> bool:
            return await _hung_up(receive, seconds)

        answer = await partner.serve(came, gone)
        if answer is not None:
            await _send(answer, send)
            return
        await _drop(scope, receive)

    def whose(self, came: Came) -> Partner | None:
        """Who called: by its token, wherever that stands, or by the user name of the token call."""
        if len(self.partners) == 1:
            return self.partners[0]
        for text in came.tokens:
            for partner in self.partners:
                if partner.tokens.knows(text):
                    return partner
        named = parse_qs(came.query).get("username", [""])[0]
        return next((one for one in self.partners if named and one.tokens.credential.username == named), None)

    async def _came(self, scope: Scope, receive: Receive) -> Came | Answer | None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > MAX_BODY:
                return error(413, "TOO_LARGE", f"at most {MAX_BODY} bytes")
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode("latin-1")
        headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"])
        url = f"{self.base}{scope['path']}" + (f"?{query}" if query else "")
        port = (scope.get("client") or ("", 0))[1]
        return Came(scope["method"], scope["path"], query, url, headers, body, port)


async def _drop(scope: Scope, receive: Receive) -> None:
    """Ends a connection without an answer: whoever called is gone, or learns it now."""
    if abort := scope.get("extensions", {}).get(ABORT):
        abort()
    await _hung_up(receive, GONE_S)


async def _hung_up(receive: Receive, seconds: float) -> bool:
    """Waits so long for the client to hang up."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _send(answer: Answer, send: Send) -> None:
    body = answer.raw()
    headers = {"content-type": answer.media, "content-length": str(len(body)), **answer.headers}
    raw: list[Any] = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
