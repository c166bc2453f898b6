"""Where a host left the lifecycle table, and the walk that shows it. Knows no host and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from selfship.lifecycle import Event, State


@dataclass(frozen=True)
class Breach:
    """Where a host left the table. `calls`: each call so far, in words. `exchanges`: numbers, the telling one first.

    `cell`: of the table, None where the rule is not the cell's own. `at`: how many calls of the plan led there.
    `batch`: the last call held other items too. Where it stays so, however short the walk, it is the batch that fails.
    """

    rule: str
    message: str
    calls: tuple[str, ...]
    exchanges: tuple[int, ...]
    cell: tuple[State, Event] | None = None
    at: int = 0
    batch: bool = False

    @property
    def laid_at(self) -> tuple[str, tuple[State, Event] | None]:
        """The rule that the finding is laid at, and its cell."""
        return ("BAT-1", None) if self.batch else (self.rule, self.cell)

    @property
    def told(self) -> str:
        """What was broken, and the calls that a person can send again to see it."""
        steps = "; ".join(f"{number}. {call}" for number, call in enumerate(self.calls, 1))
        return f"{self.message}. The shortest walk that shows it, on new orders in the states given: {steps}."


class BreachError(Exception):
    """Ends a walk."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(breach.message)
        self.breach = breach
