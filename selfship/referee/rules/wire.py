"""AGG-1, AGG-2, AGG-3, AGG-16: what a single call looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from selfship import contract
from selfship.operations import MAX_ITEMS, OPERATIONS
from selfship.referee.calls import Call, Item, lines_of
from selfship.referee.rules.memory import Breach, Memory, OrderMemory

DIGITS = 15
"""So many digits a number of 64 bits holds exactly."""


def token(call: Call, memory: Memory) -> Breach | None:
    """AGG-1: the token travels in its header and nowhere else."""
    if call.operation == "token":
        return None
    label = OPERATIONS[call.operation].label
    if call.sent_token:
        return Breach(
            "AGG-1",
            f"{label} carried the token {_place(call.sent_token)}: it belongs into the header x-access-token.",
            (call.seq,),
        )
    if call.auth == "unknown":
        return Breach("AGG-1", f"{label} came with an x-access-token that was never issued.", (call.seq,))
    if call.auth == "missing" and memory.renewed:
        return Breach("AGG-1", f"{label} came without x-access-token, though the client has a token.", (call.seq,))
    if call.auth == "good":
        memory.held("AGG-1", call.seq)
    return None


def _place(places: tuple[str, ...]) -> str:
    return " and ".join({"query": "in the query string", "authorization": "in Authorization"}[each] for each in places)


def limit(call: Call, memory: Memory) -> Breach | None:
    """AGG-3: at most 20 items."""
    if not OPERATIONS[call.operation].bulk or not isinstance(call.body, list):
        return None
    if len(call.body) > MAX_ITEMS:
        label = OPERATIONS[call.operation].label
        return Breach("AGG-3", f"{label} carried {len(call.body)} items; at most {MAX_ITEMS} are allowed.", (call.seq,))
    memory.held("AGG-3", call.seq)
    return None


def body(call: Call, memory: Memory) -> Breach | None:
    """AGG-2: the body fits the contract. Ids that nobody read are `unknown_id`'s."""
    operation = OPERATIONS[call.operation]
    if operation.method == "GET":
        return None
    if call.exchange.request_body is None and not memory.terms.complete:
        # The recording leaves it out.
        return None
    if call.body is None:
        return Breach("AGG-2", f"{operation.label} carried a body that is not JSON.", (call.seq,))
    wrong = next(iter(contract.complaints(f"{operation.name}.request", call.body, memory.terms.edition)), None)
    if wrong is not None:
        return Breach("AGG-2", f"{operation.label} carried a body that does not fit the contract: {wrong}", (call.seq,))
    memory.held("AGG-2", call.seq)
    return None


def strange_ids(call: Call) -> Iterator[Breach]:
    """AGG-2: each id is one that the client has read."""
    for item in call.items:
        if item.facts is None and isinstance(item.order_id, str):
            label = OPERATIONS[call.operation].label
            named = json.dumps(item.order_id)[:60]
            yield Breach(
                "AGG-2",
                f"{label} named orderId {named}, and no order of this client has that id: ids are sent "
                "exactly as they were read.",
                (call.seq,),
            )


def altered_ids(call: Call, memory: Memory) -> Iterator[Breach]:
    """AGG-2: no id is one that the client has read, with blanks, zeros or a rounding added. Also of what it asks for.

    Another id that nobody has read may be an order from before: only for writes does a referee know better.
    """
    sent = [] if memory.terms.complete else [one.order_id for one in call.items if isinstance(one.order_id, str)]
    for named in filter(None, (*sent, call.looks_for)):
        if memory.has_read(named):
            continue
        meant = next(filter(memory.has_read, (named.strip(), named.lstrip("0"))), None) or memory.rounded.get(named)
        if meant:
            yield Breach(
                "AGG-2",
                f"{OPERATIONS[call.operation].label} named order {json.dumps(named)[:60]}, which was read as {meant}: "
                "ids are sent exactly as they were read.",
                (call.seq,),
            )


def rounded(order_id: str) -> set[str]:
    """What becomes of an id on its way through a number of 64 bits."""
    if not (order_id.isascii() and order_id.isdigit() and len(order_id) > DIGITS):
        return set()
    shortest = repr(float(order_id))
    return {shortest, f"{float(order_id):.0f}", f"{Decimal(shortest):f}"} - {order_id}


def lines(item: Item, call: Call, order: OrderMemory) -> Breach | None:
    """AGG-2: the items of an order are named by the ids that were read."""
    strange = next((one for one in lines_of(item.body) if order.lines and one not in order.lines), None)
    if strange is None:
        return None
    return Breach(
        "AGG-2",
        f"{OPERATIONS[call.operation].label} named orderItemId {json.dumps(strange)[:60]} of order {order.id}, which "
        "was read with no such item: ids are sent exactly as they were read.",
        (call.seq,),
        order.id,
    )


def location(call: Call, memory: Memory) -> Breach | None:
    """AGG-16: with company-level credentials each read names its location. /info has no documented parameter for it."""
    if not memory.terms.company or call.operation != "shipment":
        return None
    if not call.query.get("locationCode"):
        return Breach(
            "AGG-16",
            "GET /oms/v3/shipment came without locationCode, which company-level credentials need.",
            (call.seq,),
        )
    memory.held("AGG-16", call.seq)
    return None
