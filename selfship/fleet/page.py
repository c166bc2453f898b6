"""`summary.html`: several hosts on one page, in the style of the certificate. The template decides only where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from selfship import __version__, secrecy
from selfship.certificate import rendering
from selfship.certificate.words import RUN_VERDICTS, VERDICTS, Word, count, listed
from selfship.fleet.summary import Host, Summary
from selfship.verdict import RunVerdict, Verdict

_HERE = Path(__file__).resolve().parent
NOT_JUDGED = Word("error", "Not judged", "‼", "")
ALL_GOOD = (RunVerdict.CONFORMING, RunVerdict.CONFORMING_WITH_WAIVERS)


def write(summary: Summary, path: Path) -> None:
    """Writes the page. OSError where it cannot be written, LeakError where it must not be."""
    text = render(summary)
    secrecy.refuse(path.name, text)
    path.write_text(text, encoding="utf-8", errors="replace")


def render(summary: Summary) -> str:
    """The page as HTML."""
    return rendering.render(
        _HERE / "summary.html.j2",
        style=rendering.CERTIFICATE_STYLE.read_text("utf-8") + (_HERE / "summary.css").read_text("utf-8"),
        summary=summary,
        verdict=verdict(summary.hosts),
        sentence=sentence(summary.hosts),
        word_of=lambda one: RUN_VERDICTS[one.verdict] if one.verdict else NOT_JUDGED,
        words=VERDICTS,
        tally=lambda one: [(VERDICTS[v], one.tally[v.value]) for v in Verdict if one.tally.get(v.value)],
        differing=sum(row.parts for row in summary.dialect),
        version=__version__,
    )


def verdict(hosts: Sequence[Host]) -> Word:
    """The heading: good where every host is, else what is worst."""
    good = sum(one.verdict in ALL_GOOD for one in hosts)
    label = f"{good} of {len(hosts)} conforming"
    if good == len(hosts):
        return Word("pass", label, "✓", "")
    if any(one.verdict is RunVerdict.NONCONFORMING for one in hosts):
        return Word("fail", label, "✕", "")
    return Word("incomplete", label, "?", "")


def sentence(hosts: Sequence[Host]) -> str:
    """How many hosts ended how, in words."""
    kinds: dict[str, list[str]] = {}
    for one in hosts:
        kinds.setdefault(one.verdict.value.replace("_", " ") if one.verdict else "not judged", []).append(one.name)
    parts = [f"{listed(names)} {'is' if len(names) == 1 else 'are'} {kind}" for kind, names in kinds.items()]
    return f"Of {count(len(hosts), 'host')}, {listed(parts)}."
