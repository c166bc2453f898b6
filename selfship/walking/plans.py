"""Random walks as data: which orders, which calls. Drawn before anything is sent, from a model that conforms.

Every choice is made of single bits: Hypothesis draws these alike wherever the kit is installed, while its integers lean
on constants that it finds in the source code about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st

from selfship.lifecycle import EVENTS, NDR_EVENTS, TABLE, Event, State
from selfship.walking.model import ALPHABET, Model, Reading

T = TypeVar("T")
Item = tuple[int, Event]
Draw = Callable[[st.SearchStrategy[bool]], bool]

STARTS = (State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED, State.DP_ASSIGNED, State.PLACED)
"""Where an order of a walk begins; the commonest twice."""
ORDERS = 3
CALLS = 12

_BIT = st.booleans()


@dataclass(frozen=True)
class Plan:
    """`starts`: the state of each order, by its number. `calls`: the requests, each a list of (order, event)."""

    starts: tuple[State, ...]
    calls: tuple[tuple[Item, ...], ...]


def _pick(draw: Draw, choices: Sequence[T]) -> T:
    place = 0
    for _ in range((len(choices) - 1).bit_length()):
        place = 2 * place + draw(_BIT)
    return choices[place % len(choices)]


def _seldom(draw: Draw) -> bool:
    return draw(_BIT) and draw(_BIT) and draw(_BIT)


def _events(model: Model, reading: Reading, *outcomes: str) -> list[Event]:
    found = [event for event in ALPHABET if event in TABLE[model.state] and not model.lost]
    # The strict edition of the documents has no such status.
    known = [event for event in found if reading.edition != "strict" or event not in NDR_EVENTS]
    return [event for event in known if model.cell(event, reading).outcome in outcomes]


def _event(draw: Draw, model: Model, reading: Reading) -> Event | None:
    """The next event of an order: a legal one mostly, else one that must be refused, seldom one that is left open."""
    legal = _events(model, reading, "accept")
    if Event.CANCEL in legal:
        # It ends the walk of that order.
        legal = [event for event in legal if event is not Event.CANCEL] * 3 + [Event.CANCEL]
    illegal = _events(model, reading, "refuse", "unchanged")
    if _seldom(draw) and (left_open := _events(model, reading, "observe")):
        return _pick(draw, left_open)
    wanted = legal if illegal == [] or (legal and (draw(_BIT) or draw(_BIT))) else illegal
    return _pick(draw, wanted) if wanted else None


def _beside(draw: Draw, model: Model, reading: Reading, operation: str) -> Event | None:
    """What another order may get in the same request."""
    fits = [
        event
        for event in _events(model, reading, "accept", "refuse", "unchanged")
        if EVENTS[event].operation == operation
    ]
    legal = [event for event in fits if model.cell(event, reading).outcome == "accept"]
    return _pick(draw, legal + fits) if fits else None


@st.composite
def plans(draw: st.DrawFn, reading: Reading) -> Plan:
    """Walks over several orders, batches and single items, legal and illegal events in every mix."""
    models = [Model(_pick(draw, STARTS)) for _ in range(ORDERS)]
    starts = tuple(model.state for model in models)
    calls: list[tuple[Item, ...]] = []
    # The first example of all is the one of zero bits: an empty walk, which costs no order.
    for _ in range(CALLS if draw(_BIT) or draw(_BIT) or draw(_BIT) else 0):
        first = _pick(draw, range(ORDERS))
        event = _event(draw, models[first], reading)
        if event is None:
            continue
        items = [(first, event)]
        if draw(_BIT):
            for number, model in enumerate(models):
                other = _beside(draw, model, reading, EVENTS[event].operation) if number != first else None
                if other is not None:
                    items.append((number, other))
        _foresee(items, models, reading)
        calls.append(tuple(items))
    return trimmed(Plan(starts, tuple(calls)))


def _foresee(items: Sequence[Item], models: Sequence[Model], reading: Reading) -> None:
    """Leads the models to where a conforming host leads the orders; what the rules leave open, nowhere."""
    for number, event in items:
        cell = models[number].cell(event, reading)
        if cell.outcome == "accept":
            models[number].take(event, cell, reading)
        elif cell.outcome == "observe":
            models[number].lost = True
        elif event is Event.AUTO_DISPATCH and cell.outcome == "unchanged":
            models[number].history.append(event)
            models[number].awb = True


def trimmed(plan: Plan) -> Plan:
    """The same walk, its orders numbered as they come up and those left out that never do."""
    numbers: dict[int, int] = {}
    for call in plan.calls:
        for number, _ in call:
            numbers.setdefault(number, len(numbers))
    calls = tuple(tuple((numbers[number], event) for number, event in call) for call in plan.calls)
    return replace(plan, starts=tuple(plan.starts[number] for number in numbers), calls=calls)
