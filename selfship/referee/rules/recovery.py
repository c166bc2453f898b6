"""AGG-11 to AGG-14: what a client does after something went wrong."""

from __future__ import annotations

from selfship.lifecycle import COARSE, Event, State, cell
from selfship.operations import OPERATIONS
from selfship.referee.calls import Call, Item, number, onward
from selfship.referee.rules.journeys import AWB, beyond
from selfship.referee.rules.memory import Breach, Memory, OrderMemory, Refusals, Terms, Unsure, same

AT_ONCE_S = 0.1
"""A call that begins sooner than so many seconds after a 503 did not wait at all. Both times are the referee's."""
EARLY = 0.15
"""Of the time that Retry-After asks for, so much may be lacking: clients round, and timers of both sides differ."""
LOOP = 6
"""So often, at once after one another, the same refused item is a loop without end."""
STUBBORN = 5
"""So many calls with a token that has expired, and no attempt to get a new one."""
MANY = 100
"""Such calls that are remembered."""
OPEN_WAITS = 50


# AGG-12


def waits(call: Call, memory: Memory) -> Breach | None:
    """AGG-12: after 429 as long as it says, after 503 not at once. Of a client that calls in parallel the same call."""
    found = None
    if not memory.terms.timed:
        return None
    for told, until in list(memory.waits):
        if call.begun < told.ended or call.operation == "token":
            continue
        again = call.wanted == told.wanted
        if not again and (told.exchange.status == 503 or not memory.in_turn(call, told)):
            continue
        memory.waits.remove((told, until))
        found = found or _too_soon(call, told, until, memory)
    if call.exchange.status in (429, 503) and len(memory.waits) < OPEN_WAITS:
        memory.waits.append((call, _until(call)))
    return found


def _until(call: Call) -> float:
    if call.exchange.status == 429:
        return call.ended + (call.retry_after or 0.0) * (1 - EARLY)
    return call.ended + AT_ONCE_S


def _too_soon(call: Call, told: Call, until: float, memory: Memory) -> Breach | None:
    if call.begun >= until:
        memory.held("AGG-12", call.seq, told.seq)
        return None
    gap = number(max(0.0, call.begun - told.ended))
    label = OPERATIONS[call.operation].label
    if told.exchange.status == 429:
        asked = number(told.retry_after or 0.0)
        return Breach("AGG-12", f"{label} came {gap} s after a 429 that asked to wait {asked} s.", (call.seq, told.seq))
    return Breach(
        "AGG-12", f"{label} came again {gap} s after a 503: it must be tried later, not at once.", (call.seq, told.seq)
    )


# AGG-13


def renews(call: Call, memory: Memory) -> Breach | None:
    """AGG-13: an expired token is replaced, not tried again and again."""
    if call.operation == "token" and call.exchange.ok:
        memory.renewed = True
        return None
    if call.auth == "expired":
        memory.expired.append(call)
        # Of a client that may call in parallel the same call, and those on one connection: others were on their way.
        stubborn = [one for one in memory.expired if one.wanted == call.wanted or memory.on_one(call, one)]
        if len(stubborn) == STUBBORN:
            return Breach(
                "AGG-13",
                f"{STUBBORN} calls in a row came with a token that had expired, and the client asked for no new one.",
                (call.seq, stubborn[0].seq),
            )
        del memory.expired[:-MANY]
    elif call.auth == "good" and memory.expired:
        if not memory.of("AGG-13").broken:
            memory.held("AGG-13", call.seq, memory.expired[0].seq)
        memory.expired.clear()
    return None


# AGG-14


def unsure(item: Item, call: Call, order: OrderMemory, memory: Memory) -> tuple[Breach | None, bool]:
    """AGG-14, where the order's last write got no answer: the breach, and whether this is the same item again."""
    lost = order.unsure
    if lost is None or call.begun < lost.ended:
        return None, False
    again = same(item, lost, call.operation)
    if _other_awb(item, lost) and not (lost.read and not order.awbs):
        order.unsure = None
        return Breach(
            "AGG-14",
            f"After a time-out of Update AWB order {order.id} got a second, different AWB.",
            (call.seq, lost.seq),
            order.id,
        ), False
    if not again and not lost.read:
        order.unsure = None
        label = OPERATIONS[lost.operation].label
        return Breach(
            "AGG-14",
            f"After a time-out of {label} the next write for order {order.id} was another one, and the "
            "order had not been read.",
            (call.seq, lost.seq),
            order.id,
        ), False
    memory.held("AGG-14", call.seq, lost.seq)
    order.unsure = None
    return None, again


def _other_awb(item: Item, lost: Unsure) -> bool:
    if item.event not in AWB or lost.event not in AWB:
        return False
    return bool(item.body.get("awbNumber") != lost.body.get("awbNumber"))


def lose(item: Item, call: Call, order: OrderMemory) -> None:
    """Notes that no answer came to this item, unless the client has written about the order since."""
    if order.last_begun <= call.begun:
        order.unsure = Unsure(call.operation, item.event, item.body, call.seq, call.ended, _statuses(item, order))


def _statuses(item: Item, order: OrderMemory) -> frozenset[str]:
    """The statuses under which a listing tells whether a lost write took effect: of the order before it, and after."""
    if not order.status or item.facts is None or item.event is None or not item.facts.states:
        return frozenset()
    after = [cell(state, item.event).to for state in item.facts.states]
    if item.event is Event.AUTO_DISPATCH:
        after.append(State.BAG_PICKED)
    known = (*item.facts.states, *(then for state in after for then in onward(state)))
    return frozenset([order.status, *(name for state in known for name in COARSE[state])])


def read(call: Call, memory: Memory) -> None:
    """Notes which orders with a lost write the client has read since."""
    for order in memory.orders.values():
        lost = order.unsure
        if lost and call.begun >= lost.ended and call.reads(order.id, lost.statuses):
            lost.read = True


# AGG-11


def resent(item: Item, call: Call, order: OrderMemory) -> Breach | None:
    """AGG-11: what a half-failed request has achieved is not sent again: not at once, nor later, when it is refused."""
    key = (call.operation, item.event)
    at_once = order.last is not None and order.last[2] > 0 and order.last[:2] == key
    body, seq = order.in_part.get(key, ({}, 0))
    late = item.facts is not None and dict(item.body) == dict(body) and beyond(item.facts, item.event)
    if not at_once and not late:
        return None
    label = OPERATIONS[call.operation].label
    return Breach(
        "AGG-11",
        f"{label} came again for order {order.id}, although it had succeeded there in a request that "
        "failed only in part.",
        (call.seq, seq),
        order.id,
    )


def refused(item: Item, call: Call, order: OrderMemory, terms: Terms) -> Breach | None:
    """AGG-11: an item that the host refuses is not sent again and again without a pause."""
    # The remarks of a status may differ from try to try: it is the same push.
    key = (call.operation, {name: value for name, value in item.body.items() if name != "meta"})
    if order.refused is None or order.refused.key != key:
        order.refused = Refusals(key, first=call.seq)
    found = order.refused
    pause = max(AT_ONCE_S, terms.poll_interval / 2) if terms.timed else 0.0
    found.at_once = found.at_once + 1 if found.count and call.begun - found.ended < pause else 0
    found.count += 1
    found.ended = call.ended
    if found.at_once != LOOP - 1:
        return None
    return Breach(
        "AGG-11",
        f"{OPERATIONS[call.operation].label} was refused {LOOP} times for order {order.id}, and each "
        "time came again at once: a loop without end.",
        (call.seq, found.first),
        order.id,
    )


def accepted(item: Item, call: Call, order: OrderMemory, memory: Memory, *, in_part: bool) -> None:
    """Notes that an item was taken, and that the client was told so."""
    overcome(call, order, memory)
    order.last = (call.operation, item.event, call.seq if in_part else 0)
    if in_part:
        order.in_part[call.operation, item.event] = (item.body, call.seq)


def overcome(call: Call, order: OrderMemory, memory: Memory) -> None:
    """Notes that a refusal is over: the same was taken now, whether or not the client heard of it."""
    if order.refused is not None:
        if order.refused.key[0] == call.operation and "AGG-11" not in order.broke:
            memory.held("AGG-11", call.seq, order.refused.first)
        order.refused = None


def gave_up(order: OrderMemory) -> bool:
    """Whether the last that the client did to the order was refused."""
    return order.refused is not None
