"""What the end of a test means: its check, and what pytest's own reports say of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from selfship import expect, requirements
from selfship.judging import Check
from selfship.lifecycle import Event, State
from selfship.pace import Interrupted
from selfship.run import Run
from selfship.scenario import Recording
from selfship.verdict import Verdict

EVIDENCE_SHOWN = 4
CLIPPED = 4000


def _title(item: Any) -> str:
    """The first sentence of the test's docstring, and the words of its parameters."""
    text = (getattr(getattr(item, "obj", None), "__doc__", None) or item.name).strip().split("\n\n")[0]
    sentence = " ".join(text.split())
    callspec = getattr(item, "callspec", None)
    return f"{sentence} [{callspec.id}]" if callspec else sentence


def _cell(item: Any) -> tuple[State, Event] | None:
    params = getattr(getattr(item, "callspec", None), "params", {})
    state, event = params.get("matrix"), params.get("event")
    return (state, event) if isinstance(state, State) and isinstance(event, Event) else None


def _cut_short(recordings: Sequence[Recording]) -> BaseException | None:
    """Why something is not in the recordings that a test looks at: one of them broke off before it."""
    for recording in recordings:
        try:
            expect.whole(recording)
        except expect.VERDICTS as verdict:
            return verdict
    return None


def check_of(item: Any, requirement: str, error: BaseException | None) -> Check:
    """What a test of a requirement says by its end: `error` is what it raised. `item` is pytest's."""
    recordings = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Recording)]
    # A check that walks through many rules says which of them was broken.
    failed = error if isinstance(error, expect.CheckFailedError) else None
    requirement = (failed and failed.rule) or requirement
    base: dict[str, Any] = {
        "id": item.nodeid,
        "title": _title(item),
        "requirement": requirement,
        "cell": (failed and failed.cell) or _cell(item),
        "rests_on": tuple(one.scenario for one in recordings),
    }
    level = requirements.load()[requirement].level
    seen = tuple(dict.fromkeys(expect.seen))
    if error is None:
        verdict = Verdict.OBSERVED if level == "OBSERVE" else Verdict.PASS
        if (
            verdict is Verdict.PASS
            and not seen
            and not recordings
            and "traffic" not in getattr(item, "fixturenames", ())
        ):
            return Check(**base, verdict=Verdict.ERROR, message="The check passed without looking at anything.")
        return Check(**base, verdict=verdict, exchanges=seen)
    if isinstance(error, KeyError):
        error = _cut_short(recordings) or error
    if isinstance(error, expect.CheckFailedError) and any(one.lost for one in recordings):
        # A write whose answer never came may explain what was seen.
        error = expect.BlockedError(expect.NO_ANSWER, error.message, error.exchanges)
    if isinstance(error, expect.CheckFailedError):
        verdict = Verdict.FAIL if level == "MUST" else Verdict.WARN if level == "SHOULD" else Verdict.OBSERVED
        return Check(**base, verdict=verdict, message=error.message, exchanges=error.exchanges or seen)
    if isinstance(error, expect.BlockedError):
        return Check(
            **base,
            verdict=Verdict.BLOCKED,
            message=error.message,
            exchanges=error.exchanges or seen,
            blocked_by=error.by,
        )
    if isinstance(error, expect.NotTestableError):
        return Check(**base, verdict=Verdict.NOT_TESTABLE, message=error.advice, advice=error.advice)
    if isinstance(error, expect.NotApplicableError):
        return Check(**base, verdict=Verdict.NOT_APPLICABLE, message=str(error))
    if isinstance(error, Interrupted):
        return Check(**base, verdict=Verdict.NOT_TESTABLE, message="The run was stopped.", advice="Run it again.")
    words = f"The kit broke: {type(error).__name__}: {error}"
    return Check(**base, verdict=Verdict.ERROR, message=words, exchanges=seen)


def tell(report: Any, check: Check) -> None:
    """Makes pytest's own report, and so JUnit and pytest-html, say what the check said."""
    if check.verdict is Verdict.FAIL:
        report.outcome, report.longrepr = "failed", f"{check.requirement}: {check.message}"
    elif check.verdict in (Verdict.WARN, Verdict.WAIVED):
        report.outcome = "skipped"
        report.wasxfail = f"{check.requirement}: {check.message}"
        report.longrepr = report.wasxfail
    elif check.verdict in (Verdict.BLOCKED, Verdict.NOT_TESTABLE, Verdict.NOT_APPLICABLE):
        report.outcome, report.when = "skipped", "call"
        by = f" by {check.blocked_by}" if check.blocked_by else ""
        words = f"{check.verdict.value}{by}: {check.message}"
        report.longrepr = (check.id.split("::")[0], 0, words)
    elif check.verdict is not Verdict.ERROR:
        report.outcome, report.longrepr = "passed", None


def evidence(check: Check, run: Run) -> list[Any]:
    """The exchanges of a check, as a fold-out of pytest-html."""
    from pytest_html import extras  # type: ignore[import-untyped] # it ships no types

    known = run.recorder.exchanges
    shown = [known[seq - 1] for seq in check.exchanges[:EVIDENCE_SHOWN] if 0 < seq <= len(known)]
    if not shown:
        return []
    parts = [
        f"<details><summary>{escape(f'#{one.seq} {one.method} {one.url} → {one.status or one.error}')}</summary>"
        f"<pre>{escape((one.request_body or '')[:CLIPPED])}</pre><pre>{escape(one.text[:CLIPPED])}</pre></details>"
        for one in shown
    ]
    return [extras.html("".join(parts))]
