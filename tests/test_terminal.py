"""What a person sees: live or plain, long or quiet, and never a secret."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from selfship.exchanges import Redactor
from selfship.results import Cause, Finding, RequirementResult, Results
from selfship.terminal import Terminal
from selfship.verdict import RunVerdict, Verdict

CERTIFICATE = Path("/runs/1/certificate.html")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def row(rule: str, verdict: Verdict, *findings: Finding) -> RequirementResult:
    return RequirementResult(
        rule, "MUST", rule.split("-")[0], f"What {rule} says.", "guide", verdict, checks=2, findings=list(findings)
    )


def failed(rule: str, message: str, curl: str | None = None) -> Finding:
    return Finding(f"suites/test_x.py::test_{rule}", Verdict.FAIL, message, curl=curl)


def untestable(advice: str) -> Finding:
    return Finding("suites/test_x.py::test_y", Verdict.NOT_TESTABLE, "no order", advice=advice)


def results(verdict: RunVerdict, *rows: RequirementResult, **more: Any) -> Results:
    return Results(
        kit={},
        run={"requests": 42, "wall_s": 1.25},
        target={"url": "http://127.0.0.1:8080"},
        verdict=verdict,
        requirements=list(rows),
        **more,
    )


def shown(found: Results, **options: Any) -> str:
    stream = io.StringIO()
    terminal = Terminal(stream=stream, environ=options.pop("environ", {}), **options)
    terminal.begin(3, "http://127.0.0.1:8080")
    terminal.finish(found, CERTIFICATE)
    return stream.getvalue()


def test_a_pass_says_verdict_counts_and_where_the_certificate_is() -> None:
    text = shown(results(RunVerdict.CONFORMING, row("FWD-1", Verdict.PASS), row("FWD-8", Verdict.OBSERVED)))

    assert "CONFORMING  http://127.0.0.1:8080\n" in text
    assert "Requirements: 1 observed, 1 pass.\n4 checks, 42 requests, 1.2 s.\n" in text
    assert text.endswith(f"Certificate: {CERTIFICATE}\n")
    assert "Fix this first" not in text


def test_quiet_is_the_verdict_and_the_certificate() -> None:
    text = shown(results(RunVerdict.NONCONFORMING, row("FWD-1", Verdict.FAIL, failed("FWD-1", "No."))), quiet=True)

    assert text == f"NONCONFORMING  http://127.0.0.1:8080\nCertificate: {CERTIFICATE}\n"


def test_the_cause_that_the_results_name_is_shown_first() -> None:
    first, second = failed("CON-1", "Another thing."), failed("FWD-3", "It went wrong.", "curl -i x")
    cause = Cause("FWD-3", second.check, second.message, unlocks=7)

    text = shown(
        results(
            RunVerdict.NONCONFORMING,
            row("CON-1", Verdict.FAIL, first),
            row("FWD-3", Verdict.FAIL, second),
            fix_first=[cause],
        )
    )

    expected = (
        "Fix this first: FWD-3 (it unlocks 7 more)\n  It went wrong.\n  Rule (MUST): What FWD-3 says.\n  curl -i x\n"
    )
    assert expected in text
    assert "Another thing." not in text


def test_without_a_named_cause_the_heaviest_failure_is_shown() -> None:
    warned = Finding("t", Verdict.WARN, "A pity.")

    text = shown(
        results(
            RunVerdict.NONCONFORMING,
            row("FET-4", Verdict.WARN, warned),
            row("FWD-3", Verdict.FAIL, failed("FWD-3", "It went wrong.")),
        )
    )

    assert "Fix this first: FWD-3\n  It went wrong.\n" in text


def test_an_error_of_the_kit_is_not_the_hosts_to_fix() -> None:
    broke = Finding("t", Verdict.ERROR, "KeyError in a check.")

    text = shown(results(RunVerdict.ERROR, row("FWD-3", Verdict.ERROR, broke)))

    assert "An error of the kit, not of the host, please report it: FWD-3\n  KeyError in a check.\n" in text
    assert "Fix this first" not in text


def test_beside_an_error_of_the_kit_the_host_still_learns_what_to_fix() -> None:
    broke, wrong = Finding("t", Verdict.ERROR, "KeyError."), failed("FWD-3", "It went wrong.")
    causes = [Cause("CON-1", broke.check, broke.message, 0), Cause("FWD-3", wrong.check, wrong.message, 2)]

    text = shown(
        results(
            RunVerdict.NONCONFORMING,
            row("CON-1", Verdict.ERROR, broke),
            row("FWD-3", Verdict.FAIL, wrong),
            fix_first=causes,
        )
    )

    assert text.index("Fix this first: FWD-3 (it unlocks 2 more)") < text.index("please report it: CON-1")


def test_what_was_not_testable_takes_one_line_with_its_advice() -> None:
    rows = [row(f"FWD-{n}", Verdict.NOT_TESTABLE, untestable(f"Prepare {n} orders in placed.")) for n in range(1, 9)]

    text = shown(results(RunVerdict.INCOMPLETE, *rows))

    expected = "Not testable: 8 (FWD-1, FWD-2, FWD-3, FWD-4, FWD-5, FWD-6 …): Prepare 1 orders in placed. (7 more"
    assert expected in text
    assert "INCOMPLETE" in text


def test_nothing_secret_and_nothing_that_steers_the_screen_is_printed() -> None:
    finding = failed("FWD-3", "It said tok-4711 \x1b[2J\r\nand more.", "curl tok-4711")

    text = shown(
        results(RunVerdict.NONCONFORMING, row("FWD-3", Verdict.FAIL, finding)),
        redact=Redactor({"SELFSHIP_TOKEN": "tok-4711"}),
    )

    assert "tok-4711" not in text
    assert "\x1b" not in text
    assert "It said $SELFSHIP_TOKEN  [2J  and more.\n" in text


@pytest.mark.parametrize("environ", [{}, {"CI": "true"}], ids=["no-terminal", "ci"])
def test_without_a_terminal_progress_is_a_plain_line_now_and_then(environ: dict[str, str]) -> None:
    stream = Tty() if environ else io.StringIO()
    clock = Clock()
    terminal = Terminal(stream=stream, environ={**environ, "NO_COLOR": "1"}, clock=clock)
    terminal.begin(200, "http://h")
    begun = stream.getvalue()
    assert "Certifying http://h: 200 checks." in begun

    for _ in range(100):
        terminal.check(Verdict.PASS)
    assert stream.getvalue() == begun

    clock.now += 10.5
    terminal.tick(requests=60, in_flight=4, scenarios_done=5, scenarios_total=9)
    terminal.tick(requests=61, in_flight=4, scenarios_done=5, scenarios_total=9)

    added = stream.getvalue().removeprefix(begun)
    assert "100 of 200 checks · 60 requests · 10 s · 5 of 9 scenarios, 4 requests in flight" in added
    assert added.count("checks") == 1


def test_on_a_terminal_the_line_is_live_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Tty()
    terminal = Terminal(stream=stream, environ={"NO_COLOR": "1"})
    terminal.begin(200, "http://h")
    terminal.check(Verdict.FAIL)
    terminal.tick(requests=1, in_flight=1, scenarios_done=0, scenarios_total=2)
    terminal.finish(results(RunVerdict.CONFORMING, row("FWD-1", Verdict.PASS)), CERTIFICATE)

    text = stream.getvalue()
    assert "1 of 200 checks" in text
    # The live line is erased before the summary is written, and the cursor is shown again.
    assert text.rindex("\x1b[2K") < text.index("CONFORMING")
    assert text.count("\x1b[?25h") == 1


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured, plain = Tty(), Tty()
    for stream, environ in ((coloured, {}), (plain, {"NO_COLOR": "1"})):
        terminal = Terminal(stream=stream, environ={"CI": "1", **environ})
        terminal.finish(results(RunVerdict.NONCONFORMING), CERTIFICATE)

    assert "\x1b[1;31mNONCONFORMING" in coloured.getvalue()
    assert "\x1b[1;31m" not in plain.getvalue()


def test_an_interrupted_run_takes_its_live_line_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Tty()
    terminal = Terminal(stream=stream, environ={})
    terminal.begin(1, "http://h")
    terminal.interrupted()

    assert "\x1b[?25h" in stream.getvalue()
