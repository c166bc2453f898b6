"""AGG-4 to AGG-9, AGG-17 and AGG-18: what a client may send about one order, as the order stands.

The lifecycle table decides what a state refuses; where the documents are silent nobody is accused.
"""

from __future__ import annotations

from selfship.lifecycle import Event, State, cell
from selfship.operations import OPERATIONS
from selfship.referee.calls import Call, Facts, Item
from selfship.referee.rules.memory import Breach, Memory, OrderMemory

AWB = (Event.AWB, Event.AUTO_DISPATCH)
SELF_SHIP_ONLY = ("awb", "status")
_BEFORE_PICKED = (State.DP_ASSIGNED, State.BAG_PACKED, State.HANDED_OVER_TO_DG)
_TO_BE_SHIPPED = {State.BAG_INVOICED, State.DP_ASSIGNED}
_TO_BE_FETCHED = {State.RETURN_INITIATED, State.RETURN_DP_ASSIGNED}
_JUST_DONE = ((Event.PACK, (State.BAG_PACKED,)), (Event.DISPATCH, (State.HANDED_OVER_TO_DG,)))
"""The step once more: reads show packed and dispatched orders alike, and nothing comes out of its order."""
_STEPS_OF_RETURN = "AWB, return_bag_in_transit, return_bag_delivered, acceptance, then the credit note"
_STEPS_FORWARD = "AWB while dp_assigned, then pack, dispatch and bag_picked, or autoDispatch alone"


def decoy(item: Item, call: Call, _: OrderMemory) -> Breach | None:
    """AGG-4: AWB and status only for self-ship orders."""
    if call.operation not in SELF_SHIP_ONLY or item.facts is None or item.facts.self_ship is not False:
        return None
    return _breach("AGG-4", item, call, "which is not self-ship (is_self_ship is false): it must be left alone.")


def lock(item: Item, call: Call, order: OrderMemory) -> Breach | None:
    """AGG-17: a locked order is left alone, as far as the client could know that it is locked."""
    if not order.locked:
        return None
    return _breach("AGG-17", item, call, "while its lockStatus was true: it should be left alone until it is false.")


def second_awb(item: Item, call: Call, _: OrderMemory) -> Breach | None:
    """AGG-18: one AWB, one courier."""
    facts = item.facts
    if item.event not in AWB or facts is None:
        return None
    if _beside(item, call):
        return _breach("AGG-18", item, call, "which the same request gives another AWB or courier.")
    if not facts.awb:
        return None
    if item.body.get("awbNumber") != facts.awb:
        return _breach("AGG-18", item, call, "which has an AWB already: a second, different one came.")
    if facts.courier and item.body.get("courierName") != facts.courier:
        return _breach("AGG-18", item, call, "which has a courier already: a second, different one came.")
    return None


def _beside(item: Item, call: Call) -> bool:
    """Whether an earlier item of the request has another AWB or courier for the same order."""
    place = next(n for n, one in enumerate(call.items) if one is item)
    told = [(one.body.get("awbNumber"), one.body.get("courierName")) for one in call.items]
    same_order = [n for n in range(place) if call.items[n].order_id == item.order_id]
    return any(told[n] != told[place] for n in same_order)


def sequence(item: Item, call: Call, order: OrderMemory) -> Breach | None:
    """AGG-5, AGG-6, AGG-8, AGG-9, and AGG-7 for what none of these has a step for."""
    facts, event = item.facts, item.event
    if facts is None or event is None or not facts.states or facts.lagging:
        return None
    if facts.is_return:
        return _of_return(item, call, facts, event)
    if event is Event.BAG_PICKED and facts.auto:
        return _breach("AGG-6", item, call, "which autoDispatch has picked already: after it bag_picked is skipped.")
    if _skips_a_step(facts, event):
        return _breach("AGG-5", item, call, f"{_standing(facts)}: {_STEPS_FORWARD}.")
    if event is Event.CREDIT_NOTE and facts.states == (State.CREDIT_NOTE_GENERATED,) and event in order.went:
        return _breach("AGG-9", item, call, "an RTO that has its credit note already: a second one came.")
    if _too_early_for_rto(facts, event):
        return _breach(
            "AGG-9",
            item,
            call,
            f"{_standing(facts)}: an RTO goes from bag_picked to rto_bag_delivered, then to the credit note.",
        )
    return _refused_status(item, call, facts, event)


def _of_return(item: Item, call: Call, facts: Facts, event: Event) -> Breach | None:
    own = (*AWB, Event.RETURN_BAG_IN_TRANSIT, Event.RETURN_BAG_DELIVERED, Event.ACCEPT_RETURN, Event.CREDIT_NOTE)
    before_awb = event is Event.RETURN_BAG_IN_TRANSIT and set(facts.states) <= _TO_BE_FETCHED and facts.awb == ""
    early = event is Event.RETURN_BAG_DELIVERED and set(facts.states) <= _TO_BE_FETCHED
    steps = event in (*AWB, Event.ACCEPT_RETURN, Event.CREDIT_NOTE, Event.PACK, Event.DISPATCH) and _refused(
        facts, event
    )
    if before_awb or early or steps:
        return _breach("AGG-8", item, call, f"{_standing(facts)}: a return goes {_STEPS_OF_RETURN}.")
    return _refused_status(item, call, facts, event) if event not in own or call.operation == "status" else None


def _refused_status(item: Item, call: Call, facts: Facts, event: Event) -> Breach | None:
    if call.operation != "status" or not _refused(facts, event):
        return None
    kind = "a return" if facts.is_return else "a forward order"
    return _breach("AGG-7", item, call, f"{kind} {_standing(facts)}, which refuses it.")


def _skips_a_step(facts: Facts, event: Event) -> bool:
    states = set(facts.states)
    if (event, facts.states) in _JUST_DONE:
        return False
    if event in (*AWB, Event.PACK, Event.DISPATCH) and _refused(facts, event):
        return True
    if event is Event.PACK:
        return states <= _TO_BE_SHIPPED and facts.awb == ""
    return event is Event.BAG_PICKED and states <= {State.DP_ASSIGNED, State.BAG_PACKED}


def _too_early_for_rto(facts: Facts, event: Event) -> bool:
    if event is Event.ACCEPT_RETURN:
        return _refused(facts, event) or set(facts.states) <= set(_BEFORE_PICKED)
    early = set(facts.states) <= set(_BEFORE_PICKED)
    if event is Event.CREDIT_NOTE:
        return early or facts.states == (State.BAG_PICKED,)
    return event is Event.RTO_BAG_DELIVERED and early


def _refused(facts: Facts, event: Event) -> bool:
    """Whether every state that the order can be in refuses the event."""
    return all(cell(state, event).outcome == "refuse" for state in facts.states)


def beyond(facts: Facts, event: Event | None) -> bool:
    """Whether an order is known to be where the event is refused."""
    return event is not None and bool(facts.states) and not facts.lagging and _refused(facts, event)


def _standing(facts: Facts) -> str:
    return f"in {' or '.join(facts.states)}"


def _breach(rule: str, item: Item, call: Call, why: str) -> Breach:
    sent = f"{item.event.value} came" if item.event and call.operation == "status" else f"{_label(item, call)} came"
    return Breach(rule, f"{sent} for order {item.order_id}, {why}", (call.seq,), str(item.order_id))


def _label(item: Item, call: Call) -> str:
    more = " with autoDispatch" if item.event is Event.AUTO_DISPATCH else ""
    more = " (credit note)" if item.event is Event.CREDIT_NOTE else more
    return OPERATIONS[call.operation].label + more


def taken(item: Item, call: Call, order: OrderMemory, memory: Memory) -> None:
    """Notes what a good item shows: which rules were put to the test by it, and kept."""
    event = item.event
    if event is None:
        return
    order.went.add(event)
    order.auto |= event is Event.AUTO_DISPATCH and not order.is_return
    if event in AWB:
        memory.held("AGG-18", call.seq)
    if call.operation == "status":
        memory.held("AGG-7", call.seq)
    if order.is_return:
        last = Event.CREDIT_NOTE if memory.terms.credit_note == "manual" else Event.ACCEPT_RETURN
        if event is last:
            memory.held("AGG-8", call.seq)
        return
    if event is Event.BAG_PICKED or event is Event.AUTO_DISPATCH:
        memory.held("AGG-5", call.seq)
    if order.auto and event in (Event.DELIVERY_DONE, Event.RTO_BAG_DELIVERED):
        memory.held("AGG-6", call.seq)
    last = Event.CREDIT_NOTE if memory.terms.credit_note == "manual" else Event.RTO_BAG_DELIVERED
    if event is last:
        memory.held("AGG-9", call.seq)
