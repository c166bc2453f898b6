"""Who gets which order, where there are too few: a pure function from stock and wishes to a plan.

With orders in plenty each scenario has orders of its own and nothing here matters (`shared` is False). Otherwise an
order walks its whole journey: scenarios that leave an order as they found it are played on its way, in each state
that it passes, and the walk then goes on. The plan is greedy: time and again the route, or the scenario of several
orders, is taken that adds most MUSTs for each order that it spends, then most checks.

Nothing is asked of a host and nothing is random: the same stock and wishes give the same plan, figure for figure. So
`selfship certify` follows it, and `selfship plan` can foretell what a run would do:

    allotment = allot(stock, asks, switches)     # stock: how many orders of each Kind; asks: what each check rests on
    forecast(allotment, asks)                    # MUSTs judged whole and in part, orders spent, what is lacking
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from selfship.itinerary import Key, Place, fits, needs_of, place_after, steps
from selfship.lifecycle import JOURNEY_OF, Event, Journey, State
from selfship.routing import Allotment, Ask, Routing, Turn, events_of, turn_of
from selfship.scenario import SCENARIOS
from selfship.scenarios import CONTROLS
from selfship.supply import Kind, Need, starts

__all__ = ["Allotment", "Ask", "Forecast", "Kind", "Turn", "allot", "forecast", "spent", "turn_of"]

NEW = (State.PLACED, State.BAG_CONFIRMED, State.CANCELLED)


@dataclass(frozen=True)
class Forecast:
    """What a conforming host would let a run judge. `orders`: spent; `naive`: were each check given its own."""

    whole: tuple[str, ...]
    in_part: tuple[str, ...]
    checks: int
    orders: int
    naive: int


def allot(
    stock: Mapping[Kind, int],
    asks: Sequence[Ask],
    switches: Mapping[str, str | None] | None = None,
    also: Iterable[Key] = (),
) -> Allotment:
    """The plan for `asks` with the orders of `stock`. `switches`: what is known of the host's readings.

    `also`: scenarios that are wanted besides, though no check rests on them alone.
    """
    keys = sorted({*also, *(key for ask in asks for key in ask.keys)}, key=turn_of)
    short = _short(stock, keys)
    shared = [key for key in keys if any(_family(need) in short for need in needs_of(key))]
    own = tuple(key for key in keys if key not in shared)
    if not shared:
        return Allotment(free=own)
    return Routing(stock, shared, own, asks, switches or {}).plan()


def forecast(allotment: Allotment, asks: Iterable[Ask]) -> Forecast:
    """Which MUSTs are judged, by that plan, on a host that conforms and has the orders.

    What a check needs besides orders of its own (a second location, listings of more than one page) is not foreseen.
    """
    gentle = {turn.key for turn in allotment.turns if turn.gentle}
    taken = _accepted(allotment)
    said: dict[str, list[bool]] = {}
    checks = naive = 0
    for ask in asks:
        judged = ask.keys <= allotment.played and ask.controls <= taken
        judged &= not (allotment.shared and any(SCENARIOS[name].spares for name, _ in ask.keys))
        judged &= ask.level == "MUST" or not ask.keys & gentle
        checks += judged
        naive += sum(need.count for key in ask.keys for need in needs_of(key)) if judged else 0
        if ask.level == "MUST":
            said.setdefault(ask.requirement, []).append(judged)
    whole = tuple(sorted(one for one, all_of in said.items() if all(all_of)))
    part = tuple(sorted(one for one, all_of in said.items() if any(all_of) and not all(all_of)))
    return Forecast(whole, part, checks, spent(allotment), naive)


def spent(allotment: Allotment) -> int:
    """Orders that the plan leads anywhere, or gives to a scenario of their own."""
    slots = {slot for turn in allotment.turns for slot in turn.slots}
    return len(slots) + sum(need.count for key in allotment.free for need in needs_of(key))


def _accepted(allotment: Allotment) -> set[Event]:
    """Events that a conforming host takes while the plan is played."""
    found: set[Event] = set()
    at = {slot: Place(kind.state) for slot, kind in enumerate(allotment.orders)}
    for turn in allotment.turns:
        if turn.during is None and len(turn.slots) == 1:
            (slot,) = turn.slots
            led = steps(at[slot], turn.key)
            found.update(led or ())
            at[slot] = place_after(at[slot], led or ())
    found.update(events_of(allotment.free))
    return found | {event for event, name in CONTROLS.items() if (name, None) in allotment.played}


def _family(need: Need) -> str:
    """Needs that are met from the same orders."""
    if not need.self_ship or need.other_location:
        return "elsewhere" if need.other_location else f"channel {JOURNEY_OF[need.state].value}"
    if JOURNEY_OF[need.state] is Journey.RETURN:
        return "return"
    return "new" if need.state in NEW else "forward"


def _short(stock: Mapping[Kind, int], keys: Sequence[Key]) -> set[str]:
    """The families of which not everybody can have orders of their own."""
    return {_family(need) for _, need, start in _draws(stock, keys) if start is None}


def awaited(stock: Mapping[Kind, int], keys: Sequence[Key]) -> dict[Key, Counter[State]]:
    """How many orders each scenario will draw from each state, where they are served in that order."""
    found = {key: Counter[State]() for key in keys}
    for key, need, start in _draws(stock, keys):
        if start is not None:
            found[key][start] += need.count
    return found


def _draws(stock: Mapping[Kind, int], keys: Sequence[Key]) -> Iterator[tuple[Key, Need, State | None]]:
    """What each scenario needs, in turn, and from which state it is drawn; None where it is not there."""
    left = Counter(dict(stock))
    for key in keys:
        for need in needs_of(key):
            start = _drawn(left, need)
            if start is None and need.divisible:
                start = _drawn(left, Need(need.state, need.count))
            yield key, need, start


def _drawn(left: Counter[Kind], need: Need) -> State | None:
    """Takes what `need` wants from `left`, as the supply would: from which state, None where it is not there."""
    for start in starts(need):
        kinds = [kind for kind in sorted(left) if kind.state is start and fits(kind, need)]
        if sum(left[kind] for kind in kinds) >= need.count:
            wanted = need.count
            for kind in kinds:
                taken = min(wanted, left[kind])
                left[kind] -= taken
                wanted -= taken
            return start
    return None
