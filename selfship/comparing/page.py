"""The comparison as a page, in the certificate's style: one file, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfship import __version__, secrecy
from selfship.certificate import rendering
from selfship.certificate.words import VERDICTS, Word
from selfship.comparing.around import NOISE
from selfship.comparing.comparison import Comparison
from selfship.comparing.rules import TITLES, Change, Kind
from selfship.verdict import Verdict

_TEMPLATE = Path(__file__).resolve().parent / "page.html.j2"
_ABSENT = Word("untried", "no such rule", "–", "")


@dataclass(frozen=True)
class Page:
    """What the page shows."""

    found: Comparison
    verdict: Word
    sentence: str
    sections: Sequence[tuple[str, str, str, Sequence[Change]]]
    words: Mapping[Verdict | None, Word]
    noise: str = NOISE
    kit: str = __version__


def write(found: Comparison, path: Path) -> None:
    """Writes the page. OSError where it cannot be written, LeakError where it must not be."""
    page = render(found)
    secrecy.refuse(path.name, page)
    path.write_text(page, encoding="utf-8", errors="replace")


def render(found: Comparison) -> str:
    """The page of a comparison as HTML."""
    sections = [(kind.value, *TITLES[kind], rows) for kind in Kind if (rows := found.of(kind))]
    page = Page(found, _verdict(found), found.headline, sections, {**VERDICTS, None: _ABSENT})
    return rendering.render(_TEMPLATE, style=rendering.CERTIFICATE_STYLE.read_text("utf-8"), page=page)


def _verdict(found: Comparison) -> Word:
    if found.regressions:
        return Word("fail", "Worse", "✕", "")
    if not (found.changes or found.dialect or found.answers or found.latency):
        return Word("pass", "As before", "✓", "")
    if found.of(Kind.FIXED) and len(found.changes) == len(found.of(Kind.FIXED)):
        return Word("pass", "Better", "✓", "")
    return Word("observed", "No regression", "✓", "")
