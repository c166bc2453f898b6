"""What a profile left open comes back as rows of the dialect and as lines that the profile takes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from selfship import certificate, found_out, profile
from selfship.terminal import Terminal
from tests.test_results_schema import a_run

OPEN = {"edition": "extended", "invoicing": "manual", "auth": None, "credit_note": "auto", "rto_acceptance": None}
DETECTED = {"edition": "extended", "invoicing": "manual"}


def test_the_lines_pin_down_in_a_profile_what_was_found_out(tmp_path: Path) -> None:
    lines = found_out.lines({**OPEN, "detected": DETECTED})
    (tmp_path / "pinned.toml").write_text("\n".join(lines), encoding="utf-8")

    switches = profile.load("pinned.toml", tmp_path).switches

    assert (switches.edition, switches.invoicing, switches.credit_note) == ("extended", "manual", None)
    # Given by the profile: nothing to paste. Open still: named, and not guessed.
    assert [line for line in lines if "credit_note" in line] == []
    assert [line for line in lines if line.startswith("#")] == [
        "# rto_acceptance: this run could not tell",
        "# auth: this run could not tell",
    ]


def test_a_profile_that_left_nothing_open_gets_no_lines() -> None:
    assert found_out.lines({**OPEN, "detected": {}}) == []


def test_each_switch_that_was_found_out_is_a_row_of_the_dialect() -> None:
    rows = list(found_out.observations(DETECTED))

    assert [(row.id, row.observed.split(",")[0]) for row in rows] == [
        ("NDR-1", 'edition = "extended"'),
        ("FWD-2", 'invoicing = "manual"'),
    ]


def test_screen_and_certificate_show_the_lines() -> None:
    run = a_run()
    run = replace(run, target={**run.target, "profile": {**OPEN, "detected": DETECTED}})
    screen = io.StringIO()

    Terminal(stream=screen, environ={}).finish(run, None)

    for shown in (screen.getvalue(), certificate.render(run, [])):
        assert "[switches]" in shown
        assert 'edition = "extended"' in shown or "edition = &#34;extended&#34;" in shown
        assert "# rto_acceptance: this run could not tell" in shown
