"""A comparison in words: on a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from selfship.certificate.words import cut, visible
from selfship.comparing.around import NOISE, Slower
from selfship.comparing.comparison import Comparison, Side
from selfship.comparing.rules import TITLES, Change, Kind

LISTED = 30
LONG = 300
STYLES = {
    Kind.REGRESSION: "bold red",
    Kind.STILL_FAILING: "red",
    Kind.NEWLY_WAIVED: "yellow",
    Kind.FIXED: "green",
    Kind.NO_LONGER_TESTED: "yellow",
    Kind.INCONCLUSIVE: "yellow",
}


def show(found: Comparison, console: Console) -> None:
    """Prints the comparison, the most urgent first."""
    for line in lines(found):
        console.print(line, soft_wrap=True)


def lines(found: Comparison) -> Iterator[Text]:
    """The comparison, line by line."""
    yield Text(found.headline, style="bold red" if found.regressions else "bold")
    yield Text(f"  old: {_run(found.old)}\n  new: {_run(found.new)}")
    for reason in found.unlike:
        yield Text(f"  Not runs of the same thing: {reason}.", style="yellow")
    for note in found.notes:
        yield Text(f"  {_safe(note)}")
    for kind in Kind:
        changes = found.of(kind)
        if changes:
            yield Text(f"\n{TITLES[kind][0]} ({len(changes)})", style=STYLES.get(kind, "bold"))
            yield from (Text(f"  {one.id} ({one.level}) {_step(one)}  {_safe(one.words)}") for one in changes[:LISTED])
            yield from _more(changes)
    yield from _beside(found)


def _beside(found: Comparison) -> Iterator[Text]:
    answers = [*found.dialect, *found.answers]
    if answers:
        yield Text("\nAnswers that changed, without a rule being broken", style="bold")
        for one in answers[:LISTED]:
            yield Text(f"  {_safe(one.id)}  {_safe(one.question)}")
            yield Text(f"    old: {_seen(one.old)}\n    new: {_seen(one.new)}")
        yield from _more(answers)
    if found.latency:
        yield Text("\nLatency", style="bold")
        yield from (Text(f"  {_latency(one)}") for one in found.latency)
        yield Text(f"  {NOISE}", style="dim")


def _more(many: Sequence[object]) -> Iterator[Text]:
    if len(many) > LISTED:
        yield Text(f"  and {len(many) - LISTED} more, see --json or --html")


def markdown(found: Comparison) -> str:
    """The comparison for a pull request's comment or a job's summary."""
    parts = [f"### selfship: {found.headline}", "", f"- old: {_md(_run(found.old))}", f"- new: {_md(_run(found.new))}"]
    parts += [f"- not runs of the same thing: {_md(reason)}" for reason in found.unlike]
    parts += [f"- {_md(note)}" for note in found.notes]
    for kind in Kind:
        changes = found.of(kind)
        if changes:
            parts += ["", f"#### {TITLES[kind][0]} ({len(changes)})", ""]
            parts += _table("Rule", "Then → now", "What", rows=((one.id, _step(one), one.words) for one in changes))
    answers = [*found.dialect, *found.answers]
    if answers:
        parts += ["", f"#### Answers that changed, without a rule being broken ({len(answers)})", ""]
        rows = ((f"{one.id}: {one.question}", _seen(one.old), _seen(one.new)) for one in answers)
        parts += _table("Question", "Then", "Now", rows=rows)
    if found.latency:
        parts += ["", "#### Latency", "", *(f"- {_md(_latency(one))}" for one in found.latency), "", NOISE]
    return "\n".join(parts) + "\n"


def _table(*head: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    listed = list(rows)
    shown = [f"| {' | '.join(_md(cell) for cell in row)} |" for row in listed[:LISTED]]
    more = ["", f"… and {len(listed) - LISTED} more"] if len(listed) > LISTED else []
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *shown, *more]


def _md(text: str) -> str:
    """Text of a host's, so that it stays text: no markup, no table cell, no mention of anybody."""
    plain = _safe(text).replace("&", "&amp;").replace("<", "&lt;").replace("@", "@\u200b")
    return "".join(f"\\{c}" if c in "\\`*_[]|#~!" else c for c in plain)


def _safe(text: str) -> str:
    """On one line, cut, and without characters that write over a screen."""
    return cut(" ".join("".join(c if c.isprintable() else " " for c in str(visible(text))).split()), LONG)


def _run(side: Side) -> str:
    return _safe(f"{side.id}, {side.started}, {side.url}, {side.verdict.replace('_', ' ')}, kit {side.kit}")


def _step(one: Change) -> str:
    return f"{one.old or 'no such rule'} → {one.new or 'no such rule'}".replace("_", " ")


def _seen(answer: str | None) -> str:
    return "not seen" if answer is None else _safe(answer)


def _latency(one: Slower) -> str:
    word = f"{one.factor:.1f} times slower" if one.factor > 1 else f"{1 / max(one.factor, 0.01):.1f} times faster"
    return f"{one.operation}: {word}, p50 {one.old[0]:g} → {one.new[0]:g} ms, p95 {one.old[1]:g} → {one.new[1]:g} ms"
