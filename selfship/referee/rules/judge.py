"""The judge of one client: sees its calls one after another, and says at any time how each rule stands.

A cause is laid once: of the rules that an item breaks the first of `_ITEM_RULES` is named and the others are not.
"""

from __future__ import annotations

from selfship.referee.calls import Call, Item
from selfship.referee.rules import assumed, journeys, polling, recovery, wire
from selfship.referee.rules.memory import Breach, Memory, OrderMemory, Terms

_ITEM_RULES = (wire.lines, journeys.decoy, journeys.lock, recovery.resent, journeys.second_awb, journeys.sequence)
_NOT_SERVED = ("expired", "unknown", "missing")
_AWAY = ("too_many", "unavailable")


class Judge:
    """Of one client, over as many calls as come; what it remembers does not grow with them."""

    def __init__(self, terms: Terms) -> None:
        self.memory = Memory(terms)

    def see(self, call: Call) -> list[Breach]:
        """Judges the next call; what it broke is returned, and remembered."""
        memory = self.memory
        found = [breach for breach in self._of_call(call) if breach]
        memory.calls += 1
        memory.listings += call.is_listing
        memory.met(call)
        memory.latest_end = max(memory.latest_end, call.ended)
        memory.last = call
        self._shown(call)
        for breach in found:
            memory.broke(breach)
        return found

    def _of_call(self, call: Call) -> list[Breach | None]:
        memory = self.memory
        if call.operation == "":
            return []
        found = [
            wire.token(call, memory),
            recovery.waits(call, memory),
            recovery.renews(call, memory),
            polling.polls(call, memory),
            wire.location(call, memory),
        ]
        too_many = wire.limit(call, memory)
        if too_many or call.auth in _NOT_SERVED or call.fault in _AWAY:
            assumed.not_served(call, memory)
            return [*found, too_many]
        misfit = wire.body(call, memory)
        strange = list(wire.strange_ids(call)) if memory.terms.complete and not misfit else []
        found += [misfit, *strange, *wire.altered_ids(call, memory)]
        if call.writes and not misfit:
            found += [self._of_item(item, call) for item in call.items]
            memory.wrote = max(memory.wrote, call.begun)
            assumed.not_served(call, memory)
        return found

    def _of_item(self, item: Item, call: Call) -> Breach | None:
        if not isinstance(item.order_id, str) or item.facts is None:
            return None
        order = self.memory.order(item.order_id)
        self._known(order, item)
        assumed.sent_again(item, call, order)
        lost = order.unsure
        breach, again = recovery.unsure(item, call, order, self.memory)
        if breach is not None and lost is not None:
            assumed.unread(lost, item, order)
        elif not again:
            found = next((one for rule in _ITEM_RULES if (one := rule(item, call, order))), None)
            breach = assumed.laid(found, item, call, order)
        self._became(item, call, order, breach, again=again)
        order.last_begun = max(order.last_begun, call.begun)
        return breach

    def _became(self, item: Item, call: Call, order: OrderMemory, breach: Breach | None, *, again: bool) -> None:
        memory = self.memory
        if not call.answered:
            recovery.lose(item, call, order)
            if item.taken:
                recovery.overcome(call, order, memory)
        elif item.taken:
            in_part = any(one.taken is False for one in call.items)
            recovery.accepted(item, call, order, memory, in_part=in_part)
        elif breach is None and item.taken is False and any(one.taken for one in call.items):
            assumed.note(item, call, order, "AGG-11", "was refused for it in a request that failed only in part")
        if item.taken:
            order.touched = True
            if breach is None:
                order.assumed = None
                journeys.taken(item, call, order, memory)
        elif item.taken is False and call.answered and breach is None and not again:
            loop = recovery.refused(item, call, order, memory.terms)
            if loop:
                memory.broke(loop)

    def _known(self, order: OrderMemory, item: Item) -> None:
        assert item.facts is not None
        if item.facts.is_return is not None:
            order.is_return = item.facts.is_return
        if item.facts.self_ship is not None:
            order.self_ship = item.facts.self_ship

    def _shown(self, call: Call) -> None:
        recovery.read(call, self.memory)
        for shown in call.shown:
            order = self.memory.order(shown.order_id)
            if not order.status:
                self.memory.rounded |= dict.fromkeys(wire.rounded(order.id), order.id)
            order.status = shown.status or order.status
            order.lines |= set(shown.lines)
            if shown.locked is not None:
                order.locked = shown.locked
                order.was_locked |= shown.locked
            if shown.self_ship is not None:
                order.self_ship = shown.self_ship
            if shown.is_return is not None:
                order.is_return = shown.is_return
            if shown.awbs is not None:
                order.awbs = shown.awbs
