"""One request to the referee: as it came, what it is, and how it is written down. Knows no scenario and no rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from selfship.mock.answers import Answer
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.referee.calls import OPERATION_OF, Auth, Call, Item, items_of
from selfship.referee.journal import Mask, moment, suspects
from selfship.referee.tokens import PartnerTokens

SHORTEST_TOKEN = 12
"""Characters; what is shorter and was never issued is masked in its header alone."""


@dataclass(frozen=True)
class Came:
    """A request as it came: `url` is absolute, `headers` and `body` are unredacted; `connection` as of a Call."""

    method: str
    path: str
    query: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int = 0

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def bearer(self) -> str:
        return self.header("authorization").partition(" ")[2]

    @property
    def tokens(self) -> list[str]:
        """Every text in header or query that could be a token."""
        return [text for text in (self.header(TOKEN_HEADER), self.bearer, *suspects(self.query)) if text]

    def request(self) -> Request:
        """The same for the mock, which reads it once more."""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": self.body, "more_body": False}

        headers = [(key.lower().encode("latin-1"), value.encode("latin-1", "replace")) for key, value in self.headers]
        query = self.query.encode("latin-1", "replace")
        scope = {"type": "http", "method": self.method, "path": self.path, "query_string": query, "headers": headers}
        return Request(scope, receive)


@dataclass
class Visit:
    """A request while it is served. `begun`: seconds of the epoch; `fault`: what happens to it, if anything."""

    came: Came
    begun: float
    operation: str = ""
    auth: Auth = "none"
    fault: str | None = None
    items: list[Item] = field(default_factory=list)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.came.query, keep_blank_values=True))

    @property
    def is_listing(self) -> bool:
        return self.operation in ("shipment", "info") and not self.query.get("orderId")

    @property
    def page(self) -> int:
        return page_of(self.query)

    @property
    def order_ids(self) -> list[str]:
        return [item.order_id for item in self.items if isinstance(item.order_id, str)]


def page_of(query: dict[str, str]) -> int:
    """The page that a query asks for; 1 where it does not say."""
    text = query.get("pageNumber", "1")
    return int(text) if text.isascii() and text.isdigit() else 1


def arrived(came: Came, begun: float, tokens: PartnerTokens) -> Visit:
    """What a request is: its operation, and what its token is worth."""
    operation = OPERATION_OF.get(f"{came.method} {came.path}", "")
    auth = "none" if operation in ("", "token") else tokens.standing(came.header(TOKEN_HEADER))
    return Visit(came, begun, operation, auth)


def bodies(visit: Visit) -> Iterable[Any]:
    """The items of a bulk request, as far as its body can be read."""
    if visit.operation not in OPERATIONS or not OPERATIONS[visit.operation].bulk:
        return []
    try:
        return items_of(json.loads(visit.came.body))
    except (ValueError, RecursionError):
        return []


def written(
    visit: Visit, answer: Answer | None, *, seq: int, ended: float, mask: Mask, tokens: PartnerTokens, scenario: str
) -> Call:
    """A visit and its answer as the call that is kept and judged, without secrets. `answer` None: none was given."""
    came = visit.came
    exchange = mask.exchange(
        [*(text for text in came.tokens if tokens.knows(text)), *_own(came), *_issued(visit, answer)],
        seq=seq,
        started=moment(visit.begun),
        scenario=scenario,
        step=visit.fault or "",
        operation=visit.operation,
        method=came.method,
        url=came.url,
        request_headers=came.headers,
        request_body=came.body.decode("utf-8", "replace") if came.body else None,
        status=answer.status if answer else None,
        response_headers=(("content-type", answer.media), *answer.headers.items()) if answer else (),
        response_body=answer.raw() if answer else b"",
        elapsed_ms=round((ended - visit.begun) * 1000, 3),
        error=None if answer else "timeout",
    )
    # Whoever reads the journal later finds the items of a body in the body.
    items = () if exchange.sent is None else tuple(visit.items)
    content = answer.content if answer and not isinstance(answer.content, bytes) else None
    return Call(
        exchange, visit.operation, visit.begun, ended, visit.auth, _elsewhere(came, tokens), visit.fault, items,
        came.connection, content,
    )  # fmt: skip


def _own(came: Came) -> list[str]:
    token = came.header(TOKEN_HEADER)
    return [token] if len(token) >= SHORTEST_TOKEN else []


def _issued(visit: Visit, answer: Answer | None) -> list[str]:
    """The token that an answer of the token call holds."""
    if visit.operation != "token" or answer is None or answer.status != 200:
        return []
    return [answer.content["access_token"]]


def _elsewhere(came: Came, tokens: PartnerTokens) -> tuple[str, ...]:
    """Where a token stands that has no business there."""
    places = {"query": suspects(came.query), "authorization": [came.bearer]}
    return tuple(place for place, texts in places.items() if any(tokens.knows(text) for text in texts if text))
