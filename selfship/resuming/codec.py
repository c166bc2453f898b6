"""Recordings as JSON, and back. Only what is listed here is built again: a folder that was tampered with runs nothing.

JSON's own values stand for themselves, except that an object always has one key, which says what it is:

    t tuple · l list · d dict, as pairs · s set · b bytes · e member of an enumeration · o one of CLASSES, by fields
    x exchange, by its number · v order as an exchange showed it · c cell of the lifecycle table
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

from selfship import lifecycle, orders
from selfship.answers import Answer, Envelope, Kind
from selfship.exchanges import Exchange
from selfship.generated import Case
from selfship.lifecycle import Cell, Event, State
from selfship.orders import Line, View
from selfship.scenario import PassedByError, Recording, Step
from selfship.scenarios.limits import Bulk

CLASSES: Mapping[str, type] = {one.__name__: one for one in (Answer, Bulk, Case, Envelope, Line, Recording, Step)}
ENUMS: Mapping[str, type[Enum]] = {one.__name__: one for one in (Event, Kind, State)}
_CELLS = {cell: (state, event) for state, event, cell in lifecycle.cells()}
_PLAIN = (str, int, float, bool, type(None))


class UnknownError(ValueError):
    """Something that is not kept: the scenario will be played again."""


def encode(value: Any) -> Any:
    """`value` as JSON. UnknownError where some part of it is of no known kind."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return {"e": [_known(type(value).__name__, ENUMS), value.value]}
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        mark = "l" if isinstance(value, list) else "t" if isinstance(value, tuple) else "s"
        return {mark: [encode(one) for one in value]}
    if isinstance(value, bytes):
        return {"b": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"d": [[encode(key), encode(one)] for key, one in value.items()]}
    if isinstance(value, Exchange):
        return {"x": value.seq}
    if isinstance(value, View):
        return {"v": [value.seq, value.id]}
    if isinstance(value, Cell):
        return {"c": encode(_CELLS.get(value))}
    if isinstance(value, PassedByError):
        return {"p": [value.state.value, str(value)]}
    name = _known(type(value).__name__, CLASSES)
    return {"o": [name, {one.name: encode(getattr(value, one.name)) for one in fields(value)}]}


def _known(name: str, names: Mapping[str, Any]) -> str:
    if name not in names:
        raise UnknownError(f"a {name} is not kept")
    return name


class Decoder:
    """Builds values again, with the exchanges that they speak of. ValueError for whatever `encode` did not write."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self._views: dict[int, dict[str, View]] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return value
        if not isinstance(value, dict) or len(value) != 1:
            raise ValueError(f"{str(value)[:40]} is no value of a recording")
        ((mark, inner),) = value.items()
        try:
            return self._made(mark, inner)
        except (TypeError, KeyError, IndexError, AttributeError) as broken:
            raise ValueError(f"{mark}: {broken!r}") from broken

    def _made(self, mark: str, inner: Any) -> Any:
        match mark:
            case "l":
                return [self(one) for one in inner]
            case "t":
                return tuple(self(one) for one in inner)
            case "s":
                return frozenset(self(one) for one in inner)
            case "b":
                return base64.b64decode(inner, validate=True)
            case "d":
                return {self(key): self(one) for key, one in inner}
            case "e":
                return ENUMS[inner[0]](inner[1])
            case "x":
                return self._exchange(inner)
            case "v":
                return self._view(*inner)
            case "c":
                where = self(inner)
                return lifecycle.SILENT if where is None else lifecycle.TABLE[where[0]][where[1]]
            case "p":
                return PassedByError(State(inner[0]), str(inner[1]))
            case "o":
                return CLASSES[inner[0]](**{name: self(one) for name, one in inner[1].items()})
        raise ValueError(f"{mark!r} is no kind of value")

    def _exchange(self, seq: int) -> Exchange:
        if seq < 1:
            raise IndexError(seq)
        return self._exchanges[seq - 1]

    def _view(self, seq: int, order: str) -> View:
        if seq not in self._views:
            self._views[seq] = {view.id: view for view in orders.views(self._exchange(seq))}
        return self._views[seq][order]
