"""Where an order stands, and where a scenario would lead it on a conforming host. Pure: nothing is sent or drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from selfship import ways
from selfship.lifecycle import AUTOMATIC, Event, State, cell
from selfship.scenario import SCENARIOS
from selfship.supply import BEGINNINGS, Kind, Need

Key = tuple[str, Any]
"""A scenario's name and its parameter, None where it has none."""


@dataclass(frozen=True, order=True)
class Place:
    """An order's state and what this run has led it through."""

    state: State
    history: tuple[Event, ...] = ()

    @property
    def bare(self) -> bool:
        return not any(event in ways.AWB_EVENTS for event in self.history)


@cache
def needs_of(key: Key) -> tuple[Need, ...]:
    return SCENARIOS[key[0]].needs(key[1])


def fits(kind: Kind, need: Need) -> bool:
    """Whether orders of that kind meet `need`, their state aside."""
    if kind.self_ship is not need.self_ship or kind.other_location is not need.other_location:
        return False
    return kind.divisible or not need.divisible


def way_to(place: Place, goal: State) -> tuple[Event, ...] | None:
    """The events that lead an order from its place to the state `goal`, None where there is no way."""
    found: tuple[Event, ...] = ()
    while place.state is not goal:
        way = ways.path(place.state, goal)
        if not way:
            return None
        event = way[1] if way[0] is Event.AWB and not place.bare and len(way) > 1 else way[0]
        found = (*found, event)
        place = place_after(place, (event,))
    return found


def place_after(place: Place, events: Sequence[Event]) -> Place:
    return passed(place, events)[-1] if events else place


def passed(place: Place, events: Sequence[Event]) -> list[Place]:
    """The places that an order comes to by these events, the last where it stays."""
    found = []
    for event in events:
        to = cell(place.state, event).to or place.state
        place = Place(AUTOMATIC.get(to, to), (*place.history, event))
        found.append(place)
    return found


@cache
def steps(place: Place, key: Key, passing: frozenset[State] = frozenset()) -> tuple[Event, ...] | None:
    """What a scenario, and the way to it, would fire on an order at `place`; None where it cannot be played on it.

    () leaves the order as it is. `passing`: states that this host leaves by itself.
    """
    which, (need, *_) = SCENARIOS[key[0]], needs_of(key)
    walks = which.walks(key[1])
    rest = joined(place, key)
    if rest is not None:
        return rest
    way = way_to(place, need.state)
    if way is None or need.state in passing or (way and not need.self_ship):
        return None
    there = place_after(place, way)
    if need.walked and need.state not in BEGINNINGS and not there.history:
        return None
    wants_bare = which.bare or bool(walks and walks[0] in ways.AWB_EVENTS)
    if wants_bare and not there.bare:
        return None
    return (*way, *(walks or ()))


def joined(place: Place, key: Key) -> tuple[Event, ...] | None:
    """What is left of a scenario that goes on from what an order has taken already; None where it begins anew."""
    which = SCENARIOS[key[0]]
    walks = which.walks(key[1])
    if not which.joins or not walks:
        return None
    first, then = walks[: which.joins], walks[which.joins :]
    rest = ways.left(place.history, first)
    done = first[: len(first) - len(rest)]
    came = place_after(Place(needs_of(key)[0].state), done)
    return (*rest, *then) if done and came.state is place.state else None
