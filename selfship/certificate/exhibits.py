"""Exchanges as evidence on the page: request and answer side by side, cut so that the whole stays small.

Decides which headers matter and how much of a body is shown. What is left out is named, and stands whole in
`exchanges.har`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from urllib.parse import urlsplit

from selfship.answers import envelope
from selfship.certificate.differing import differing
from selfship.certificate.pretty import layout
from selfship.certificate.words import cut, number
from selfship.exchanges import Exchange, Headers, curl
from selfship.operations import OPERATIONS
from selfship.results import Reference

BODY = 4_000
"""Characters of a body that are shown."""
MOCKS_BODY = 1_500
CURL = 4_000
_MARKS = 40
_NONE: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
_READ = 16_000
_REQUEST_HEADERS = frozenset({"content-type", "x-access-token", "authorization"})
_ANSWER_HEADERS = frozenset({"content-type", "location", "retry-after", "www-authenticate", "allow"})


class Allowance:
    """How many characters of evidence the page may still take, counted as they are written in HTML."""

    def __init__(self, characters: int) -> None:
        self.left = characters
        self._refused = 0

    @property
    def spent(self) -> bool:
        """Whether asking on is a waste of time: what is left has been too little again and again."""
        return self._refused >= 20

    def take(self, *texts: str, overhead: int = 0) -> bool:
        """Takes the room that `texts` need, or says that there is none."""
        cost = overhead + sum(len(escape(text)) for text in texts)
        if cost > self.left:
            self._refused += 1
            return False
        self.left -= cost
        return True


@dataclass(frozen=True)
class MocksAnswer:
    """What the kit's mock answers to the same request. `marks`: the fields of its body that the host has otherwise."""

    line: str
    body: str
    marks: tuple[str, ...]
    unlike: bool
    unknown: str | None

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.line, self.body, *self.marks, self.unknown or "")


@dataclass(frozen=True)
class Exhibit:
    """One exchange as it is shown. `note` says what of a body was left out, `marks` what the mock has otherwise."""

    seq: int
    title: str
    request_line: str
    request_headers: Headers
    request_body: str
    request_note: str
    answer_line: str
    answered: bool
    answer_headers: Headers
    answer_body: str
    answer_note: str
    curl: str | None
    mock: MocksAnswer | None = None
    marks: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        headers = (text for pair in (*self.request_headers, *self.answer_headers) for text in pair)
        mock = self.mock.texts if self.mock else ()
        own = (self.request_line, self.request_body, self.answer_line, self.answer_body, self.curl or "", *self.marks)
        return (*own, *headers, *mock)


def exhibit(exchange: Exchange, *, curl_line: str | None = None, reference: Reference | None = None) -> Exhibit:
    """`exchange` as evidence, its curl line made anew unless one is given, beside what the mock answers to the same."""
    # Where one is refused and the other not, their bodies have nothing in common that could differ.
    alike = reference is not None and not _unlike(exchange, reference)
    marks, marks_there = differing(exchange.operation, exchange.text, reference.body) if alike and reference else _NONE
    request_body, request_note = _body(exchange.request_body or "")
    answer_body, answer_note = _body(exchange.text)
    line = curl_line or curl(exchange)
    return Exhibit(
        seq=exchange.seq,
        title=" · ".join(filter(None, (cut(exchange.scenario, 80), cut(exchange.step, 120), _again(exchange)))),
        request_line=cut(f"{exchange.method} {_target(exchange.url)}", 600),
        request_headers=_shown(exchange.request_headers, _REQUEST_HEADERS),
        request_body=request_body,
        request_note=request_note,
        answer_line=answer_line(exchange),
        answered=exchange.status is not None,
        answer_headers=_shown(exchange.response_headers, _ANSWER_HEADERS),
        answer_body=answer_body,
        answer_note=answer_note,
        curl=line if len(line) <= CURL else None,
        mock=_of_mock(exchange, reference, marks_there) if reference else None,
        marks=tuple(mark for mark in marks[:_MARKS] if mark in answer_body),
    )


def _of_mock(exchange: Exchange, told: Reference, marks: tuple[str, ...]) -> MocksAnswer:
    if told.status is None:
        return MocksAnswer("", "", (), unlike=False, unknown=cut(told.unknown or "nobody asked it", 300))
    body = layout(told.body[:_READ])[:MOCKS_BODY]
    shown = tuple(mark for mark in marks[:_MARKS] if mark in body)
    line = f"{told.status} {_phrase(told.status)}".strip()
    return MocksAnswer(line, body, shown, unlike=_unlike(exchange, told), unknown=None)


def _unlike(exchange: Exchange, told: Reference) -> bool:
    return (exchange.status or 0) // 100 != (told.status or 0) // 100


def one_line(exchange: Exchange) -> str:
    """Request and outcome in a line: `PUT /oms/v3/shipment/status → 200 OK`."""
    outcome = f"{exchange.status} {_phrase(exchange.status)}" if exchange.status else f"no answer ({exchange.error})"
    # A refusal may stand in the envelope of a 200.
    found = envelope(exchange) if exchange.operation in OPERATIONS else None
    counts = f", {found.success} accepted, {found.failed} failed" if found else ""
    return cut(f"{exchange.method} {exchange.path} → {outcome.strip()}{counts}", 200)


def answer_line(exchange: Exchange) -> str:
    took = f"{number(exchange.elapsed_ms)} ms"
    if exchange.status is None:
        return f"no answer: {cut(exchange.error or 'the connection ended', 200)} after {took}"
    return f"{exchange.status} {_phrase(exchange.status)}".strip() + f" in {took}"


def by_seq(exchanges: Iterable[Exchange]) -> Mapping[int, Exchange]:
    return {exchange.seq: exchange for exchange in exchanges}


def _body(text: str) -> tuple[str, str]:
    shown = layout(text[:_READ])
    if len(shown) <= BODY and len(text) <= _READ:
        return shown, ""
    return shown[:BODY], f"Cut: the whole body has {number(len(text))} characters and stands in exchanges.har."


def _again(exchange: Exchange) -> str:
    return f"attempt {exchange.attempt}" if exchange.attempt > 1 else ""


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _shown(headers: Headers, wanted: frozenset[str]) -> Headers:
    return tuple((name, cut(value, 200)) for name, value in headers if name.lower() in wanted)[:12]


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""
