"""What a scenario is, and what is left of it: who does what, on which orders. A scenario asserts nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from selfship.answers import Answer
from selfship.lifecycle import Cell, Event, State
from selfship.orders import View
from selfship.supply import Need, NoSupplyError

if TYPE_CHECKING:
    from selfship.flow import Flow


@dataclass
class Step:
    """One thing that a scenario did to one order, and what the host made of it.

    `outcome`: `accepted`, `refused`, `not_applied` (counted as done, never shown), `applied` (refused, yet changed),
    `unclear` (its answer cannot be read), `server_error`, `no_answer`. `message`: who did what, and what came of it.
    """

    name: str
    rule: str
    order: str
    state: State | None
    event: Event | None
    outcome: str
    message: str
    exchanges: list[int]
    answer: Answer | None = None
    cell: Cell | None = None
    before: View | None = None
    after: View | None = None


class BrokenError(Exception):
    """A scenario cannot go on: `step` was not taken as the documents say."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.message)
        self.step = step


class PassedByError(Exception):
    """Nothing can be probed in `state`: the host leaves it by itself (a switch says `auto`), or `reason` says why."""

    def __init__(self, state: State, reason: str = "") -> None:
        super().__init__(reason or f"this host leaves {state.value} by itself")
        self.state = state


TRIED = "tried"
"""Kept by a scenario that tries what it found again by itself: how often it failed, of how many times."""


@dataclass
class Recording:
    """What is left of a scenario once it has run. Judgements read it; nothing changes it any more.

    At most one of `broken`, `missing`, `passed_by` and `crashed` says why it ended early. `spared`: why a gentle
    scenario left out what only advice forbids. `lost`: writes whose answers never came and that nothing has resolved.
    """

    scenario: str
    steps: dict[str, Step] = field(default_factory=dict)
    kept: dict[Any, Any] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    exchanges: list[int] = field(default_factory=list)
    broken: Step | None = None
    missing: NoSupplyError | None = None
    passed_by: PassedByError | None = None
    crashed: BaseException | None = None
    seconds: float = 0.0
    spared: str = ""
    lost: list[int] = field(default_factory=list)


Play = Callable[..., None]


@dataclass(frozen=True)
class Scenario:
    """A registered scenario. `weight`: about how many dependent requests it makes, or could in the time that it
    takes, so that the longest start first.

    How it treats its orders, for a run that has too few of them (`selfship.allotment`):
    `walks`: the events that a conforming host takes from it, in their order; () leaves an order as it was found, and
    None spends it: nobody knows where it stands afterwards. `joins`: so many of these events, at most, an order may
    have taken before; it then goes on from there. `bare`: it wants an order without any AWB. `gentle`: it can leave
    out what only advice forbids, so that a host that takes that does not spoil the order for others. `spares`: it takes
    orders only where nobody else wants them. `calm`: it only reads, and what others write meanwhile would blur it: on a
    pool it is played before they begin. `imports`: a module that takes long to import, and that it needs.
    """

    name: str
    play: Play
    needs: Callable[[Any], tuple[Need, ...]]
    params: tuple[Any, ...]
    weight: int
    about: str
    walks: Callable[[Any], tuple[Event, ...] | None] = lambda _: None
    joins: int = 0
    bare: bool = False
    gentle: bool = False
    spares: bool = False
    calm: bool = False
    imports: str = ""

    def key(self, param: Any = None) -> str:
        return self.name if param is None else f"{self.name}[{param}]"


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *needs: Need,
    params: tuple[Any, ...] = (),
    per_param: Callable[[Any], tuple[Need, ...]] | None = None,
    weight: int = 8,
    walks: tuple[Event, ...] | Callable[[Any], tuple[Event, ...] | None] | None = None,
    joins: int = 0,
    bare: bool = False,
    gentle: bool = False,
    spares: bool = False,
    calm: bool = False,
    imports: str = "",
) -> Callable[[Play], Play]:
    """Registers `play(flow, *orders)` (with `params`: `play(flow, param, *orders)`) under its own name.

    An order is passed for each need; for a need of several, their list. The rest: see `Scenario`.
    """

    def register(play: Play) -> Play:
        name = play.__name__
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name}")
        wants = per_param or (lambda _: needs)
        led = walks if callable(walks) else lambda _: walks
        about = (play.__doc__ or "").strip()
        SCENARIOS[name] = Scenario(
            name, play, wants, params, weight, about, led, joins, bare, gentle, spares, calm, imports
        )
        return play

    return register


def run_scenario(which: Scenario, param: Any, flow: Flow) -> Recording:
    """Plays a scenario with the orders that it needs; whatever ends it early is in the recording."""
    try:
        arguments: list[Any] = [] if param is None else [param]
        for need in which.needs(param):
            orders = flow.lease(need)
            arguments.append(orders if need.count > 1 else orders[0])
        which.play(flow, *arguments)
    except BrokenError as exc:
        flow.recording.broken = exc.step
    except NoSupplyError as exc:
        flow.recording.missing = exc
    except PassedByError as exc:
        flow.recording.passed_by = exc
    except Exception as exc:  # noqa: BLE001 - the kit's own fault: carried to the tests, which say so
        flow.recording.crashed = exc
    return flow.recording
