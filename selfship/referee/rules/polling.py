"""AGG-15: how often a client asks for orders, and how."""

from __future__ import annotations

from selfship.operations import OPERATIONS
from selfship.referee.calls import Call, number
from selfship.referee.rules.memory import Breach, Memory

EARLY = 0.25
"""Of the interval that the client was told, so much may be lacking: timers of both sides differ."""
REMEMBERED = 500


def polls(call: Call, memory: Memory) -> Breach | None:
    """AGG-15 of a listing: it names a status, and the same one is not asked for again sooner than the interval.

    A listing after a write of the client's own looks at what became of it: that is no poll.
    """
    if call.operation not in ("shipment", "info") or call.query.get("orderId"):
        return None
    label = OPERATIONS[call.operation].label
    if not call.query.get("orderStatus"):
        return Breach("AGG-15", f"{label} came with neither orderStatus nor orderId.", (call.seq,))
    if not call.exchange.ok or not memory.terms.poll_interval:
        return None
    before = memory.polls.get(call.polled)
    if len(memory.polls) < REMEMBERED or before:
        memory.polls[call.polled] = (call.begun, call.seq)
    if before is None or memory.wrote >= before[0]:
        return None
    gap, told = call.begun - before[0], memory.terms.poll_interval
    if gap >= told * (1 - EARLY):
        memory.held("AGG-15", call.seq, before[1])
        return None
    status = call.query["orderStatus"]
    return Breach(
        "AGG-15",
        f"The listing of {status} was asked for again after {number(gap)} s ({label}); "
        f"the interval is {number(told)} s.",
        (call.seq, before[1]),
    )
