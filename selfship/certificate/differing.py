"""Where a host's answer differs from the mock's to the same request: the fields to look at first.

Compares what means something: neither ids of traces, nor times, nor the words of an error; of an order only what a
journey changes. Knows no rule: that two answers differ is no finding by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

_READ = 200_000
_FREE = frozenset({"trace_id", "time", "message", "requestId", "timestamp"})
_OF_AN_ORDER = frozenset({"orderStatus", "awbNumber", "courierName", "lockStatus", "is_self_ship", "invoiceNumber"})
_READS = ("shipment", "info")

Leaf = tuple[tuple[str | int, ...], Any]


def differing(operation: str, answer: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of each of two answers, the fields that the other has otherwise or not at all, as they stand in its text."""
    here, there = _leaves_of(answer), _leaves_of(other)
    if here is None or there is None:
        return (), ()
    own, others = (_telling(operation, leaves) for leaves in (here, there))
    return _written(own, others), _written(others, own)


def segments(text: str, marks: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """`text` in pieces, in order; True for those that are one of `marks`."""
    place = 0
    while place < len(text):
        found = min(((at, -len(mark), mark) for mark in marks if (at := text.find(mark, place)) >= 0), default=None)
        if found is None:
            break
        at, _, mark = found
        yield text[place:at], False
        yield mark, True
        place = at + len(mark)
    yield text[place:], False


def _written(leaves: dict[tuple[str | int, ...], Any], others: dict[tuple[str | int, ...], Any]) -> tuple[str, ...]:
    unlike = [path for path, value in leaves.items() if path not in others or others[path] != value]
    return tuple(dict.fromkeys(_text(path, leaves[path]) for path in unlike))


def _text(path: tuple[str | int, ...], value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    last = path[-1] if path else 0
    return f'"{last}": {written}' if isinstance(last, str) else written


def _telling(operation: str, leaves: Sequence[Leaf]) -> dict[tuple[str | int, ...], Any]:
    found = {}
    for path, value in leaves:
        names = [name for name in path if isinstance(name, str)]
        if names and names[-1] in _FREE:
            continue
        if operation not in _READS or _OF_AN_ORDER.intersection(names):
            found[path] = value
    return found


def _leaves_of(text: str) -> list[Leaf] | None:
    try:
        return list(_leaves(json.loads(text), ())) if len(text) <= _READ else None
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, place))
    else:
        yield path, value
