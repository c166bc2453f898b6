"""What an order that a run has written to needs, so that its owner is not left with it: in words, from the table.

Only what the host shows counts: a run that was killed knows no more. Where several states look alike, the sentence
names them all and the way on from the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from selfship.lifecycle import AUTOMATIC, COARSE, JOURNEY_OF, Event, Journey, State, cell
from selfship.results import Residue
from selfship.ways import path

OVER = (State.DELIVERY_DONE, State.CANCELLED, State.CREDIT_NOTE_GENERATED)
"""States after which nobody has anything to do with an order."""
AS_FOUND = "nothing: it is as it was found"
ENDED = "nothing: its journey is over"
NEXT = {
    Event.CONFIRM: "confirm it",
    Event.INVOICE: "invoice it",
    Event.AWB: "give it an AWB",
    Event.AUTO_DISPATCH: "give it an AWB with autoDispatch",
    Event.PACK: "pack it",
    Event.DISPATCH: "dispatch it",
    Event.ACCEPT_RETURN: "accept it by POST /return",
    Event.CREDIT_NOTE: "make its credit note",
}


@dataclass(frozen=True)
class Shown:
    """An order as one read showed it, as far as the ledger cares."""

    status: str | None
    awbs: tuple[str, ...] = ()
    courier: str | None = None
    journey: str | None = None


def needs(before: Shown | None, after: Shown | None) -> str:
    """What somebody has to do with the order; a sentence that begins with `nothing` where that is nothing."""
    if after is None:
        return "look at it: it was written to and never read"
    possible = states(after.status, after.journey)
    if before is not None and _same(before, after) and len(possible) == 1:
        return AS_FOUND
    if not possible:
        return f"look at it: {after.status} is no status that the documents know"
    if all(state in OVER for state in possible):
        return ENDED
    awb = f" with AWB {', '.join(after.awbs)}" if after.awbs else ""
    names = " or ".join(state.value for state in possible)
    return f"it is in {names}{awb}: {_way_on(possible[0], has_awb=bool(after.awbs))}"


def is_over(needed: str) -> bool:
    """Whether a sentence of `needs` asks for nothing."""
    return needed.startswith("nothing")


def in_need_first(row: Residue) -> tuple[bool, str]:
    """Sorts what a run left behind: those orders first that somebody has to see to."""
    return is_over(row.needs), row.order


def _same(before: Shown, after: Shown) -> bool:
    return (before.status, before.awbs, before.courier) == (after.status, after.awbs, after.courier)


@cache
def states(status: str | None, journey: str | None) -> tuple[State, ...]:
    """The states that an order may be in which shows that, in the order of the journey."""
    is_return = None if journey is None else journey == "return"
    found = [
        state
        for state in State
        # A status that is a state's usual one; others may show it too.
        if status is not None and COARSE[state] and status == COARSE[state][0] and state not in AUTOMATIC
    ]
    fits = [state for state in found if is_return is None or (JOURNEY_OF[state] is Journey.RETURN) is is_return]
    return tuple(fits or found)


@cache
def _way_on(state: State, *, has_awb: bool) -> str:
    goal = State.DELIVERY_DONE if path(state, State.DELIVERY_DONE) is not None else State.CREDIT_NOTE_GENERATED
    # An order that has its AWB goes on without a second one.
    via = tuple(event for event in Event if event is not Event.AUTO_DISPATCH) if has_awb else ()
    events = [event for event in path(state, goal, via=via) or () if not (has_awb and event is Event.AWB)]
    steps = [NEXT.get(event, f"push {event.value}") for event in events]
    on = ", ".join(steps) if steps else "look at it"
    outcome = cell(state, Event.CANCEL).outcome if JOURNEY_OF[state] is Journey.FORWARD else ""
    return on + {"accept": "; or cancel it", "observe": "; or try to cancel it"}.get(outcome, "")
