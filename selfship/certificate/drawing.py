"""Boxes and arrows: where a state's box stands, and the line from one box to another. Knows no verdict.

Lengths are units of the SVG's view box, about a pixel each on a screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PITCH, LEFT, COLUMN = 134, 36, 66, 42, 200
_HEAD = 7


@dataclass(frozen=True)
class Node:
    """A state's box; `lines` is its name, broken to fit."""

    name: str
    lines: tuple[str, ...]
    x: float
    y: float
    ends: bool

    @property
    def right(self) -> float:
        return self.x + WIDTH

    @property
    def bottom(self) -> float:
        return self.y + HEIGHT

    @property
    def middle(self) -> float:
        return self.x + WIDTH / 2

    @property
    def centre(self) -> float:
        return self.y + HEIGHT / 2


@dataclass(frozen=True)
class Path:
    """A line with its arrow head, the point where its badge sits and how its label stands beside that."""

    d: str
    head: str
    badge: tuple[float, float]
    label: tuple[float, float]
    anchor: str = "start"
    turned: bool = False


def place(name: str, at: tuple[float, float], *, ends: bool) -> Node:
    column, row = at
    return Node(name, _broken(name), LEFT + column * COLUMN, 3 + row * PITCH, ends)


def route(source: Node, to: Node, nodes: Sequence[Node]) -> Path:
    """The line from `source` to `to` that crosses no other box."""
    if source is to:
        return _loop(source)
    if source.x == to.x:
        between = [node for node in nodes if node.x == source.x and source.y < node.y < to.y]
        if to.y > source.y and not between:
            return _down(source, to)
        return _around(source, to, left=to.y > source.y)
    if to.x > source.x and to.y - source.y >= PITCH:
        return _elbow(source, to)
    return _across(source, to)


def _down(source: Node, to: Node) -> Path:
    x, middle = source.middle, (source.bottom + to.y) / 2
    return Path(f"M{x:g} {source.bottom:g}V{to.y - _HEAD:g}", _head(x, to.y, "down"), (x, middle), (x + 14, middle + 4))


def _around(source: Node, to: Node, *, left: bool) -> Path:
    edge_from, edge_to = (source.x, to.x) if left else (source.right, to.right)
    way = -1 if left else 1
    x = edge_from + way * 20
    start, end, bend = source.centre + 7 * (1 if left else -1), to.centre, 8 if to.y > source.y else -8
    d = (
        f"M{edge_from:g} {start:g}H{x - way * 8:g}Q{x:g} {start:g} {x:g} {start + bend:g}"
        f"V{end - bend:g}Q{x:g} {end:g} {x - way * 8:g} {end:g}H{edge_to + way * _HEAD:g}"
    )
    middle = (start + end) / 2
    # The name is written along the line, on its outer side, beginning above the badge.
    name = (x - 12 if left else x + 19, middle + (-14 if left else 17))
    return Path(d, _head(edge_to, end, "right" if left else "left"), (x, middle), name, turned=True)


def _loop(node: Node) -> Path:
    x, top, low = node.right, node.centre - 9, node.centre + 9
    d = f"M{x:g} {top:g}H{x + 12:g}Q{x + 22:g} {top:g} {x + 22:g} {node.centre:g}T{x + 12:g} {low:g}H{x + _HEAD:g}"
    return Path(d, _head(x, low, "left"), (x + 22, node.centre), (x + 35, node.centre + 4))


def _elbow(source: Node, to: Node) -> Path:
    x = to.middle
    y = source.centre
    d = f"M{source.right:g} {y:g}H{x - 8:g}Q{x:g} {y:g} {x:g} {y + 8:g}V{to.y - _HEAD:g}"
    middle = (y + to.y) / 2
    return Path(d, _head(x, to.y, "down"), (x, middle), (x + 14, middle + 4))


def _across(source: Node, to: Node) -> Path:
    """Out at the side, along the gap between the columns, and in at the other's side."""
    rightward, below = to.x > source.x, to.centre > source.centre
    far = abs(to.centre - source.centre) > 1.5 * PITCH
    way, bend = (1 if rightward else -1), (8 if below else -8)
    start, end = (source.right, to.x) if rightward else (source.x, to.right)
    # Lines that end in one box from the same side keep apart on their way and arrive one below the other.
    x = start + way * (44 if rightward or far else 22)
    y = to.centre + (-7 if (below if rightward else far) else 7)
    d = (
        f"M{start:g} {source.centre:g}H{x - way * 8:g}Q{x:g} {source.centre:g} {x:g} {source.centre + bend:g}"
        f"V{y - bend:g}Q{x:g} {y:g} {x + way * 8:g} {y:g}H{end - way * _HEAD:g}"
    )
    head = _head(end, y, "right" if rightward else "left")
    if rightward:
        middle = (source.centre + y) / 2
        return Path(d, head, (x, middle), (x + 12, middle + (-10 if below else 18)))
    badge = (x, source.centre + 27)
    return Path(d, head, badge, (x - 13, badge[1] + 4), "end") if far else Path(d, head, badge, (x + 14, badge[1] + 4))


def _head(x: float, y: float, way: str) -> str:
    """The arrow head whose tip touches (x, y)."""
    corners = {
        "down": ((-4.5, -_HEAD - 1), (4.5, -_HEAD - 1)),
        "left": ((_HEAD + 1, -4.5), (_HEAD + 1, 4.5)),
        "right": ((-_HEAD - 1, -4.5), (-_HEAD - 1, 4.5)),
    }[way]
    return " ".join(f"{x + dx:g},{y + dy:g}" for dx, dy in ((0, 0), *corners))


def _broken(name: str) -> tuple[str, ...]:
    """`name` in one line, or in two of nearly the same length, broken after an underscore."""
    if len(name) <= 18:
        return (name,)
    places = [index + 1 for index, letter in enumerate(name) if letter == "_"]
    best = min(places, key=lambda index: abs(index - len(name) / 2))
    return name[:best], name[best:]
