"""One client and what it is given: serves its calls, lets go wrong what the scenario says, records and judges.

Whatever happens is on disk before an answer goes out. A session that is taken up again reads its journal and stands
where it stood.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfship.mock.answers import Answer, error
from selfship.mock.auth import Credential
from selfship.operations import TOKEN_HEADER
from selfship.referee.calls import Call, Item, event_in
from selfship.referee.journal import Journal, Mask
from selfship.referee.plan import FaultPlan, PartnerPlan, Plan
from selfship.referee.rules.judge import Judge
from selfship.referee.rules.memory import Breach, Terms
from selfship.referee.schedule import Progress, Schedule
from selfship.referee.tokens import PartnerTokens
from selfship.referee.visit import Came, Visit, arrived, bodies, page_of, written
from selfship.referee.world import World

Gone = Callable[[float], Awaitable[bool]]
"""Waits so many seconds for the client to hang up; whether it did."""
Watcher = Callable[[Call, list[Breach]], None]


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
        self._token_is_new = False
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
                ids = [item.order_id for item in call.items]
                place = self._fault(call.operation, ids, listing=call.is_listing, page=page_of(call.query))
                if place is not None and call.fault:
                    self.schedule.happened(place)
            self.progress.count(call)
            self.judge.see(call)
        self._stand(self.world.by_id)
        self.world.advance(self.progress)

    async def serve(self, came: Came, gone: Gone) -> Answer | None:
        """The answer to a call; None where the connection is to be dropped without one."""
        visit = arrived(came, self.now(), self.tokens)
        visit.items = [self._item(visit.operation, body) for body in bodies(visit)]
        place = None
        if visit.auth == "good":
            place = self._fault(visit.operation, visit.order_ids, listing=visit.is_listing, page=visit.page)
        if place is None or (self._token_is_new and self.plan.faults[place].do == "expire_token"):
            # A second 401, with a token that is new, would mean something else: that fault waits for the next call.
            self._token_is_new = self._token_is_new and visit.auth != "good"
            return await self._plainly(visit)
        self.schedule.happened(place)
        fault = self.plan.faults[place]
        visit.fault = fault.do
        return await self._with(fault, visit, gone)

    def _fault(self, operation: str, order_ids: Iterable[Any], *, listing: bool, page: int) -> int | None:
        return self.schedule.next(operation, listing=listing, numbers=self.world.numbers(order_ids), page=page)

    def _item(self, operation: str, body: Mapping[str, Any]) -> Item:
        order_id = body.get("orderId")
        return Item(order_id, body, event_in(operation, body), self.world.facts(order_id))

    async def _plainly(self, visit: Visit) -> Answer:
        answer = await self._served(visit)
        self._record(visit, answer)
        return answer

    async def _with(self, fault: FaultPlan, visit: Visit, gone: Gone) -> Answer | None:
        """A call to which something happens."""
        if fault.do in ("too_many", "unavailable"):
            answer = _away(fault)
            self._record(visit, answer)
            return answer
        if fault.do == "expire_token":
            self.tokens.expire(visit.came.header(TOKEN_HEADER))
            self._token_is_new = True
            visit.auth = "expired"
            return await self._plainly(visit)
        if fault.do in ("timeout_before", "timeout_after"):
            if fault.do == "timeout_after":
                await self._served(visit)
            self._record(visit, None)
            await gone(fault.seconds)
            return None
        return await self._oddly(fault, visit, gone)

    async def _oddly(self, fault: FaultPlan, visit: Visit, gone: Gone) -> Answer | None:
        """A call that is served, but late, in part, twice the same, or with an effect that shows late."""
        if fault.do == "slow" and await gone(fault.seconds):
            visit.fault = "timeout_before"
            self._record(visit, None)
            return None
        ids = visit.order_ids
        if fault.do == "fail_item" and ids:
            named = [one for one in ids if fault.order in set(self.world.numbers([one]))]
            self.world.moment.fail = (named or ids)[-1]
        self.world.moment.repeat_page = fault.do == "repeat_page"
        before = self.world.statuses(ids)
        answer = await self._served(visit)
        if fault.do == "late_state":
            self.world.lag(ids, fault.reads, before)
        self._record(visit, answer)
        return answer

    async def _served(self, visit: Visit) -> Answer:
        """The host's answer; the items of the visit then say what became of each."""
        self.world.moment.ruled.clear()
        answer = await self.world.host.answer(visit.came.request())
        ruled = self.world.moment.ruled
        self.world.moment.fail, self.world.moment.repeat_page = None, False
        visit.items = [
            replace(item, facts=ruled[n].facts, taken=ruled[n].taken, to=ruled[n].to)
            if n in ruled
            else replace(item, taken=False)
            for n, item in enumerate(visit.items)
        ]
        return answer

    def _record(self, visit: Visit, answer: Answer | None) -> None:
        """Puts a call on disk, judges it, and lets the scenario go on."""
        call = written(
            visit,
            answer,
            seq=self.journal.count + 1,
            ended=visit.begun if answer is None else self.now(),
            mask=self.mask,
            tokens=self.tokens,
            scenario=self.plan.name,
        )
        self.journal.add(call)
        breaches = self.judge.see(call)
        self.last_call = call.ended
        first, moved = self.journal.count == 1, self.progress.count(call)
        ended = self._stand(item.order_id for item in call.items)
        if self.world.advance(self.progress) or first or moved or ended:
            self.moved = call.ended
        for watch in self.watchers:
            watch(call, breaches)

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
