"""What a person sees while a host is certified, and the summary at the end.

A live line on a terminal; now and then a plain line where the output goes to a file or to CI. Decides how things are
shown, never what they mean: verdicts and causes come ready from the results.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from selfship import console, found_out, frugality, residue
from selfship.certificate.reason import LAPSED
from selfship.results import Finding, RequirementResult, Results
from selfship.verdict import RunVerdict, Verdict

PLAIN_EVERY_S = 10.0
SHOWN_IDS = 6
STYLES = {
    RunVerdict.CONFORMING: "bold green",
    RunVerdict.CONFORMING_WITH_WAIVERS: "bold green",
    RunVerdict.INCOMPLETE: "bold yellow",
    RunVerdict.NONCONFORMING: "bold red",
    RunVerdict.ERROR: "bold magenta",
}
Ticks = tuple[int, int, int, int]
"""Requests so far, those in flight, scenarios that have ended, scenarios in all."""
LONGEST_LINE = 400
OWN_MOCK = " (the kit's own mock)"
LOUD = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN)


def own_stream(stream: TextIO | None = None) -> TextIO:
    """A copy of `stream` (else of standard output) that pytest's capture of the original does not reach."""
    stream = stream or sys.stdout
    try:
        copy = os.dup(stream.fileno())
    except (OSError, AttributeError, io.UnsupportedOperation):
        return stream
    return console.patient(copy, stream.encoding, owned=True, whatever=True)


class Terminal:
    """Progress and summary of one run. Safe to call from any thread.

    `redact` is applied to whatever came from the host. Make it before pytest captures the output.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
        redact: Callable[[str], str] = str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = own_stream() if stream is None else stream
        self._owned = stream is None and self._stream is not sys.stdout
        self._console = Console(file=self._stream, highlight=False, no_color=bool(environ.get("NO_COLOR")) or None)
        in_ci = environ.get("CI", "").lower() not in ("", "0", "false")
        self._animated = self._console.is_terminal and not self._console.is_dumb_terminal and not in_ci
        self._quiet = quiet
        self._redact = redact
        self._clock = clock
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._counts: Counter[Verdict] = Counter()
        self._total = 0
        self._ticks: Ticks = (0, 0, 0, 0)
        self._poll: Callable[[], Ticks] | None = None
        self._started = self._last_line = clock()

    def begin(self, total_checks: int, target: str, poll: Callable[[], Ticks] | None = None) -> None:
        """The run starts: `total_checks` are selected, `target` is the host's address.

        `poll` gives what `tick` is told, for a line that moves while no check is judged.
        """
        self._poll = poll
        self._total = total_checks
        self._started = self._last_line = self._clock()
        if self._quiet:
            return
        self._say(Text(f"Certifying {self._safe(target)}: {total_checks} checks."))
        if self._animated:
            self._live = Live(
                get_renderable=self._progress,
                console=self._console,
                transient=True,
                refresh_per_second=8,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def check(self, verdict: Verdict) -> None:
        """One check was judged."""
        with self._lock:
            self._counts[verdict] += 1
        self._plain_line()

    def tick(self, requests: int, in_flight: int, scenarios_done: int, scenarios_total: int) -> None:
        """How far the scenarios are; `in_flight` requests are under way."""
        with self._lock:
            self._ticks = (requests, in_flight, scenarios_done, scenarios_total)
        self._plain_line()

    def interrupted(self) -> None:
        """The run ends without results: takes the live line away."""
        self._end_live()
        self._close()

    def finish(self, results: Results, certificate: Path | None, compared: Sequence[Text] = ()) -> None:
        """The summary: verdict, counts, what to fix first, what was not testable, where the certificate is.

        `compared`: what was found beside a baseline, with no secret in it.
        """
        self._end_live()
        self._say(self._verdict(results))
        if not self._quiet:
            for line in [*self._details(results), *compared]:
                self._say(line)
        elif compared:
            self._say(compared[0])
        if certificate is not None:
            self._say(Text(f"Certificate: {certificate}"))
        self._close()

    def _progress(self) -> Text:
        if self._poll:
            self._ticks = self._poll()
        with self._lock:
            counts, (requests, in_flight, done, total) = Counter(self._counts), self._ticks
        line = Text(f" {sum(counts.values())} of {self._total} checks", style="bold", no_wrap=True, overflow="ellipsis")
        line.append(f" · {requests} requests · {self._clock() - self._started:.0f} s", style="not bold")
        for verdict in LOUD:
            if counts[verdict]:
                line.append(f" · {counts[verdict]} {verdict.value}", style="not bold red")
        if total:
            line.append(f" · {done} of {total} scenarios, {in_flight} requests in flight", style="not bold dim")
        return line

    def _plain_line(self) -> None:
        if self._quiet or self._animated:
            return
        with self._lock:
            now = self._clock()
            if now - self._last_line < PLAIN_EVERY_S:
                return
            self._last_line = now
        self._say(Text(self._progress().plain))

    def _verdict(self, results: Results) -> Text:
        line = Text(results.verdict.value.replace("_", " ").upper(), style=STYLES[results.verdict])
        own = OWN_MOCK if results.target.get("embedded") else ""
        line.append(f"  {self._safe(str(results.target.get('url', '')))}{own}", style="not bold default")
        return line

    def _details(self, results: Results) -> Iterator[Text]:
        if results.summary:
            yield Text(self._safe(results.summary))
        yield Text(f"Requirements: {_counted(results.requirements)}.")
        checks = sum(row.checks for row in results.requirements)
        run = results.run
        yield Text(f"{checks} checks, {run.get('requests', 0)} requests, {float(run.get('wall_s', 0.0)):.1f} s.")
        yield from self._waivers(results)
        if words := frugality.sentence(run.get("frugality") or {}):
            yield Text(words)
        yield from self._first_fix(results)
        yield from self._untestable(results)
        yield from self._left_behind(results)
        yield from self._to_paste(results)

    def _first_fix(self, results: Results) -> Iterator[Text]:
        causes = list(_causes(results))
        ours = next((cause for cause in causes if cause[1].verdict is Verdict.ERROR), None)
        theirs = next((cause for cause in causes if cause[1].verdict is not Verdict.ERROR), None)
        if theirs:
            rule, finding, unlocks = theirs
            more = f" (it unlocks {unlocks} more)" if unlocks else ""
            yield Text(f"\nFix this first: {rule.id}{more}", style="bold")
            yield Text(f"  {self._safe(finding.message)}")
            if finding.stability:
                yield Text(f"  Tried again: {finding.stability}.")
            yield Text(f"  Rule ({rule.level}): {self._safe(rule.statement)}")
            if finding.curl:
                line = self._safe(finding.curl)
                # A request of 21 items fills screens: the certificate has it whole.
                short = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… (whole in the certificate)"
                yield Text(f"  {short}", style="cyan")
            yield Text("")
        if ours:
            yield Text(f"An error of the kit, not of the host, please report it: {ours[0].id}", style="magenta")
            yield Text(f"  {self._safe(ours[1].message)}")

    def _waivers(self, results: Results) -> Iterator[Text]:
        for one in results.waivers:
            excuse = f"Waived: {one.requirement or one.check}, by {one.owner} until {one.expires} ({one.ticket})."
            lapsed = one.status in LAPSED
            words = f"{one.words} Until then the gate fails." if lapsed else excuse if one.covers else ""
            if words:
                yield Text(self._safe(words), style="bold red" if lapsed else "")

    def _untestable(self, results: Results) -> Iterator[Text]:
        rows = [row for row in results.requirements if row.verdict is Verdict.NOT_TESTABLE]
        if not rows:
            return
        findings = [f for row in rows for f in row.findings if f.verdict is Verdict.NOT_TESTABLE]
        # What most rules wait for comes first.
        advice = [words for words, _ in Counter(self._safe(f.advice or f.message) for f in findings).most_common()]
        ids = ", ".join(row.id for row in rows[:SHOWN_IDS]) + (" …" if len(rows) > SHOWN_IDS else "")
        more = f" ({len(advice) - 1} more in the certificate)" if len(advice) > 1 else ""
        yield Text(f"Not testable: {len(rows)} ({ids}){': ' + advice[0] + more if advice else '.'}")

    def _left_behind(self, results: Results) -> Iterator[Text]:
        left = sum(not residue.is_over(row.needs) for row in results.residue)
        if left:
            many = f"{left} of them are" if left > 1 else "one of them is"
            touched = f"{len(results.residue)} orders" if len(results.residue) > 1 else "one order"
            yield Text(f"Left behind: {touched} written to, {many} not at an end: see the certificate.")

    def _to_paste(self, results: Results) -> Iterator[Text]:
        if pasted := found_out.lines(results.target.get("profile") or {}):
            yield Text("Found out, to paste into the profile:")
            yield from (Text(f"  {self._safe(line)}", style="cyan") for line in pasted)

    def _safe(self, text: str) -> str:
        """Without secrets, and without the control characters by which a host could write over the screen."""
        return "".join(c if c.isprintable() else " " for c in self._redact(text))

    def _say(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _close(self) -> None:
        if self._owned:
            self._owned = False
            self._stream.close()


def _counted(rows: list[RequirementResult]) -> str:
    counts = Counter(row.verdict for row in rows)
    return ", ".join(f"{counts[v]} {v.value.replace('_', ' ')}" for v in Verdict if counts[v]) or "none judged"


def _causes(results: Results) -> Iterator[tuple[RequirementResult, Finding, int]]:
    """What went wrong, in the order of the results' own causes, then by weight; with how much each unlocks."""
    rows = {row.id: row for row in results.requirements}
    for cause in results.fix_first:
        row = rows.get(cause.requirement)
        for finding in row.findings if row else ():
            if row and finding.check == cause.check and finding.verdict in LOUD:
                yield row, finding, cause.unlocks
    for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.WARN):
        for row in results.requirements:
            yield from ((row, finding, 0) for finding in row.findings if finding.verdict is verdict)
