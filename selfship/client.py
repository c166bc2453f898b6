"""The HTTP client of the kit: it sends, records and repeats what the rules call *neither* accepted nor refused.

It never judges. What a request is on the wire is the business of `selfship.connections`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from selfship.connections import Connections, LostError
from selfship.exchanges import Exchange, Recorder
from selfship.guard import Guard
from selfship.hours import Hours
from selfship.ledger import Ledger
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.pace import Pace, pauses
from selfship.presence import AWAY_S, NEARBY_S, Presence
from selfship.profile import is_loopback
from selfship.tokens import TokenSource, find_token

RETRY_STATUS = (502, 503, 504)
PATIENCE_S = 60.0
"""How long a request is repeated that a host keeps putting off."""
MEET_S = 1.0
"""How long a request that is to overlap with others waits for them."""
SHORTEST_WAIT_S = 0.05
NO_TOKEN = ""


class Wire:
    """What all callers of a run share: address, connections, recorder, pace, and notes on instability."""

    def __init__(
        self,
        url: str,
        recorder: Recorder,
        pace: Pace,
        *,
        timeout_s: float,
        guard: Guard,
        hours: Hours | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.guard = guard
        self.hours = hours
        self.ledger = ledger
        self.recorder = recorder
        self.pace = pace
        self.timeout_s = timeout_s
        self.instability: list[str] = []
        self.issued: dict[int, str] = {}
        self.connections = Connections(self.url, timeout_s=timeout_s)
        self.presence = Presence(pace, NEARBY_S if is_loopback(url) else AWAY_S)
        self._lock = threading.Lock()

    def within_hours(self) -> None:
        """Stops the run where the hours are over in which the host may be called."""
        if self.hours is not None and not self.hours.open_at(datetime.now(UTC)):
            self.note(f"The hours in which the profile allows calls, {self.hours.name}, ended before the run did")
            self.pace.stop()

    def note(self, sentence: str) -> None:
        """Remembers an instability of the host, each sentence once."""
        with self._lock:
            if sentence not in self.instability:
                self.instability.append(sentence)


class Caller:
    """Calls the host for one scenario. Each attempt is recorded; `call` returns the exchange that counts."""

    def __init__(self, wire: Wire, tokens: TokenSource, scenario: str) -> None:
        self.wire = wire
        self.tokens = tokens
        self.scenario = scenario

    def call(
        self,
        operation: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        token: str | None = None,
        step: str = "",
        headers: Mapping[str, str] | None = None,
        together: threading.Barrier | None = None,
    ) -> Exchange:
        """Sends one documented operation, repeating it while the host says that the answer does not count.

        `body` is sent as JSON, `raw` as it is. `token` None: the caller's own, renewed when it expires; NO_TOKEN:
        none at all. `together`: all who meet there end their requests at one moment; their turn has been waited for.
        429, and 503 with Retry-After, are repeated as the host asks; an expired token is renewed; 502, 503 and 504 on
        reads, and a lost read, are tried twice more and noted; a refused connection of a host that was there before is
        waited for. A lost write is never sent again.
        """
        own = token is None and operation != "token"
        # `track` and `courierDetails` are POSTs that change nothing.
        reads = not OPERATIONS[operation].writes
        began = time.monotonic()
        again = iter(pauses(1.0))
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            used = self.tokens.current(self) if own else token
            met = together if attempt == 1 else None
            sent = time.monotonic()
            exchange = self._send(operation, params, body, raw, used, step, headers, attempt, met)
            wait = self._put_off(exchange)
            if wait is not None and time.monotonic() - began + wait < PATIENCE_S:
                self.wire.pace.pause(wait)
            elif own and self._ran_out(exchange, used, sent, params) and self.tokens.expired(used, again=renewed):
                renewed = True
            elif exchange.error == "refused" and self.wire.presence.silent:
                # Nothing was sent: the host may be starting again.
                self.wire.note("The host refused connections for a while")
                self.wire.presence.pause()
            elif reads and attempt <= 3 and (exchange.status in RETRY_STATUS or exchange.error):
                what = exchange.error or f"HTTP {exchange.status}"
                self.wire.note(f"{OPERATIONS[operation].label} answered {what} and was read again")
                if exchange.error == "refused" and attempt >= 2:
                    return exchange
                self.wire.pace.pause(next(again, 0.5))
            else:
                return exchange

    def _ran_out(self, exchange: Exchange, used: str | None, sent: float, params: Mapping[str, Any] | None) -> bool:
        """Whether the token may have expired. Of a 403 only a read tells that had been answered with it before."""
        tokens = self.tokens
        if exchange.ok:
            tokens.good = (used, sent)
            if exchange.operation == "shipment" and tokens.good_read is None:
                tokens.good_read = params
        if exchange.status == 403 and tokens.has_credentials and tokens.good_read:
            token, when = tokens.good
            if token == used and when >= sent:
                return False
            read = self.call("shipment", params=tokens.good_read, token=used, step="is the token still good")
            if read.ok:
                tokens.good = (used, sent)
            return read.status in (401, 403)
        return exchange.status == 401

    def _put_off(self, exchange: Exchange) -> float | None:
        """Seconds that the host asks to wait before the same request, None where it asks for nothing."""
        asked = exchange.header("retry-after")
        if exchange.status == 429 or (exchange.status == 503 and asked):
            seconds = max(SHORTEST_WAIT_S, retry_after(asked)) if asked else 1.0
            if exchange.status == 429:
                self.wire.pace.held_back(min(seconds, PATIENCE_S))
                self.wire.note("The host limits the rate of requests (429); the run slowed down")
            else:
                self.wire.note(f"{exchange.method} {exchange.path} answered 503 with Retry-After")
            return seconds
        return None

    def _send(
        self,
        operation: str,
        params: Mapping[str, Any] | None,
        body: Any,
        raw: bytes | None,
        token: str | None,
        step: str,
        extra: Mapping[str, str] | None,
        attempt: int,
        together: threading.Barrier | None,
    ) -> Exchange:
        target = OPERATIONS[operation]
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"accept": "application/pdf, application/json" if target.answers == "pdf" else "application/json"}
        if content is not None:
            headers["content-type"] = "application/json"
        if token:
            headers[TOKEN_HEADER] = token
        headers.update(extra or {})
        lent = self.wire.guard.check(target, content)
        query = f"?{urlencode(params)}" if params else ""
        status: int | None = None
        got: list[tuple[str, str]] = []
        answer, error = b"", None
        self.wire.within_hours()
        with self.wire.presence.turn(), self.wire.pace.slot(reserved=together is not None):
            if lent and self.wire.ledger:
                self.wire.ledger.writing(lent, target.label, self.scenario, step)
            started = datetime.now(UTC).isoformat(timespec="microseconds")
            clock = time.perf_counter()
            try:
                status, got, answer = self.wire.connections.send(
                    target.method, target.path + query, headers, content, partial(_meet, together) if together else None
                )
            except LostError as lost:
                error = lost.how
            elapsed = (time.perf_counter() - clock) * 1000
            self.wire.presence.heard(error)
        issued = None
        if operation == "token" and status is not None and 200 <= status < 300:
            issued = find_token(answer)
            if issued:
                self.wire.recorder.redact.add(self.tokens.name, issued)
        if status is not None and status != 429:
            self.wire.pace.answered(operation, elapsed / 1000, overloaded=status == 503)
        exchange = self.wire.recorder.add(
            started=started,
            scenario=self.scenario,
            step=step,
            operation=operation,
            method=target.method,
            url=self.wire.url + target.path + (f"?{urlencode(_masked(params), safe='$')}" if params else ""),
            request_headers=tuple((k, "$" + self.tokens.name if k == TOKEN_HEADER else v) for k, v in headers.items())
            if token and token == self.tokens.value
            else tuple(headers.items()),
            request_body=None if content is None else content.decode("utf-8", "replace"),
            status=status,
            response_headers=tuple(got),
            response_body=answer,
            elapsed_ms=round(elapsed, 3),
            error=error,
            attempt=attempt,
        )
        if issued:
            self.wire.issued[exchange.seq] = issued
        if self.wire.ledger:
            self.wire.ledger.saw(exchange)
        return exchange

    def together(self, calls: Sequence[tuple[str, dict[str, Any]]], *, at_once: bool = False) -> list[Exchange]:
        """Sends several calls so that they overlap: each from a thread of its own, released at one moment.

        `at_once`: whatever the pace, no distance is kept between their starts; it is kept before and after them. The
        last byte of each is held until all have come as far: so they overlap, however quick the host is.
        """
        self.tokens.current(self)
        return self._side_by_side(calls, self.wire.pace.group(len(calls)) if at_once else 0)

    def _side_by_side(self, calls: Sequence[tuple[str, dict[str, Any]]], places: int) -> list[Exchange]:
        """`places`: so many of the calls, the first, have a place among those in flight and end at one moment."""
        gate, last = threading.Barrier(len(calls)), threading.Barrier(places) if places else None
        answers: list[Exchange | BaseException | None] = [None] * len(calls)

        def one(place: int, operation: str, options: dict[str, Any]) -> None:
            try:
                gate.wait(timeout=2 * PATIENCE_S)
                answers[place] = self.call(operation, **options, together=last if place < places else None)
            except BaseException as exc:  # noqa: BLE001 - carried to the thread that asked
                answers[place] = exc

        threads = [threading.Thread(target=one, args=(i, *call), daemon=True) for i, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if isinstance(answer, Exchange)]


def _meet(others: threading.Barrier) -> None:
    """Waits for the others; not for long, for there may be too few places for all of them."""
    with suppress(threading.BrokenBarrierError):
        others.wait(MEET_S)


def _masked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The query as it may be recorded: credentials never, however short they are."""
    return {
        key: f"$SELFSHIP_{key.upper()}" if key in ("username", "password") else value for key, value in params.items()
    }


def retry_after(value: str) -> float:
    """Seconds of a Retry-After header: a number, or an HTTP date; 1 where it is neither."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        from email.utils import parsedate_to_datetime

        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 1.0
