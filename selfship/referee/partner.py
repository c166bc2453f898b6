"""One client and what it is given: serves its calls, lets go wrong what the scenario says, records and judges.

Whatever happens is on disk before an answer goes out. A session that is taken up again reads its journal and stands
where it stood.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.requests import Request

from selfship.mock.answers import Answer, error
from selfship.mock.auth import Credential
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.referee.calls import OPERATION_OF, Auth, Call, Item, event_in, items_of
from selfship.referee.journal import Journal, Mask, moment, suspects
from selfship.referee.plan import FaultPlan, PartnerPlan, Plan
from selfship.referee.rules.judge import Judge
from selfship.referee.rules.memory import Breach, Terms
from selfship.referee.schedule import Progress, Schedule
from selfship.referee.tokens import PartnerTokens
from selfship.referee.world import World

SHORTEST_TOKEN = 12
"""Characters; what is shorter and was never issued is masked in its header alone."""
Gone = Callable[[float], Awaitable[bool]]
"""Waits so many seconds for the client to hang up; whether it did."""
Watcher = Callable[[Call, list[Breach]], None]


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
    def tokens(self) -> list[str]:
        """Every text in header or query that could be a token."""
        bearer = self.header("authorization").partition(" ")[2]
        return [text for text in (self.header(TOKEN_HEADER), bearer, *suspects(self.query)) if text]


class Partner:
    """A client's session. `key` opens its pages."""

    def __init__(self, plan: Plan, own: PartnerPlan, credentials: tuple[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.plan, self.own, self.folder = plan, own, folder
        locations = frozenset(plan.locations)
        credential = Credential(*credentials, locations, plan.auth == "company")
        self.tokens = PartnerTokens(credential, plan.token_ttl, folder / "tokens.json")
        self.mask = Mask(own, *credentials)
        self.world = World(plan, self.tokens, folder)
        self.journal = Journal(folder / "calls.jsonl")
        self.judge = Judge(Terms(plan.poll_interval, plan.auth == "company", plan.credit_note, plan.edition))
        self.schedule = Schedule(plan.faults)
        self.progress = Progress()
        self.key = _key(folder / "key")
        self.watchers: list[Watcher] = []
        self.base = ""
        self.last_call = self.moved = 0.0
        self.finished_at: float | None = None
        self.ended: set[str] = set()
        since = time.time() - time.monotonic()
        # Seconds of the epoch, by a clock that is never set back while the referee runs.
        self.now: Callable[[], float] = lambda: since + time.monotonic()
        self._take_up()

    def _take_up(self) -> None:
        """Reads what earlier starts have left."""
        for call in self.journal.read():
            self.journal.count = call.seq
            self.last_call = max(self.last_call, call.ended)
            if call.auth == "good" or call.fault:
                page = call.query.get("pageNumber", "1")
                place = self._fault(call.operation, call.is_listing, [item.order_id for item in call.items], page)
                if place is not None:
                    self.schedule.happened(place)
            self.progress.count(call)
            self.judge.see(call)
        self._stand(self.world.by_id)
        self.world.advance(self.progress)

    async def serve(self, came: Came, gone: Gone) -> Answer | None:
        """The answer to a call; None where the connection is to be dropped without one."""
        begun = self.now()
        operation = OPERATION_OF.get(f"{came.method} {came.path}", "")
        auth = self._auth(operation, came)
        items = self._items(operation, came)
        query = dict(Request({"type": "http", "query_string": came.query.encode(), "headers": []}).query_params)
        place = None
        if auth == "good" and operation:
            listing = operation in ("shipment", "info") and not query.get("orderId")
            ids = [item.order_id for item in items]
            place = self._fault(operation, listing, ids, query.get("pageNumber", "1"))
        if place is None:
            return await self._plainly(came, operation, auth, items, begun)
        self.schedule.happened(place)
        return await self._with(self.plan.faults[place], came, operation, items, begun, gone)

    def _fault(self, operation: str, listing: bool, ids: list[Any], page: str) -> int | None:
        number = int(page) if page.isascii() and page.isdigit() else 1
        return self.schedule.next(operation, listing=listing, numbers=self.world.numbers(ids), page=number)

    async def _plainly(
        self, came: Came, operation: str, auth: Auth, items: list[Item], begun: float, fault: str | None = None
    ) -> Answer:
        answer, items = await self._served(came, items)
        self._record(came, operation, auth, items, begun, answer, fault)
        return answer

    async def _with(
        self, fault: FaultPlan, came: Came, operation: str, items: list[Item], begun: float, gone: Gone
    ) -> Answer | None:
        """A call to which something happens."""
        if fault.do in ("too_many", "unavailable"):
            answer = _away(fault)
            self._record(came, operation, "good", items, begun, answer, fault.do)
            return answer
        if fault.do == "expire_token":
            self.tokens.expire(came.header(TOKEN_HEADER))
            return await self._plainly(came, operation, "expired", items, begun, fault.do)
        if fault.do in ("timeout_before", "timeout_after"):
            if fault.do == "timeout_after":
                _, items = await self._served(came, items)
            self._record(came, operation, "good", items, begun, None, fault.do)
            await gone(fault.seconds)
            return None
        return await self._oddly(fault, came, operation, items, begun, gone)

    async def _oddly(
        self, fault: FaultPlan, came: Came, operation: str, items: list[Item], begun: float, gone: Gone
    ) -> Answer | None:
        """A call that is served, but late, in part, twice the same, or with an effect that shows late."""
        if fault.do == "slow" and await gone(fault.seconds):
            self._record(came, operation, "good", items, begun, None, "timeout_before")
            return None
        ids = [item.order_id for item in items if isinstance(item.order_id, str)]
        if fault.do == "fail_item" and ids:
            named = [one for one in ids if fault.order in set(self.world.numbers([one]))]
            self.world.moment.fail = (named or ids)[-1]
        self.world.moment.repeat_page = fault.do == "repeat_page"
        before = self.world.statuses(ids)
        answer, items = await self._served(came, items)
        if fault.do == "late_state":
            self.world.lag(ids, fault.reads, before)
        self._record(came, operation, "good", items, begun, answer, fault.do)
        return answer

    # What a call is

    def _auth(self, operation: str, came: Came) -> Auth:
        return "none" if operation in ("", "token") else self.tokens.standing(came.header(TOKEN_HEADER))

    def _items(self, operation: str, came: Came) -> list[Item]:
        if operation not in OPERATIONS or not OPERATIONS[operation].bulk:
            return []
        try:
            bodies = items_of(json.loads(came.body))
        except (ValueError, RecursionError):
            return []
        facts = self.world.facts
        return [
            Item(each.get("orderId"), each, event_in(operation, each), facts(each.get("orderId"))) for each in bodies
        ]

    async def _served(self, came: Came, items: list[Item]) -> tuple[Answer, list[Item]]:
        """The host's answer, and the items with what became of each."""
        self.world.moment.ruled.clear()
        answer = await self.world.host.answer(_request(came))
        ruled = self.world.moment.ruled
        self.world.moment.fail, self.world.moment.repeat_page = None, False
        told = [
            replace(item, facts=ruled[n].facts, taken=ruled[n].taken, to=ruled[n].to)
            if n in ruled
            else replace(item, taken=False)
            for n, item in enumerate(items)
        ]
        return answer, told

    def _record(
        self,
        came: Came,
        operation: str,
        auth: Auth,
        items: list[Item],
        begun: float,
        answer: Answer | None,
        fault: str | None,
    ) -> None:
        """Puts a call on disk, judges it, and lets the scenario go on."""
        call = self._call(came, operation, auth, items, begun, answer, fault)
        self.journal.add(call)
        breaches = self.judge.see(call)
        self.last_call = call.ended
        first, moved, ended = (
            self.journal.count == 1,
            self.progress.count(call),
            self._stand(item.order_id for item in call.items),
        )
        if self.world.advance(self.progress) or first or moved or ended:
            self.moved = call.ended
        for watch in self.watchers:
            watch(call, breaches)

    def _call(
        self,
        came: Came,
        operation: str,
        auth: Auth,
        items: list[Item],
        begun: float,
        answer: Answer | None,
        fault: str | None,
    ) -> Call:
        known = [text for text in came.tokens if self.tokens.knows(text)]
        own = came.header(TOKEN_HEADER)
        issued = (
            answer.content.get("access_token") if operation == "token" and answer and answer.status == 200 else None
        )
        ended = begun if answer is None else self.now()
        exchange = self.mask.exchange(
            [*known, *([own] if len(own) >= SHORTEST_TOKEN else []), *([issued] if issued else [])],
            seq=self.journal.count + 1,
            started=moment(begun),
            scenario=self.plan.name,
            step=fault or "",
            operation=operation,
            method=came.method,
            url=came.url,
            request_headers=came.headers,
            request_body=came.body.decode("utf-8", "replace") if came.body else None,
            status=answer.status if answer else None,
            response_headers=_headers(answer),
            response_body=answer.raw() if answer else b"",
            elapsed_ms=round((ended - begun) * 1000, 3),
            error=None if answer else "timeout",
        )
        elsewhere = [
            ("query", suspects(came.query)),
            ("authorization", [came.header("authorization").partition(" ")[2]]),
        ]
        places = tuple(place for place, texts in elsewhere if any(self.tokens.knows(text) for text in texts if text))
        items = [] if exchange.sent is None else items
        content = answer.content if answer and not isinstance(answer.content, bytes) else None
        return Call(exchange, operation, begun, ended, auth, places, fault, tuple(items), came.connection, content)

    # Where the session stands

    def _stand(self, order_ids: Iterable[Any]) -> bool:
        """Looks where these orders stand now; whether one of them has come to its end."""
        before = len(self.ended)
        for order_id in order_ids:
            if isinstance(order_id, str) and (one := self.world.standing(order_id)) and one.given:
                self.ended.add(order_id) if one.ended else self.ended.discard(order_id)
        self.progress.ended = len(self.ended)
        self.finished_at = (self.finished_at or self.now()) if self.progress.ended == self.world.to_end else None
        return len(self.ended) > before

    @property
    def has_called(self) -> bool:
        return self.journal.count > 0

    def close(self) -> None:
        self.journal.close()
        self.world.store.close()


def _key(path: Path) -> str:
    """The key of the partner's pages: made once, and kept, so that a page that is open outlives the referee."""
    if not path.exists():
        path.write_text(secrets.token_urlsafe(9), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _away(fault: FaultPlan) -> Answer:
    status, code = (429, "TOO_MANY") if fault.do == "too_many" else (503, "UNAVAILABLE")
    answer = error(status, code, "try again later")
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _headers(answer: Answer | None) -> tuple[tuple[str, str], ...]:
    return (("content-type", answer.media), *answer.headers.items()) if answer else ()


def _request(came: Came) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": came.body, "more_body": False}

    scope = {
        "type": "http",
        "method": came.method,
        "path": came.path,
        "query_string": came.query.encode("latin-1", "replace"),
        "headers": [(key.lower().encode("latin-1"), value.encode("latin-1", "replace")) for key, value in came.headers],
    }
    return Request(scope, receive)
