"""The orders that a user hands to a run: `--orders FILE`, a list of ids for each state.

JSON or TOML (`{"placed": ["id", …], …}`), or lines `state id`, or a CSV file of those two columns. Decides what such a
file may say; never asks the host whether it is true.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfship.errors import UsageError
from selfship.exchanges import strict_json
from selfship.lifecycle import COARSE, State
from selfship.nearest import hint
from selfship.textfile import text_of


@dataclass(frozen=True)
class _Entry:
    """One id, the word that stands for its state, and the line of both."""

    state: str
    order: Any
    line: int


@dataclass(frozen=True)
class _Source:
    path: Path
    text: str

    def error(self, line: int, sentence: str) -> UsageError:
        return UsageError(f"{self.path}, line {line}: {sentence}")

    def line(self, *words: str) -> int:
        """The line where the last of `words` stands, looked for after the one before; 1 where it does not."""
        place = 0
        for word in words:
            found = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)").search(self.text, place)
            place = found.start() if found else place
        return self.text.count("\n", 0, place) + 1


def load(path: Path) -> dict[State, list[str]]:
    """The ids of each state, in the file's order. UsageError, one sentence with file and line, where it is not one."""
    source = _Source(path, text_of(path, "orders file"))
    if path.suffix.lower() == ".toml":
        entries = _from_toml(source)
    elif path.suffix.lower() == ".json" or source.text.lstrip()[:1] in ("{", "["):
        entries = _from_json(source)
    else:
        entries = _from_lines(source)
    found: dict[State, list[str]] = {}
    first: dict[str, int] = {}
    for entry in entries:
        state, order = _state(source, entry), _order(source, entry)
        if order in first:
            raise source.error(
                entry.line, f"order {order} stands on line {first[order]} already: leave one of the two out."
            )
        first[order] = entry.line
        found.setdefault(state, []).append(order)
    if not found:
        raise UsageError(f"{path} holds no order: write lines such as `placed 17708318940301766054`.")
    return found


def _from_json(source: _Source) -> Iterator[_Entry]:
    try:
        data = strict_json(source.text)
    except json.JSONDecodeError as problem:
        said = problem.msg[:1].lower() + problem.msg[1:]
        raise source.error(problem.lineno, f"this is not JSON at column {problem.colno}: {said}.") from None
    except ValueError as problem:
        raise UsageError(f"{source.path} is not JSON that can be trusted: {problem}; mend it.") from None
    yield from _from_object(source, data)


def _from_toml(source: _Source) -> Iterator[_Entry]:
    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{source.path} is not TOML: {problem}; mend it.") from None
    yield from _from_object(source, data)


def _from_object(source: _Source, data: Any) -> Iterator[_Entry]:
    if not isinstance(data, dict):
        raise source.error(1, 'the file must be an object of states: write {"placed": ["17708318940301766054"]}.')
    for state, orders in data.items():
        line = source.line(state)
        if not isinstance(orders, list):
            raise source.error(
                line, f'{state} must hold a list of order ids: write "{state}": ["17708318940301766054"].'
            )
        if not orders:
            # An empty list is a state spelt out and not supplied; its name must be right all the same.
            _state(source, _Entry(state, "", line))
        for order in orders:
            yield _Entry(state, order, source.line(state, str(order)))


def _from_lines(source: _Source) -> Iterator[_Entry]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        plain = line.split("#", 1)[0].strip()
        if not plain:
            continue
        words = _words(plain)
        if [word.lower() for word in words[:2]] in (["state", "id"], ["state", "orderid"], ["state", "order"]):
            continue
        if len(words) != 2:
            raise source.error(number, "a line must hold a state and one id: write `placed 17708318940301766054`.")
        yield _Entry(words[0], words[1], number)


def _words(line: str) -> list[str]:
    for separator in (",", ";"):
        if separator in line:
            row = next(csv.reader([line], delimiter=separator))
            return [field.strip() for field in row if field.strip()]
    return line.split()


def _state(source: _Source, entry: _Entry) -> State:
    try:
        return State(entry.state)
    except ValueError:
        pass
    behind = [state.value for state, statuses in COARSE.items() if entry.state.upper() in statuses]
    if behind and entry.state.isupper():
        raise source.error(entry.line, f"{entry.state} is an orderStatus, not a state: write {' or '.join(behind)}.")
    near = hint(entry.state, list(State))
    said = f" (those are {', '.join(State)})." if near == "." else near
    raise source.error(entry.line, f"{entry.state!r} is not a state of the lifecycle{said}")


def _order(source: _Source, entry: _Entry) -> str:
    order = entry.order
    if not isinstance(order, str):
        raise source.error(
            entry.line, f"{order} is not in quotes: write order ids as strings, 20 digits do not survive as a number."
        )
    if re.fullmatch(r"\d+([.,]\d+)?[eE]\+?\d+", order):
        raise source.error(entry.line, f"{order} is an id that a spreadsheet has rounded: format its column as text.")
    if not order or re.search(r"\s", order):
        raise source.error(entry.line, f"{order!r} is not an order id: write one id, without spaces.")
    return order
