"""How an order is walked from one state to another, by the events that the lifecycle table accepts."""

from __future__ import annotations

from collections.abc import Sequence

from selfship.lifecycle import AUTOMATIC, TABLE, Event, State

AWB_EVENTS = (Event.AWB, Event.AUTO_DISPATCH)


def path(start: State, goal: State, *, via: tuple[Event, ...] = ()) -> tuple[Event, ...] | None:
    """The shortest list of accepted events from `start` to `goal`, None where there is none.

    States that a host leaves by itself are passed without an event. `AWB` is put before the first event that
    needs one. With `via` only those events are used.
    """
    start = AUTOMATIC.get(start, start)
    goal = AUTOMATIC.get(goal, goal)
    frontier: list[tuple[State, tuple[Event, ...]]] = [(start, ())]
    seen = {start}
    while frontier:
        state, events = frontier.pop(0)
        if state is goal:
            return events
        for event, entry in TABLE[state].items():
            if entry.outcome != "accept" or entry.to is None or (via and event not in via):
                continue
            then = AUTOMATIC.get(entry.to, entry.to)
            if then in seen:
                continue
            seen.add(then)
            before = (Event.AWB,) if entry.needs_awb else ()
            frontier.append((then, (*events, *before, event)))
    return None


def left(history: Sequence[Event], events: Sequence[Event]) -> tuple[Event, ...]:
    """What is still to be done of `events` on an order that has taken `history`: the last of it may be their first."""
    for done in range(min(len(history), len(events)), 0, -1):
        if tuple(history[-done:]) == tuple(events[:done]):
            return tuple(events[done:])
    return tuple(events)
