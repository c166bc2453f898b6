"""What to ask the host's owner for, so that nothing that orders can mend is left untestable: a list to send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selfship.lifecycle import JOURNEY_OF, Journey, State
from selfship.planning.rehearsal import Lack
from selfship.profile import Profile
from selfship.supply import BEGINNINGS, Need, starts
from selfship.touch import Touch


@dataclass(frozen=True)
class Wish:
    """So many orders in one state. `divisible`: with two lines, or a quantity above 1, for some checks need that."""

    state: State
    count: int
    divisible: bool = False
    self_ship: bool = True
    other_location: bool = False


Place = tuple[bool, bool, State]
"""Where an owner prepares orders: at the other location, not self-ship, and in which state."""


def wishes(lacks: Iterable[Lack], wanted: Iterable[Need], found: Iterable[Need]) -> list[Wish]:
    """So many orders that each scenario has its own, wherever some lack any. `found`: one for each that is there.

    Fewer would be shared out, and some scenario that wants many at once would go without.
    """
    short = {_place(lack.need) for lack in lacks}
    asked, divisible = Counter[Place](), set[Place]()
    for need in wanted:
        asked[_place(need)] += need.count
        # All of them: who does not care takes the first that comes.
        divisible |= {_place(need)} if need.divisible or need.rather_divisible else set()
    for one in found:
        asked[_place(one)] -= 1
    order = list(State)
    places = sorted((place for place in short if asked[place] > 0), key=lambda at: (*at[:2], order.index(at[2])))
    return [
        Wish(state, asked[at], at in divisible, not other_ship, elsewhere)
        for at in places
        for elsewhere, other_ship, state in [at]
    ]


def _place(need: Need) -> Place:
    return need.other_location, not need.self_ship, begins(need)


def begins(need: Need) -> State:
    """The state that an owner can best prepare: where orders begin, and that leads to the needed one."""
    if need.state in BEGINNINGS:
        return need.state
    return next((state for state in starts(need) if state in BEGINNINGS), need.state)


def letter(asked: list[Wish], profile: Profile, besides: Iterable[str]) -> Iterator[str]:
    """The lines to send; none where there is nothing to ask for."""
    if asked:
        yield f"Please prepare on {profile.url}, for a conformance run of the self-ship API:"
        yield from (f"- {_line(wish, profile)}" for wish in asked)
        yield "They must be unlocked (lockStatus false), carry no AWB yet, and be left alone by everybody else."
        yield from _fenced(profile.touch)
    for number, remark in enumerate(besides):
        if number == 0:
            yield "Besides:" if asked else f"For a conformance run of the self-ship API on {profile.url}:"
        yield f"- {remark}"


def _line(wish: Wish, profile: Profile) -> str:
    back = JOURNEY_OF[wish.state] is Journey.RETURN
    what = ("return" if back else "forward order") + ("s" if wish.count != 1 else "")
    code = profile.other_location if wish.other_location else profile.location
    where = f" at location {code}" if code else " at the other location" if wish.other_location else ""
    flag = "true" if wish.self_ship else "false"
    parts = ", each with two lines or a quantity above 1" if wish.divisible else ""
    return f"{wish.count} {what} in {wish.state.value} with is_self_ship = {flag}{where}{parts}"


def _fenced(touch: Touch) -> Iterator[str]:
    if touch.channels:
        yield f"They must be of the ordering channel {' or '.join(touch.channels)}."
    elif touch.orders and not touch.locations:
        yield "Please send their ids: the run writes to orders that are named by id, and to no others."
