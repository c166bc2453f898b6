"""Plays an allotment: orders go from scenario to scenario, as long as nobody doubts where they stand.

A scenario that walks an order carries it; those that only look, or are refused, meet it on its way, within the
carrier's own thread. An order that a probe has moved, or may have moved, is handed on to nobody: what was to come is
blocked by that probe's rule. Which scenario has which order is decided beforehand (`selfship.allotment`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from selfship.flow import Flow
from selfship.host import Host
from selfship.itinerary import Key, Place, joined, needs_of, steps
from selfship.lifecycle import NDR_EVENTS, SWITCHED
from selfship.orders import View
from selfship.pace import Interrupted
from selfship.routing import Allotment, Turn
from selfship.scenario import SCENARIOS, BrokenError, PassedByError, Recording, Step
from selfship.supply import NoSupplyError, Order

Play = Callable[[Key, Callable[[Flow], None]], Recording]
"""Plays a scenario with a flow that was prepared first; it never raises."""
FINE = ("refused", "observed", "automatic", "spoiled")
BETWEEN = "between two scenarios"


@dataclass
class Slot:
    """One order of the plan. Without `order` there is none (any more): `spoiled` or `why` says what befell it."""

    order: Order | None = None
    spoiled: Step | None = None
    why: str = ""
    last: Future[Recording] | None = None


class Relay:
    """One allotment being played. `futures` are the run's: what a turn records ends up there."""

    def __init__(self, plan: Allotment, host: Host, play: Play, futures: Mapping[Key, Future[Recording]]) -> None:
        self.plan, self.host, self.play, self.futures = plan, host, play, futures
        self.slots: list[Slot] = []
        # Before anybody else draws.
        for kind in plan.orders:
            try:
                self.slots.append(Slot(host.supply.take(kind, "relay")))
            except NoSupplyError as lack:
                self.slots.append(Slot(why=str(lack)))

    def carriers(self) -> list[Turn]:
        """The turns that are played for themselves, in the order in which they must start."""
        return [turn for turn in self.plan.turns if turn.during is None]

    def queue(self, turn: Turn, future: Future[Recording]) -> list[Future[Recording]]:
        """Puts `turn` behind those who use its orders before it; what it has to wait for."""
        slots = [self.slots[number] for number in turn.slots]
        before = [slot.last for slot in slots if slot.last is not None]
        for slot in slots:
            slot.last = future
        return before

    def carry(self, turn: Turn) -> Recording:
        """Plays a turn, and with it whoever was to meet its order on the way."""
        slots = [self.slots[number] for number in turn.slots]
        guests = {one.key: one for one in self.plan.turns if one.during == turn.key and one.slots == turn.slots}
        carried: Recording | None = None
        try:
            carried = self._played(turn, slots, guests)
            return carried
        finally:
            for key in guests:
                self._turned_away(key, slots[0], carried)

    def _played(self, turn: Turn, slots: list[Slot], guests: dict[Key, Turn]) -> Recording:
        lost = next((slot for slot in slots if slot.order is None), None)
        if lost is not None:
            return self._without(turn.key, lost)
        lent = [slot.order for slot in slots if slot.order is not None]
        before = {order.id: _Before(order, self._read(order)) for order in lent}
        passage = _Passage(self, guests)

        def prepare(flow: Flow) -> None:
            for order in lent:
                order.under_way = joined(Place(order.state, tuple(order.history)), turn.key) is not None
            flow.lent, flow.gentle, flow.careful = list(lent), turn.gentle, True
            flow.passing = passage.meet if len(lent) == 1 else None

        recording = self.play(turn.key, prepare)
        spoiled, why = passage.spoiled, ""
        for order in lent:
            spoiled = spoiled or self._spoiled(recording, order, before[order.id])
        if SCENARIOS[turn.key[0]].walks(turn.key[1]) is None or recording.missing or recording.crashed:
            why = f"The order that was to serve for this was spent on {recording.scenario}."
        for slot in slots:
            if spoiled is not None or why:
                slot.order, slot.spoiled, slot.why = None, spoiled, why
        return recording

    def _spoiled(self, recording: Recording, order: Order, before: _Before) -> Step | None:
        """The step after which nobody knows where the order stands; None where it is where it should be."""
        broken = recording.broken
        if broken is not None and not self._stands(broken, order):
            return broken
        doubt = doubted(recording, order)
        led = len(order.history) > before.events
        if doubt is None and not led and not self._same(before.view, order):
            return unknown(recording, order)
        return doubt

    def _stands(self, step: Step, order: Order) -> bool:
        """Whether a refused step surely left the order where it was: an optional one, on a host that knows none."""
        optional = self.host.switch("edition") == "strict" and step.event in NDR_EVENTS
        return optional and step.outcome == "refused" and step.order == order.id

    def _read(self, order: Order) -> View | None:
        try:
            return Flow(self.host, BETWEEN).read(order)
        except Interrupted:
            # The run ends, and what it has recorded stands: whoever would play next says that it was stopped.
            return None

    def _same(self, before: View | None, order: Order) -> bool:
        """Whether the order shows what it showed, once a late change would have shown."""
        if self.host.needed_settle:
            with suppress(Interrupted):
                self.host.wire.pace.pause(self.host.needed_settle * 1.5)
        now = self._read(order)
        return before is None or now is None or before.same_as(now)

    def _without(self, key: Key, slot: Slot) -> Recording:
        """The scenario with an order of its own where one is left; else it says what became of the other."""

        def prepare(flow: Flow) -> None:
            flow.instead = BrokenError(slot.spoiled) if slot.spoiled else None
            flow.why = slot.why

        return self.play(key, prepare)

    def _turned_away(self, key: Key, slot: Slot, carried: Recording | None) -> None:
        """Somebody to whose place the carrier never came: it broke off, or this host leaves that state by itself."""
        state = needs_of(key)[0].state
        through = carried is not None and not (carried.broken or carried.missing or carried.crashed)
        if state in SWITCHED and (through or self.host.switch(SWITCHED[state][0]) == "auto"):
            recording = Recording(SCENARIOS[key[0]].key(key[1]), passed_by=PassedByError(state))
        else:
            recording = self._without(key, slot)
        self.futures[key].set_result(recording)


class _Before:
    """An order as a scenario finds it."""

    def __init__(self, order: Order, view: View | None) -> None:
        self.view, self.events = view, len(order.history)


class _Passage:
    """Lets those who wait for an order meet it on its way. `spoiled`: the probe that ended it, if any."""

    def __init__(self, relay: Relay, guests: dict[Key, Turn]) -> None:
        self.relay, self.guests = relay, guests
        self.spoiled: Step | None = None

    def meet(self, order: Order) -> None:
        """Plays whoever waits for an order that stands where this one does. BrokenError where one of them spoils it."""
        place = Place(order.state, tuple(order.history))
        for key in [key for key in self.guests if steps(place, key) == ()]:
            before = _Before(order, self.relay._read(order))
            recording = self._played(key, self.guests.pop(key), order)
            self.relay.futures[key].set_result(recording)
            self.spoiled = self.relay._spoiled(recording, order, before)
            if self.spoiled is not None:
                raise BrokenError(self.spoiled)

    def _played(self, key: Key, guest: Turn, order: Order) -> Recording:
        under_way, order.under_way = order.under_way, True

        def prepare(flow: Flow) -> None:
            flow.lent, flow.gentle, flow.careful = [order], guest.gentle, True

        try:
            return self.relay.play(key, prepare)
        finally:
            order.under_way = under_way


def doubted(recording: Recording, order: Order) -> Step | None:
    """The probe that moved the order, or may have; None where each was refused and changed nothing."""
    for step in recording.steps.values():
        legal = step.cell is not None and step.cell.outcome == "accept"
        if step.order == order.id and not legal and step.outcome not in FINE:
            return step
    return None


def unknown(recording: Recording, order: Order) -> Step:
    """Something that a scenario did changed the order, and no step of it says what."""
    message = f"order {order.id} changed during {recording.scenario}"
    return Step("a change", "", order.id, order.state, None, "no_answer", message, recording.exchanges[-1:])
