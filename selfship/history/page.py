"""The history as a page, in the certificate's style: for each host its runs, and the picture of rules by runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from selfship import __version__, requirements, secrecy
from selfship.certificate import rendering
from selfship.certificate.words import RUN_VERDICTS, VERDICTS, Word, count
from selfship.history.chronicle import Entry, Host
from selfship.verdict import RunVerdict, Verdict

_HERE = Path(__file__).resolve().parent
NEWEST = 60
"""So many runs of a host are drawn."""


@dataclass(frozen=True)
class Column:
    """A run. `href` leads to its certificate; `bars` are its rules by verdict, as (word, count)."""

    entry: Entry
    word: Word
    href: str | None
    bars: Sequence[tuple[Word, int]]
    total: int


@dataclass(frozen=True)
class Line:
    """A rule over all runs of a host, a word for each run; `steady` where none of them differs and all is well."""

    rule: str
    cells: Sequence[tuple[Word, str]]
    steady: bool


Group = tuple[str, Sequence[Line]]
"""The title of a group, and those of its rules that are shown together."""


@dataclass(frozen=True)
class Chapter:
    """One host. `moving` are the rules of which there is something to see, `steady` all others."""

    host: Host
    anchor: str
    word: Word
    columns: Sequence[Column]
    moving: Sequence[Group]
    steady: Sequence[Group]
    left_out: int

    @property
    def steady_rules(self) -> int:
        return sum(len(lines) for _, lines in self.steady)


@dataclass(frozen=True)
class Page:
    verdict: Word
    sentence: str
    chapters: Sequence[Chapter]
    skipped: Sequence[str]
    legend: Sequence[Word]
    kit: str = __version__


def write(hosts: Sequence[Host], skipped: Sequence[str], path: Path) -> None:
    """Writes the page. OSError where it cannot be written, LeakError where it must not be."""
    page = render(hosts, skipped, path.absolute().parent)
    secrecy.refuse(path.name, page)
    path.write_text(page, encoding="utf-8", errors="replace")


def render(hosts: Sequence[Host], skipped: Sequence[str], beside: Path) -> str:
    """The page as HTML; links are relative to the folder `beside`."""
    style = rendering.CERTIFICATE_STYLE.read_text("utf-8") + (_HERE / "page.css").read_text("utf-8")
    return rendering.render(_HERE / "page.html.j2", style=style, page=_page(hosts, skipped, beside))


def _page(hosts: Sequence[Host], skipped: Sequence[str], beside: Path) -> Page:
    chapters = [_chapter(place, host, beside) for place, host in enumerate(hosts, 1)]
    runs = sum(len(host.entries) for host in hosts)
    now = Counter(host.entries[-1].verdict for host in hosts)
    told = ", ".join(f"{how_many} {verdict.replace('_', ' ')}" for verdict, how_many in now.items())
    drawn = [line for one in chapters for _, lines in (*one.moving, *one.steady) for line in lines]
    used = {word.css for line in drawn for word, _ in line.cells}
    return Page(
        Word("observed", "History", "↻", ""),
        f"{count(runs, 'run')} of {count(len(hosts), 'host or client', 'hosts or clients')}. By the newest: {told}.",
        chapters,
        skipped,
        [word for word in VERDICTS.values() if word.css in used],
    )


def _chapter(place: int, host: Host, beside: Path) -> Chapter:
    shown = host.entries[-NEWEST:]
    lines = [_line(rule, shown) for rule in host.rules]
    return Chapter(
        host,
        f"host-{place}",
        RUN_VERDICTS[host.entries[-1].verdict],
        [_column(entry, beside) for entry in shown],
        _grouped([line for line in lines if not line.steady]),
        _grouped([line for line in lines if line.steady]),
        len(host.entries) - len(shown),
    )


def _grouped(lines: Sequence[Line]) -> list[Group]:
    titles: Mapping[str, str] = requirements.groups()
    groups: dict[str, list[Line]] = {}
    for line in lines:
        group = line.rule.rpartition("-")[0]
        groups.setdefault(f"{group} · {titles[group]}" if group in titles else group, []).append(line)
    return list(groups.items())


def _line(rule: str, entries: Sequence[Entry]) -> Line:
    verdicts = [entry.verdict_of(rule) for entry in entries]
    cells = [(VERDICTS[verdict], f"{rule}: {VERDICTS[verdict].label}") for verdict in verdicts]
    quiet = (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE)
    return Line(rule, cells, all(verdict in quiet for verdict in verdicts))


def _column(entry: Entry, beside: Path) -> Column:
    certificate = entry.folder / "certificate.html"
    href = quote(Path(os.path.relpath(certificate, beside)).as_posix()) if certificate.is_file() else None
    counted = Counter(row.verdict for row in entry.results.requirements)
    bars = [(VERDICTS[verdict], counted[verdict]) for verdict in reversed(Verdict) if counted[verdict]]
    return Column(entry, RUN_VERDICTS[RunVerdict(entry.verdict)], href, bars, sum(counted.values()))
