"""What a scenario drives with: its orders, its HTTP client, its recording.

Each verb does one thing to one order, waits until the host shows it, and writes a `Step`. No verb asserts; `fire`
ends the scenario where a documented step is not taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from selfship import answers, blaming, bodies, lifecycle, lost, orders, overdue, requirements, unasked, ways
from selfship.answers import Answer, Kind
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import EVENTS, Event, State
from selfship.operations import OPERATIONS
from selfship.orders import View
from selfship.pace import pauses
from selfship.scenario import BrokenError, PassedByError, Recording, Step
from selfship.supply import Need, NoSupplyError, Order
from selfship.unasked import BY_ITSELF
from selfship.ways import AWB_EVENTS

if TYPE_CHECKING:
    from selfship.probing import Probe

ITS_OWN_STEPS = frozenset(lifecycle.AUTOMATIC.values())  # Where a host goes in its own time, and unseen.
NO_ROUTE = (404, 405, 501)
SPARED = (
    "Prepare more orders: this is advice, and a host that does not follow it would have spoiled the one order that was"
    " at hand for rules that bind."
)


class Flow:
    """Drives the host for one scenario."""

    def __init__(self, host: Host, name: str, note: str = "") -> None:
        self.host = host
        self.name = name
        self.caller = host.caller(name + note)
        self.recording = Recording(name)
        self.lent: list[Order] = []
        self.gentle = False
        self.careful = False
        self.passing: Callable[[Order], None] | None = None
        self.instead: BrokenError | None = None
        self.why = ""
        self._last: dict[str, Step] = {}
        self._lost: dict[str, Step] = {}

    # What it works with

    def lease(self, need: Need) -> list[Order]:
        """Orders that meet `need`, walked to its state. NoSupplyError; BrokenError where the walk breaks."""
        lent, self.lent = self.lent[: need.count], self.lent[need.count :]
        leased = lent or self._drawn(need)
        self.recording.orders += [order.id for order in leased]
        for order in leased:
            self.learn(order)
            if order.view and order.view.locked:
                raise NoSupplyError(need, 0, reason=f"Order {order.id} is locked.")
        walked = [order if order.under_way else self.reach(order, need.state) for order in leased]
        self.recording.broken = None
        return walked

    def _drawn(self, need: Need) -> list[Order]:
        """Orders of its own; where none are left, what became of the one that was meant for it."""
        try:
            return self.host.supply.lease(need, self.name)
        except NoSupplyError as lack:
            if self.instead is not None:
                raise self.instead from lack
            raise NoSupplyError(need, lack.found, lack.unflagged, self.why or lack.reason) from None

    def spare(self, probes: Iterable[Probe]) -> list[Probe]:
        """Of these probes, those to send: a gentle scenario leaves out what only advice forbids."""
        if not self.gentle:
            return list(probes)
        self.recording.spared = SPARED
        return [probe for probe in probes if requirements.load()[probe.rule].level == "MUST"]

    def aside(self, note: str) -> Flow:
        """A flow of its own for what this one must find out: nothing of it is in the recording."""
        return Flow(self.host, self.name, note)

    def _has_gone_on(self, order: Order) -> bool:
        """Whether the host has led the order on by itself, so that what was sent came too late."""
        if order.state not in lifecycle.SWITCHED:
            return False
        now = self.read(order)
        return now is not None and now.status not in lifecycle.COARSE[order.state] and unasked.leaves(self, order.state)

    def another(self, need: Need) -> Order:
        return self.lease(need)[0]

    def learn(self, order: Order) -> None:
        """Reads what requests need to name: the lines of the order."""
        if order.view is None or not order.view.lines:
            order.view = self.read(order) or order.view

    def reach(self, order: Order, state: State) -> Order:
        """Walks `order` to `state` by the shortest documented way."""
        while order.state is not state:
            way = ways.path(order.state, state)
            if not way:
                raise PassedByError(state)
            event = way[1] if way[0] is Event.AWB and order.awb and len(way) > 1 else way[0]
            self.fire(event, order, name=f"reach {state.value}: {event.value}")
        if state in lifecycle.SWITCHED and self.host.switch(lifecycle.SWITCHED[state][0]) == "auto":
            raise PassedByError(state)
        return order

    # Requests

    def call(self, operation: str, *, step: str = "", **options: Any) -> Exchange:
        """Sends one documented operation as it is told to; see `Caller.call`."""
        exchange = self.caller.call(operation, step=step, **options)
        self._note(exchange)
        return exchange

    def _note(self, exchange: Exchange) -> None:
        self.recording.exchanges.append(exchange.seq)
        if exchange.status is None and OPERATIONS[exchange.operation].writes:
            self.recording.lost.append(exchange.seq)

    def write(self, operation: str, items: list[Any], *, step: str = "", **options: Any) -> tuple[Exchange, Answer]:
        exchange = self.call(operation, body=items, step=step, **options)
        return exchange, answers.read(exchange, len(items))

    def ask(
        self, operation: str, body: Any, *, until: Callable[[Exchange], bool], step: str = "", **options: Any
    ) -> Exchange:
        """Sends a request that changes nothing, again with growing pauses within settle, until `until` holds."""
        exchange = self.call(operation, body=body, step=step, **options)
        for pause in pauses(self.host.settle):
            if until(exchange) or exchange.status is None:
                break
            self.host.wire.pace.pause(pause)
            exchange = self.call(operation, body=body, step=step, **options)
        return exchange

    def ask_read(self, operation: str, params: dict[str, Any], until: Callable[[list[View]], bool]) -> Exchange:
        """Reads with growing pauses within settle until the orders that it shows satisfy `until`."""
        return self.ask(
            operation, None, until=lambda answer: until(orders.views(answer)), step=operation, params=params
        )

    def read(self, order: Order | str, *, step: str = "read") -> View | None:
        """The order as a read by id shows it now; None where no such order can be made out of the answer."""
        wanted = order if isinstance(order, str) else order.id
        other = not isinstance(order, str) and order.other_location
        exchange = self.call("shipment", params=self.host.by_id(wanted, other=other), step=step)
        return next((view for view in orders.views(exchange) if view.id == wanted), None)

    def read_all(self, many: list[Order], *, step: str = "read") -> dict[str, View | None]:
        """Each order as a read by id shows it now, read side by side."""
        wanted = [
            ("shipment", {"params": self.host.by_id(one.id, other=one.other_location), "step": step}) for one in many
        ]
        found: dict[str, View | None] = {}
        for order, exchange in zip(many, self.together(wanted), strict=True):
            found[order.id] = next((view for view in orders.views(exchange) if view.id == order.id), None)
        return found

    def together(self, calls: list[tuple[str, dict[str, Any]]], *, at_once: bool = False) -> list[Exchange]:
        """Sends several calls so that they overlap; `at_once`: whatever the pace."""
        answered = self.caller.together(calls, at_once=at_once) if calls else []
        for exchange in answered:
            self._note(exchange)
        return answered

    def wait(self, order: Order, until: Callable[[View], bool], *, within: float | None = None) -> View | None:
        """Reads `order` at once and then with growing pauses until `until` holds, at most `within` (settle) seconds.

        The last view, whether or not it holds.
        """
        view = self.read(order)
        for pause in pauses(self.host.settle if within is None else within):
            if view is not None and until(view):
                break
            self.host.wire.pace.pause(pause)
            view = self.read(order)
        return view

    # Events

    def item(self, event: Event, order: Order, **more: Any) -> dict[str, Any]:
        lines = order.view.lines if order.view else ()
        return bodies.item(event, order.id, lines=lines, **more)

    def send(self, event: Event, order: Order, item: dict[str, Any], step: str) -> tuple[Exchange, Answer]:
        """Sends `event`; a refusal is repeated while an earlier write may not have settled (see "accepted")."""
        operation = EVENTS[event].operation
        exchange, answer = self.write(operation, [item], step=step)
        if order.seen:
            return exchange, answer
        for pause in pauses(order.written_at + self.host.settle - time.monotonic()):
            if not answer.refused:
                break
            self.host.wire.pace.pause(pause)
            exchange, answer = self.write(operation, [item], step=step)
            if answer.accepted:
                self.host.was_late(time.monotonic() - order.written_at)
        return exchange, answer

    def fire(
        self, event: Event, order: Order, *, rule: str | None = None, name: str | None = None, **more: Any
    ) -> Step:
        """Fires an event that the documents say is taken. The order's state moves on; BrokenError where it does not.

        `rule`: the rule that this step shows, where it is not the table's own. `more`: fields of the item.
        """
        cell = lifecycle.cell(order.state, event)
        target = cell.to or order.state
        title = name or event.value
        switch = (
            lifecycle.SWITCHED[order.state][0] if event in BY_ITSELF and order.state in lifecycle.SWITCHED else None
        )
        if switch and self.host.switch(switch) == "auto":
            return unasked.awaited(self, event, order, rule or cell.rule or "", title)
        before = order.view
        item = self.item(event, order, **more)
        exchange, answer = self.send(event, order, item, title)
        if answer.kind is Kind.NO_ANSWER:
            exchange, answer = lost.sent_again(self, event, order, target, item, (exchange, answer))
        step = Step(
            title,
            rule or blaming.rule_by_path(event, order) or cell.rule or "",
            order.id,
            order.state,
            event,
            "",
            "",
            [exchange.seq],
            answer,
            cell,
            before,
        )
        if answer.kind in (Kind.REFUSED, Kind.SERVER_ERROR, Kind.PUT_OFF):
            if switch and answer.refused and self.host.leaves_open(switch):
                return unasked.awaited(self, event, order, step.rule, title, refused=step)
            if answer.refused and self._has_gone_on(order):
                raise PassedByError(order.state)
            outcomes = {Kind.REFUSED: "refused", Kind.PUT_OFF: "no_answer"}
            step.outcome = outcomes.get(answer.kind, "server_error")
            if exchange.status in NO_ROUTE and not self.host.routed(exchange.operation):
                step.outcome = "no_route"
            elif answer.refused:
                if event not in lifecycle.NDR_EVENTS and order.id not in self._lost:
                    # A strict host refuses those; that says nothing of the step before.
                    blaming.blame_the_unseen(self, order, self._last.get(order.id))
                blaming.try_with_meta(self, step, item)
                if event in lifecycle.NDR_EVENTS:
                    self.host.detect("edition", "strict")
        else:
            self._watch(step, order, target, item)
        return self._settle_step(step, order, target, exchange, item)

    def _watch(self, step: Step, order: Order, target: State, item: dict[str, Any]) -> None:
        """Waits until the host shows what the event leads to, and says what became of it."""
        state = order.state
        wants_awb = item.get("awbNumber") if step.event in AWB_EVENTS else None
        # Where a scenario names the courier, its judgement will look for it.
        courier = item.get("courierName", "") if wants_awb else ""
        named = courier if not courier.startswith(bodies.COURIER) else None

        def shown(view: View) -> bool:
            if not orders.shows(view.status, target) or (named and view.courier != named):
                return False
            return wants_awb is None or wants_awb in view.awbs

        began = time.monotonic()
        first = self.read(order)
        view = first if first is not None and shown(first) else self.wait(order, shown)
        if view is not None and view is not first:
            self.host.was_late(time.monotonic() - began)
        step.after = view
        if view is not None:
            step.exchanges.append(view.seq)
            self.host.awb_shown |= wants_awb is not None and wants_awb in view.awbs
        in_place = view is not None and orders.shows(view.status, target)
        if step.answer and step.answer.kind is Kind.NO_ANSWER:
            moved = in_place and (orders.tells_apart(state, target) or (wants_awb or "") in (view.awbs if view else ()))
            step.outcome = "accepted" if moved else "no_answer"
        elif view is None:
            # The order cannot be read: the answer's own word is all there is.
            step.outcome = "accepted" if step.answer and step.answer.accepted else "unclear"
        elif in_place:
            step.outcome = "accepted"
        else:
            step.outcome = "not_applied" if step.answer and step.answer.accepted else "unclear"
            overdue.look(
                self, str(step.event), step.exchanges[0], lambda: bool((now := self.read(order)) and shown(now))
            )

    def _settle_step(self, step: Step, order: Order, target: State, exchange: Exchange, item: dict[str, Any]) -> Step:
        what = f"{step.event.value if step.event else step.name} on an order in {order.state.value}"
        said = answers.says(exchange)
        lost.told_by(self, self._lost.pop(order.id, None), step)
        if step.outcome == "accepted":
            step.message = f"{what}: {said}"
            visible = step.after is not None and orders.tells_apart(order.state, target)
            order.view, order.state = step.after or order.view, unasked.state_now(self.host, target, step.after)
            order.touched(seen=visible and order.state not in ITS_OWN_STEPS)
            order.awb, order.courier = item.get("awbNumber", order.awb), item.get("courierName", order.courier)
            self._last[order.id] = step
            unasked.took(self.host, target, order.state, step)
            if step.event:
                order.history.append(step.event)
                if step.event in lifecycle.NDR_EVENTS:
                    self.host.detect("edition", "extended")
                self.host.took(step.event, step)
                if step.event in BY_ITSELF and step.state in lifecycle.SWITCHED:
                    self.host.detect(
                        BY_ITSELF[step.event], "explicit" if step.event is Event.ACCEPT_RETURN else "manual"
                    )
            return self.arrived(self.keep(step), order)
        if lost.may_have_moved(step, target):
            step.message = f"{what}: {said}"
            order.touched(seen=False)
            order.state, self._lost[order.id] = target, step
            order.history += [step.event] if step.event else []
            return self.keep(step)
        shown = step.after.status if step.after else None
        step.message = (
            step.message
            or {
                "refused": f"{what} must be accepted; the host answered {said}",
                "server_error": f"{what} must be accepted; the host answered {said}",
                "no_answer": f"{what}: {said}",
                "not_applied": f"{what} was counted as successful, but after {self.host.settle:g} s the order shows "
                f"orderStatus {shown}, expected {_expected(target)}",
                "unclear": f"{what} was answered {said}, and the order shows orderStatus {shown}, "
                f"expected {_expected(target)}",
                "no_route": f"{what} found no such route: {said}",
            }[step.outcome]
        )
        self.keep(step)
        raise BrokenError(step)

    def arrived(self, step: Step, order: Order) -> Step:
        """Others may have a use for the order on its way (see `selfship.relay`)."""
        if self.passing is not None:
            self.passing(order)
        return step

    def keep(self, step: Step) -> Step:
        """Adds a step to the recording; a name that is taken gets a number."""
        name, number = step.name, 2
        while name in self.recording.steps:
            name, number = f"{step.name} {number}", number + 1
        step.name = name
        self.recording.steps[name] = step
        return step


def _expected(state: State) -> str:
    return " or ".join(lifecycle.COARSE[state])
