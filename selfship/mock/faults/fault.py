"""What a seeded fault is, and the small hooks that many of them share.

A fault changes one thing at one decision point (two where one alone cannot be told) and nothing else: a host with it
breaks the rule that the fault names, and conforms to all others but those that rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.conduct import Ruling
from selfship.mock.points import Ask, Hook, Point

When = Callable[[Ask], bool]


@dataclass(frozen=True)
class Fault:
    """`how` says in words what the host does; `also` holds further hooks of the same fault.

    `breaks_too` names the other rules that it breaks in truth: what counts a success that has no effect, for one,
    also lies in its counts. Rules that merely cannot be judged any more are not among them.
    """

    name: str
    rule: str
    how: str
    at: Point
    hook: Hook
    also: tuple[tuple[Point, Hook], ...] = ()
    breaks_too: tuple[str, ...] = ()

    @property
    def hooks(self) -> Iterator[tuple[Point, Hook]]:
        yield self.at, self.hook
        yield from self.also


def always(value: Any) -> Hook:
    return lambda _, __: value


def when(test: When, hook: Hook) -> Hook:
    """`hook` where `test` holds, else the host's own value."""
    return lambda value, ask: hook(value, ask) if test(ask) else value


def on(*operations: str) -> When:
    return lambda ask: ask.operation in operations


def event(*events: Event) -> When:
    return lambda ask: ask.event in events


def state(*states: State) -> When:
    return lambda ask: ask.order is not None and ask.order.state in states


def both(*tests: When) -> When:
    return lambda ask: all(test(ask) for test in tests)


def not_(test: When) -> When:
    return lambda ask: not test(ask)


def after(*events: Event) -> When:
    """Where every one of `events` is in the order's history."""
    return lambda ask: ask.order is not None and all(ask.order.after(name) for name in events)


def takes(test: When, to: State | None = None) -> Hook:
    """Counts as successful, and applies, what the host would refuse."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if ruling.counted or not test(ask):
            return ruling
        return Ruling(counted=True, applies=True, to=to)

    return hook


def refuses(test: When, code: str = "INVALID_STATE") -> Hook:
    """Refuses, with no effect, what the host would take."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if not ruling.counted or not test(ask):
            return ruling
        return Ruling(counted=False, applies=False, code=code, message="not possible")

    return hook


def counts_only(test: When) -> Hook:
    """Counts as successful what then has no effect."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if not ruling.counted or not test(ask):
            return ruling
        return Ruling(counted=True, applies=False)

    return hook


def applies_though_refused(test: When, to: State | None = None) -> Hook:
    """Refuses, and yet moves the order."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if ruling.counted or not test(ask):
            return ruling
        return Ruling(counted=False, applies=True, to=to, code=ruling.code, message=ruling.message)

    return hook


def several(*operations: str) -> When:
    """Where the request is one of `operations` and holds more than one item."""
    return lambda ask: ask.items > 1 and (not operations or ask.operation in operations)


def returns(ask: Ask) -> bool:
    return ask.order is not None and ask.order.is_return


def two_lines(ask: Ask) -> bool:
    return ask.order is not None and len(ask.order.lines) > 1


def once(name: str) -> When:
    """True every second time that it is asked, the second time first."""

    def test(ask: Ask) -> bool:
        ask.memory[name] = not ask.memory.get(name, True)
        return bool(ask.memory[name])

    return test
