"""JSON laid out for reading without changing a character of its tokens: evidence must stay what was sent.

`json.dumps` would rewrite numbers, escapes and repeated keys, which are often the very point. Text that is not JSON,
or stops in the middle, is laid out as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_CLOSES = {"[": "]", "{": "}"}
_WIDTH = 66
_DEPTH = 40


@dataclass
class _Container:
    opens: str
    items: list[tuple[str, _Node]] = field(default_factory=list)
    closes: str = ""


_Node = str | _Container


def layout(text: str) -> str:
    """`text` indented where it is a JSON array or object, else as it is."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return _show(_parse(_TOKEN.finditer(text)), 0)
    except (_NotNestedError, RecursionError):
        return text


class _NotNestedError(ValueError):
    """The brackets do not match, or nest deeper than a person would read."""


def _parse(tokens: Iterator[re.Match[str]]) -> _Container:
    top = _Container("")
    open_ones, key, value = [top], "", ""
    for match in tokens:
        token = match.group()
        inside = open_ones[-1]
        if token in _CLOSES:
            child = _Container(token)
            inside.items.append((key, child))
            open_ones.append(child)
            key = value = ""
            if len(open_ones) > _DEPTH:
                raise _NotNestedError
        elif token == ":":
            key, value = value, ""
        elif token in ",]}":
            if value:
                inside.items.append((key, value))
            key = value = ""
            if token != ",":
                if len(open_ones) == 1 or token != _CLOSES[inside.opens]:
                    raise _NotNestedError
                inside.closes = token
                open_ones.pop()
        else:
            value = f"{value} {token}" if value else token
    if value:
        open_ones[-1].items.append((key, value))
    return top


def _show(node: _Node, indent: int) -> str:
    if isinstance(node, str):
        return node
    flat = _flat(node)
    if node.opens and len(flat) + indent <= _WIDTH:
        return flat
    step = "  " * bool(node.opens)
    pad = " " * (indent + len(step))
    separator = "," if node.opens else ""
    lines = [f"{pad}{_key(key)}{_show(item, len(pad))}" for key, item in node.items]
    body = f"{separator}\n".join(lines)
    if not node.opens:
        return body
    end = f"\n{' ' * indent}{node.closes}" if node.closes else ""
    return f"{node.opens}\n{body}{end}"


def _flat(node: _Node) -> str:
    if isinstance(node, str):
        return node
    inner = ", ".join(f"{_key(key)}{_flat(item)}" for key, item in node.items)
    return f"{node.opens}{inner}{node.closes}"


def _key(key: str) -> str:
    return f"{key}: " if key else ""
