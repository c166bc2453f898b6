"""HTML as a test looks at it: parsed strictly, as a flat list of elements with their attributes and their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "input", "wbr"})


@dataclass
class Element:
    """One element. `within`: the tags around it, outermost first."""

    tag: str
    attributes: dict[str, str]
    within: tuple[str, ...]
    text: str = ""


@dataclass
class _Reader(HTMLParser):
    elements: list[Element] = field(default_factory=list)
    inside: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute: {names}"
        found = Element(tag, {name: value or "" for name, value in attrs}, tuple(one.tag for one in self.inside))
        self.elements.append(found)
        if tag not in _VOID:
            self.inside.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in (one.tag for one in self.inside), f"<{tag}/> outside of a drawing"
        self.handle_starttag(tag, attrs)
        self.inside.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.inside, f"</{tag}> closes nothing"
        assert self.inside[-1].tag == tag, f"</{tag}> closes <{self.inside[-1].tag}> {self.inside[-1].attributes}"
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        for element in self.inside:
            element.text += data


def read(html: str) -> list[Element]:
    """Every element in order. AssertionError where a tag is not closed, or closed in the wrong place."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.inside, f"never closed: {[one.tag for one in reader.inside]}"
    return reader.elements
