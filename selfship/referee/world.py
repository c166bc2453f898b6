"""The host behind the referee, for one partner: its orders, which of them have appeared, and what the client may see.

The mock decides what becomes of each item. Here it is told which orders there are, is made lenient where the documents
are silent, and is asked how each order stood when an item reached it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request

from selfship.lifecycle import Event, State
from selfship.mock import view
from selfship.mock.answers import Answer
from selfship.mock.app import Host
from selfship.mock.conduct import Ruling, refuse, take
from selfship.mock.order import Order, dumped, loaded
from selfship.mock.points import Ask, Hooks, Point
from selfship.mock.population import Maker
from selfship.mock.settings import MockSettings
from selfship.mock.store import Store
from selfship.referee.calls import Facts
from selfship.referee.plan import OrderPlan, Plan, When
from selfship.referee.rules.ending import Standing
from selfship.referee.schedule import Progress
from selfship.referee.tokens import PartnerTokens

END = {"delivered": State.DELIVERY_DONE, "rto": State.CREDIT_NOTE_GENERATED, "returned": State.CREDIT_NOTE_GENERATED}
APART_S = 0.5
"""Seconds between the dates of two orders of a scenario, so that listings show them in its order."""


@dataclass
class Given:
    """One order of the scenario. `number` counts from 1; `kept` is the order until it appears."""

    number: int
    plan: OrderPlan
    id: str
    kept: Order | None = None


@dataclass
class Ruled:
    """What the host made of one item: how the order stood, and whether it was taken."""

    facts: Facts
    taken: bool
    to: State | None


@dataclass
class Moment:
    """What is special about the call that is being served."""

    fail: str | None = None
    repeat_page: bool = False
    ruled: dict[int, Ruled] = field(default_factory=dict)


class RefereeHost(Host):
    """The mock, asked from within: its answer comes back instead of going out."""

    async def answer(self, request: Request) -> Answer:
        return await self._answer(request)


class World:
    """All that one partner can see."""

    def __init__(self, plan: Plan, tokens: PartnerTokens, folder: Path) -> None:
        self.plan = plan
        settings = MockSettings(
            edition=plan.edition,
            credit_note=plan.credit_note,
            rto_acceptance=plan.rto_acceptance,
            auth=plan.auth,
            page_size=plan.page_size,
        )
        self.store = Store(settings, folder / "orders.sqlite")
        self.host = RefereeHost(settings, self.store)
        self.host.tokens = tokens
        self.host.at = Hooks(
            [
                (Point.RULING, self._ruling),
                (Point.STATUS, self._status),
                (Point.SHOWN, self._shown),
                (Point.LISTING, self._listing),
                (Point.PAGE, self._page),
            ]
        )
        self.moment = Moment()
        self._lagging: dict[str, list[Any]] = {}
        self._seen_locked: set[str] = set()
        self.given = _given(plan, folder / "orders.json")
        self.by_id = {one.id: one for one in self.given}
        self.to_end = sum(one.plan.given for one in self.given)
        self._to_come = [one for one in self.given if self.store.get(one.id) is None]

    def advance(self, progress: Progress) -> list[str]:
        """Lets appear and unlock what is due; the ids of the orders that are new or other than before."""
        due = [one for one in self._to_come if progress.reached(one.plan.appear)]
        for one in due:
            assert one.kept is not None
            if one.plan.appear != When():
                one.kept.placed_at = time.time()
            self.store.add([one.kept])
        self._to_come = [one for one in self._to_come if one not in due] if due else self._to_come
        free = [one for one in self._locked() if progress.reached(one.plan.unlock or When())]
        for one in free:
            self._unlock(one)
        if due or free:
            self.store.save()
        return [one.id for one in (*due, *free)]

    def _locked(self) -> list[Given]:
        """The orders that the client has seen locked."""
        return [self.by_id[order_id] for order_id in self._seen_locked]

    def _unlock(self, one: Given) -> None:
        self._seen_locked.discard(one.id)
        order = self.store.get(one.id)
        assert order is not None
        order.locked = False
        order.change("unlocked", {})
        self.store.add([order])

    def facts(self, order_id: Any) -> Facts | None:
        """How that order stands now, None where it is none of this partner's."""
        order = self.store.get(order_id) if isinstance(order_id, str) else None
        if order is None:
            return None
        return Facts(
            (order.state,),
            order.is_return,
            order.self_ship,
            order.awb,
            order.courier,
            order.after(Event.AUTO_DISPATCH) and not order.is_return,
            order.id in self._lagging,
        )

    def standing(self, order_id: str) -> Standing | None:
        """Where that order stands, None where it is none of the scenario."""
        one = self.by_id.get(order_id)
        return self._standing(one) if one else None

    def standings(self) -> list[Standing]:
        return [self._standing(one) for one in self.given]

    def lag(self, order_ids: Iterable[str], reads: int, before: dict[str, str]) -> None:
        """From now on `reads` reads of these orders show the status that they had before."""
        for order_id in order_ids:
            order = self.store.get(order_id)
            if order is not None and order_id in before and view.coarse(order) != before[order_id]:
                self._lagging[order_id] = [reads, before[order_id]]

    def statuses(self, order_ids: Iterable[str]) -> dict[str, str]:
        """The coarse status of each of these orders."""
        orders = (self.store.get(order_id) for order_id in order_ids)
        return {order.id: view.coarse(order) for order in orders if order is not None}

    def numbers(self, order_ids: Iterable[Any]) -> Iterator[int]:
        """The numbers, in the scenario, of these orders."""
        for order_id in order_ids:
            if isinstance(order_id, str) and order_id in self.by_id:
                yield self.by_id[order_id].number

    def _standing(self, one: Given) -> Standing:
        order = self.store.get(one.id)
        state = order.state if order else one.kept.state if one.kept else State.PLACED
        ended = one.plan.expect is not None and state is END[one.plan.expect]
        plan = one.plan
        return Standing(
            one.number, one.id, plan.kind, plan.expect, plan.self_ship, order is not None, state, ended, plan.given,
            locked=order is not None and order.locked,
        )  # fmt: skip

    # Hooks of the mock

    def _ruling(self, ruling: Ruling, ask: Ask) -> Ruling:
        facts = self.facts(ask.item.get("orderId"))
        ruling = self._lenient(ruling, ask)
        if ruling.counted and (self.moment.fail == ask.item.get("orderId") or self._is_hopeless(ask)):
            ruling = refuse("TRY_AGAIN", "the order could not be updated this time; try it again later")
        if facts is not None:
            self.moment.ruled[ask.index] = Ruled(facts, ruling.counted, ruling.to)
        return ruling

    def _is_hopeless(self, ask: Ask) -> bool:
        one = self.by_id.get(ask.item.get("orderId", ""))
        return ask.operation == "status" and one is not None and one.plan.hopeless

    def _lenient(self, ruling: Ruling, ask: Ask) -> Ruling:
        """Where the documents are silent: with or without acceptance of an RTO, and steps that the rules judge."""
        if ruling.counted or ask.order is None or ask.event is None:
            return ruling
        state, event = ask.order.state, ask.event
        if event is Event.ACCEPT_RETURN and state is State.RTO_BAG_ACCEPTED:
            return Ruling(counted=True, applies=False)
        if event is Event.CREDIT_NOTE and state is State.RTO_BAG_DELIVERED:
            return take(State.CREDIT_NOTE_GENERATED)
        return ruling

    def _status(self, status: str, ask: Ask) -> str:
        late = self._lagging.get(ask.order.id) if ask.order else None
        return str(late[1]) if late else status

    def _shown(self, shown: dict[str, Any], _: Ask) -> dict[str, Any]:
        one = self.by_id.get(shown["id"])
        late = self._lagging.get(shown["id"])
        if shown["lockStatus"]:
            self._seen_locked.add(shown["id"])
        if late:
            late[0] -= 1
            if late[0] <= 0:
                del self._lagging[shown["id"]]
        if one is None:
            return shown
        hint = {"expect": one.plan.expect or "delivered"}
        return {**shown, "additionalInfo": json.dumps(hint)}

    def _listing(self, listing: list[Order], ask: Ask) -> list[Order]:
        ask.scratch["listing"] = listing
        return listing

    def _page(self, page: list[Order], ask: Ask) -> list[Order]:
        listing: list[Order] = ask.scratch.get("listing", [])
        size = len(page) and min(int(ask.query.get("pageSize") or self.plan.page_size), self.plan.page_size)
        return listing[:size] if self.moment.repeat_page else page


def _given(plan: Plan, kept: Path) -> list[Given]:
    """The orders of the session: those of an earlier start where `kept` has them, else new ones."""
    plans = [row for row in plan.orders for _ in range(row.count)]
    if kept.exists():
        orders = [loaded(text) for text in json.loads(kept.read_text(encoding="utf-8"))]
    else:
        orders = list(_made(plans, plan))
        kept.write_text(json.dumps([dumped(order) for order in orders]), encoding="utf-8")
    return [
        Given(number, row, order.id, order) for number, (row, order) in enumerate(zip(plans, orders, strict=True), 1)
    ]


def _made(plans: list[OrderPlan], plan: Plan) -> Iterator[Order]:
    maker, now = Maker(), time.time()
    for place, row in enumerate(plans):
        state = State.RETURN_DP_ASSIGNED if row.kind == "return" else State(row.start)
        (order,) = maker.orders(
            state,
            1,
            location=row.location or plan.locations[0],
            is_self_ship=row.self_ship,
            locked=row.locked,
        )
        order.placed_at = order.modified_at = now - (len(plans) - place) * APART_S
        yield order
