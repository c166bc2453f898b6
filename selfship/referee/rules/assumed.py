"""Writes that came to nothing and that the client took for done: what then comes too early is laid at that.

A 401 for an expired token (AGG-13), a 503 (AGG-12), the failed part of a request (AGG-11) and a time-out (AGG-14) each
ask for something to be done. A step that would have been right, had such a write been taken, shows that it was not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from selfship.lifecycle import Event, State, cell
from selfship.operations import OPERATIONS
from selfship.referee.calls import Call, Facts, Item, onward
from selfship.referee.rules.journeys import AWB, sequence
from selfship.referee.rules.memory import Assumed, Breach, Memory, OrderMemory, Unsure

STEPS = ("AGG-5", "AGG-7", "AGG-8", "AGG-9")
NEVER_RETRIED = ("AGG-12", "AGG-13")


def not_served(call: Call, memory: Memory) -> None:
    """Notes a write that was answered 401 for its expired token, or 503."""
    if not call.writes:
        return
    if call.auth == "expired":
        _note(call.items, call, memory, "AGG-13", "was answered 401, for its token had expired,")
    elif call.exchange.status == 503:
        _note(call.items, call, memory, "AGG-12", "was answered 503")


def _note(items: Iterable[Item], call: Call, memory: Memory, rule: str, told: str) -> None:
    for item in items:
        if isinstance(item.order_id, str) and item.facts is not None and item.event is not None:
            note(item, call, memory.order(item.order_id), rule, told)


def note(item: Item, call: Call, order: OrderMemory, rule: str, told: str) -> None:
    """Notes that this item came to nothing, and where the order would be had it been taken. The first such counts."""
    if item.facts is None or item.event is None or order.assumed is not None:
        return
    key = (call.operation, item.event)
    order.assumed = Assumed(rule, key, told, call.seq, _after(item.facts, item))


def unread(lost: Unsure, item: Item, order: OrderMemory) -> None:
    """Notes a write that no answer came to, and after which the client went on without a look."""
    if item.facts is None or lost.event is None:
        return
    before = _after(item.facts, Item(order.id, lost.body, lost.event))
    key = (lost.operation, lost.event)
    order.assumed = Assumed("AGG-14", key, "got no answer", lost.seq, _after(before, item))


def sent_again(item: Item, call: Call, order: OrderMemory) -> None:
    """Forgets what came to nothing once it is sent again, whatever comes of that."""
    if order.assumed and order.assumed.key == (call.operation, item.event):
        order.assumed = None


def laid(breach: Breach | None, item: Item, call: Call, order: OrderMemory) -> Breach | None:
    """The breach, at the rule of the write that was taken for done where it comes of that alone."""
    assumed = order.assumed
    if breach is None or assumed is None or breach.rule not in STEPS or item.facts is None:
        return breach
    if sequence(replace(item, facts=assumed.facts), call, order) is not None:
        return breach
    assumed.facts = _after(assumed.facts, item)
    label = OPERATIONS[assumed.key[0]].label
    why = f"{breach.message} Before it {label} {assumed.told} and was never sent again."
    return Breach(assumed.rule, why, (call.seq, assumed.seq), breach.order)


def _after(facts: Facts, item: Item) -> Facts:
    """How the order would stand after the item."""
    event, body = item.event, item.body
    if event is None:
        return facts
    led = tuple(dict.fromkeys(then for state in facts.states for then in onward(_to(state, event, facts))))
    auto = facts.auto or (event is Event.AUTO_DISPATCH and not facts.is_return)
    awb, courier = (body.get("awbNumber"), body.get("courierName")) if event in AWB else (facts.awb, facts.courier)
    return replace(facts, states=led, auto=auto, awb=awb, courier=courier)


def _to(state: State, event: Event, facts: Facts) -> State:
    found = cell(state, event)
    if found.to is not None:
        return found.to
    moves = event is Event.AUTO_DISPATCH and state is State.DP_ASSIGNED and not facts.is_return
    return State.BAG_PICKED if moves else state
