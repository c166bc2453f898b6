"""Looks for a walk that a host does not survive, with Hypothesis, and makes it as short as the orders last.

Shrinking is ours: Hypothesis shrinks the bits that a walk was drawn from, and by that a walk changes its meaning, where
orders are too dear to try hundreds. Calls are left out one by one; no walk is walked twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from selfship.lifecycle import Event, State
from selfship.walking.breach import Breach
from selfship.walking.model import Reading
from selfship.walking.plans import Plan, plans, trimmed

Walk = Callable[[Plan], Breach | None]


@dataclass
class Search:
    """`walked`: plans that were walked, `shrinks` of them to make a breach shorter; that ends after `budget` walks,
    or `patience_s` seconds. `best`: the shortest breach, with its plan.
    """

    walk: Walk
    examples: int
    budget: int
    patience_s: float = 8.0
    walked: int = 0
    shrinks: int = 0
    best: tuple[Plan, Breach] | None = None
    exhausted: str = ""
    _tried: set[Plan] = field(default_factory=set)
    _until: float = 0.0

    def run(self, reading: Reading, seed_: int) -> Breach | None:
        """The shortest breach found, None where every walk kept to the table."""

        def one(plan: Plan) -> None:
            if self.best is None and self.walked < self.examples and plan.calls:
                self._fails(plan)

        chosen = settings(
            # More than wanted: the first example of all is the empty walk, and now and then comes another.
            max_examples=4 * self.examples + 2,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        seed(seed_)(chosen(given(plan=plans(reading))(one)))()
        self._until = time.monotonic() + self.patience_s
        while self.best is not None and any(self._shorter(plan) for plan in _shorter(self.best[0])):
            pass
        return self.best[1] if self.best else None

    def confirmed(self, tries: int) -> tuple[int, int]:
        """Walks the shortest breach again: how often it was seen, of how many walks of it, the first included."""
        if self.best is None:
            return 0, 0
        plan, first = self.best
        failed = seen = 1
        for _ in range(tries):
            try:
                breach = self.walk(plan)
            except LookupError:
                break
            seen += 1
            failed += breach is not None and breach.laid_at == first.laid_at
        return failed, seen

    def _shorter(self, plan: Plan) -> bool:
        """Whether `plan` fails too, and so is the one to go on from."""
        if plan in self._tried or self.shrinks >= self.budget or time.monotonic() > self._until:
            return False
        self.shrinks += 1
        return self._fails(plan)

    def _fails(self, plan: Plan) -> bool:
        """Walks `plan`; a breach of the same rule in a shorter walk becomes the best."""
        if self.exhausted:
            return False
        self._tried.add(plan)
        try:
            breach = self.walk(plan)
        except LookupError as lack:
            self.exhausted = str(lack)
            return False
        self.walked += 1
        if breach is None or not self._alike(breach):
            return False
        self.best = (_first(plan, breach.at), breach)
        return True

    def _alike(self, breach: Breach) -> bool:
        """Whether it is the fault that is being made shorter, and not another one that came in the way."""
        return self.best is None or breach.rule == self.best[1].rule or breach.laid_at == self.best[1].laid_at


def _first(plan: Plan, count: int) -> Plan:
    return trimmed(replace(plan, calls=plan.calls[:count]))


def _shorter(plan: Plan) -> Iterator[Plan]:
    """Shorter walks than `plan` that may fail as it does, the boldest first."""
    last = plan.calls[-1]
    everyone = frozenset(range(len(plan.starts)))
    for number, _ in last:
        yield _only(plan, frozenset((number,)))
    for number in everyone:
        yield _only(plan, everyone - {number})
    if plan.starts == (State.PLACED,):
        led = list(plan.calls)
        for event in (Event.CONFIRM, Event.INVOICE):
            if ((0, event),) in led:
                led.remove(((0, event),))
        yield Plan((State.DP_ASSIGNED,), tuple(led))
    for place in reversed(range(len(plan.calls) - 1)):
        yield trimmed(replace(plan, calls=plan.calls[:place] + plan.calls[place + 1 :]))
    for place, call in enumerate(plan.calls):
        for item in call if len(call) > 1 else ():
            fewer = tuple(one for one in call if one != item)
            yield trimmed(replace(plan, calls=(*plan.calls[:place], fewer, *plan.calls[place + 1 :])))


def _only(plan: Plan, orders: frozenset[int]) -> Plan:
    """`plan` with the items of some orders alone."""
    kept = (tuple(item for item in call if item[0] in orders) for call in plan.calls)
    return trimmed(replace(plan, calls=tuple(call for call in kept if call)))
