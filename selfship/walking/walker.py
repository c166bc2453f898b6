"""Walks a plan on a host: each call is compared with the table when it is answered, and what it left when it is read.

One order alone is judged by its cell. In a batch only the counts and their effect are: whether a host refuses the good
items beside a bad one is its own affair.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from selfship import answers, lifecycle, orders, unasked
from selfship.answers import Answer, Kind
from selfship.exchanges import Exchange
from selfship.expect import NO_ANSWER
from selfship.flow import ITS_OWN_STEPS, NO_ROUTE, Flow
from selfship.lifecycle import EVENTS, Cell, Event, State
from selfship.operations import OPERATIONS
from selfship.orders import View
from selfship.pace import pauses
from selfship.probing import settled
from selfship.supply import Order
from selfship.walking.breach import Breach, BreachError
from selfship.walking.model import Model, Reading
from selfship.walking.plans import Item, Plan
from selfship.ways import AWB_EVENTS

REFUSALS = ("refuse", "unchanged")


@dataclass
class _Walked:
    """One order under way: the kit's lease, what the rules say of it, and how it was last seen."""

    name: str
    order: Order
    model: Model
    view: View | None
    last: tuple[Event, Cell, State] | None = None
    refused: tuple[Event, Cell] | None = None

    def move(self, event: Event, cell: Cell, reading: Reading) -> None:
        self.last = (event, cell, self.model.state)
        self.model.take(event, cell, reading)
        self.order.state = self.model.state


@dataclass
class _Call:
    """One request of a walk, with what each of its items should come to."""

    items: list[tuple[_Walked, Event, Cell]]
    exchange: Exchange
    answer: Answer

    def of(self, *outcomes: str) -> list[tuple[_Walked, Event, Cell]]:
        return [item for item in self.items if item[2].outcome in outcomes]


@dataclass
class Walker:
    """Walks for one scenario. `taken`, `refused`: judged so far; `unread`: why answers could not be judged."""

    flow: Flow
    reading: Reading
    leaving: int
    taken: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    unread: list[tuple[str, int]] = field(default_factory=list)
    _calls: list[str] = field(default_factory=list)
    _seqs: list[int] = field(default_factory=list)
    _awb_shows: bool = True
    _at: int = 0
    _items: int = 1
    _written: int = 0

    def walk(self, plan: Plan) -> Breach | None:
        """The first breach on the way, None where there is none. LookupError where the orders for it are not there."""
        self._calls, self._seqs = [], []
        walked = self._lease(plan)
        try:
            for self._at, call in enumerate(plan.calls, 1):
                self._fire(call, walked)
            self._look_again(walked)
        except BreachError as exc:
            return exc.breach
        return None

    def _lease(self, plan: Plan) -> list[_Walked]:
        flow, free = self.flow, {}
        for state in set(plan.starts):
            wanted = plan.starts.count(state)
            free[state] = flow.host.supply.spare(state, wanted, flow.name, leaving=self.leaving)
            if len(free[state]) < wanted:
                raise LookupError(f"too few orders in {state.value} to spare any")
            flow.recording.orders += [order.id for order in free[state]]
        walked = []
        for number, state in enumerate(plan.starts):
            order = free[state].pop()
            view = flow.read(order)
            order.view = view or order.view
            walked.append(_Walked(ascii_uppercase[number], order, Model(state, lost=view is None), view))
        return walked

    # One call

    def _fire(self, call: Sequence[Item], walked: Sequence[_Walked]) -> None:
        live = [(walked[number], event) for number, event in call if not walked[number].model.lost]
        items = [(one, event, one.model.cell(event, self.reading)) for one, event in live]
        if not items:
            return
        if any(cell.outcome in REFUSALS for _, _, cell in items):
            for one, _, _ in items:
                settled(self.flow, one.order)
                self._catch_up(one)
        sent = self._send(items)
        if len(items) == 1:
            self._judge_one(sent)
        else:
            self._judge_batch(sent)

    def _catch_up(self, one: _Walked) -> None:
        """A state with a status of its own may have come to show it only now: what is refused next did not do that."""
        if one.order.seen or one.view is None or one.model.state not in lifecycle.OWN_STATUS:
            return
        now = self.flow.read(one.order)
        if now is not None and orders.shows(now.status, one.model.state) and now.awbs == one.view.awbs:
            one.view = now

    def _send(self, items: list[tuple[_Walked, Event, Cell]]) -> _Call:
        """Sends one request; a refusal is repeated while an earlier write may not have settled."""
        operation = EVENTS[items[0][1]].operation
        body = [self.flow.item(event, one.order) for one, event, _ in items]
        step = " and ".join(f"{event.value} {one.name}" for one, event, _ in items)
        exchange, answer = self.flow.write(operation, body, step=step)
        for one, event, _ in items:
            if event in AWB_EVENTS:
                one.order.awb = next(item["awbNumber"] for item in body if item["orderId"] == one.order.id)
        unseen = [one.order.written_at for one, _, cell in items if not one.order.seen and cell.outcome == "accept"]
        left = max(unseen, default=0.0) + self.flow.host.settle - time.monotonic()
        for pause in pauses(left if unseen else 0.0):
            if not answer.refused:
                break
            self.flow.host.wire.pace.pause(pause)
            exchange, answer = self.flow.write(operation, body, step=step)
        call = _Call(items, exchange, answer)
        self._note(call)
        return call

    def _note(self, call: _Call) -> None:
        self._items, self._written = len(call.items), call.exchange.seq
        target = OPERATIONS[call.exchange.operation]
        what = " and ".join(f"{event.value} of {one.name} ({one.model.state.value})" for one, event, _ in call.items)
        self._calls.append(f"{target.method} {target.name}: {what}, {_came_to(call)}")
        self._seqs.append(call.exchange.seq)

    def _unjudged(self, call: _Call) -> bool:
        """Whether the answer says nothing of the orders; then they are lost to the walk."""
        kind = call.answer.kind
        lost = call.exchange.status in NO_ROUTE and not self.flow.host.routed(call.exchange.operation)
        if kind in (Kind.ACCEPTED, Kind.REFUSED, Kind.PARTIAL) and not lost:
            return False
        no_answer = kind in (Kind.NO_ANSWER, Kind.PUT_OFF)
        by = "CON-1" if lost else NO_ANSWER if no_answer else call.answer.broken or "CON-2"
        self.unread.append((by, call.exchange.seq))
        self._lose(call.items)
        return True

    @staticmethod
    def _lose(items: Sequence[tuple[_Walked, Event, Cell]]) -> None:
        for one, _, _ in items:
            one.model.lost = True

    def _judge_one(self, call: _Call) -> None:
        one, event, cell = call.items[0]
        if cell.outcome == "observe":
            one.model.lost = True
        elif self._unjudged(call):
            return
        elif cell.outcome == "accept":
            if call.answer.refused:
                if self._left_behind(one):
                    return
                self._blame_the_unseen(one)
                raise self._breach(one, event, cell, f"must be accepted; the host answered {_said(call)}")
            self._taken(one, event, cell)
        else:
            self._untouched(one, event, cell, _said(call), accepted=call.answer.accepted)

    def _taken(self, one: _Walked, event: Event, cell: Cell) -> None:
        """Waits until the host shows what the event leads to."""
        target = cell.to or one.model.state
        awb = one.order.awb if event in AWB_EVENTS and self._awb_shows else None

        def shown(view: View) -> bool:
            return orders.shows(view.status, target) and (awb is None or awb in view.awbs)

        began = time.monotonic()
        first = self.flow.read(one.order)
        view = first if first is not None and shown(first) else self.flow.wait(one.order, shown)
        if view is not None and view is not first and shown(view):
            self.flow.host.was_late(time.monotonic() - began)
        if view is None:
            one.model.lost = True
            return
        self._seqs.append(view.seq)
        if not orders.shows(view.status, target):
            words = (
                f"was counted as successful, but after {self.flow.host.settle:g} s the order shows orderStatus "
                f"{view.status}, expected {' or '.join(lifecycle.COARSE[target])}"
            )
            self.flow.host.overdue.missed[self._written] = str(event)
            raise self._breach(one, event, cell, words)
        # Where Update AWB does not show, another rule says so; waiting for it each time would tell nothing more.
        self._awb_shows = self._awb_shows and (awb is None or awb in view.awbs)
        self.taken.append(view.seq)
        seen = orders.tells_apart(one.model.state, target)
        one.move(event, cell, self.reading)
        one.view = one.order.view = self._at_rest(one, view)
        one.order.touched(seen=seen and one.model.state not in ITS_OWN_STEPS)

    def _at_rest(self, one: _Walked, view: View) -> View:
        """The order once the host's automatic steps are done; where they do not come, it is lost to the walk."""
        shown = lifecycle.COARSE[one.model.state]
        if view.status in shown or one.model.state in lifecycle.OWN_STATUS or one.model.lost:
            return view
        later = self.flow.wait(one.order, lambda seen: seen.status in shown)
        one.model.lost = later is None or later.status not in shown
        return later or view

    def _untouched(self, one: _Walked, event: Event, cell: Cell, said: str, *, accepted: bool) -> None:
        """The event was refused, or must have changed nothing, and the order must show that."""
        before, after = one.view, self.flow.read(one.order)
        if after is not None:
            self._seqs.append(after.seq)
        # autoDispatch on a return may well log AWB and courier: it must not move it.
        moves_only = event is Event.AUTO_DISPATCH and cell.outcome == "unchanged"
        change = _change(one.model.state, before, after, moves_only=moves_only)
        if ((accepted and cell.outcome == "refuse") or change) and self._left_behind(one):
            return
        if (accepted and cell.outcome == "refuse") or change:
            must = "must be refused" if cell.outcome == "refuse" else "was not taken"
            must = "must change nothing" if cell.outcome == "unchanged" else must
            raise self._breach(one, event, cell, f"{must}; the host answered {said}{change}")
        one.view = after or before
        one.refused = (event, cell)
        if moves_only:
            one.model.history.append(event)
            one.model.awb = after is not None and bool(after.awbs)
        self.refused.append(after.seq if after else self._seqs[-1])

    # A request of several items

    def _judge_batch(self, call: _Call) -> None:
        if self._unjudged(call):
            return
        good, bad, either = call.of("accept"), call.of("refuse"), call.of("unchanged", "observe")
        most = len(good) + len(either)
        if call.answer.success > most:
            self._counted_too_many(call, bad, most)
        for one, event, cell in bad:
            self._untouched(one, event, cell, _said(call), accepted=False)
        self._lose(either)
        if call.answer.success == 0:
            for one, event, cell in good:
                self._untouched(one, event, cell, _said(call), accepted=False)
        elif call.answer.success == most and not either:
            for one, event, cell in good:
                self._taken(one, event, cell)
        else:
            # Some of the good items were taken: which, the answer does not say.
            self._lose(good)

    def _counted_too_many(self, call: _Call, bad: list[tuple[_Walked, Event, Cell]], most: int) -> None:
        one, event, cell = next((item for item in bad if self._has_moved(item[0])), bad[0])
        if any(self._left_behind(left) for left, _, _ in bad):
            self._lose(call.items)
            return
        words = f"must be refused; of a request in which {most} of {len(call.items)} items may be taken {_said(call)}"
        raise self._breach(one, event, cell, words)

    def _left_behind(self, one: _Walked) -> bool:
        """Whether the host may have led the order on by itself: then it is lost to the walk, and nothing is judged."""
        one.model.lost = one.model.lost or unasked.leaves(self.flow, one.model.state)
        return one.model.lost

    def _has_moved(self, one: _Walked) -> bool:
        after = self.flow.read(one.order)
        return one.view is not None and after is not None and not orders.unmoved(one.model.state, one.view, after)

    # What came to light later

    def _blame_the_unseen(self, one: _Walked) -> None:
        """Where the step before could not be seen: taken once more, it was never applied, and that is what broke."""
        if one.order.seen or one.last is None or one.last[0] in AWB_EVENTS:
            return
        event, cell, state = one.last
        sent = self._send([(one, event, Cell("observe", ()))])
        if sent.answer.accepted:
            one.model.state = state
            raise self._breach(
                one,
                event,
                cell,
                "was counted as successful but not applied: the next documented step was refused, and the same event "
                "was taken again",
            )

    def _look_again(self, walked: Sequence[_Walked]) -> None:
        """Every order once more, when a change that came late would have shown."""
        late = self.flow.host.needed_settle
        watched = [one for one in walked if one.refused and one.view and not one.model.lost]
        if not late or not watched:
            return
        self.flow.host.wire.pace.pause(late * 1.5)
        for one in watched:
            if one.refused:
                self._untouched(one, *one.refused, said="a refusal, and later it showed", accepted=False)

    def _breach(self, one: _Walked, event: Event, cell: Cell, words: str) -> BreachError:
        rule, own = one.model.broken_rule(event, cell)
        state = one.model.state
        return BreachError(
            Breach(
                rule,
                f"{event.value} on an order in {state.value} {words}",
                tuple(self._calls),
                tuple(dict.fromkeys((self._written, *reversed(self._seqs)))),
                (state, event) if own else None,
                self._at,
                self._items > 1,
            )
        )


def _change(state: State, before: View | None, after: View | None, *, moves_only: bool) -> str:
    """What differs, in words; empty where nothing does, or nobody can tell."""
    if before is None or after is None:
        return ""
    same = before.status == after.status if moves_only else orders.unmoved(state, before, after)
    return "" if same else f"; {before.difference(after)}"


def _came_to(call: _Call) -> str:
    kind, items = call.answer.kind, len(call.items)
    if kind is Kind.ACCEPTED:
        return "taken"
    if kind is Kind.REFUSED:
        return "refused"
    return f"{call.answer.success} of {items} taken" if kind is Kind.PARTIAL else answers.says(call.exchange)


def _said(call: _Call) -> str:
    return answers.says(call.exchange)
