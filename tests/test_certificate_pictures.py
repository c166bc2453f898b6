"""The drawn parts of the certificate: journeys, matrix, laid out JSON, and colours that can be told apart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from selfship import lifecycle
from selfship.certificate import journeys, matrix, sweeps
from selfship.certificate.pretty import layout
from selfship.results import Evidence, Finding, MatrixCell, RequirementResult
from selfship.verdict import Verdict
from tests import sample_run
from tests.sample_pages import elements_of, of


def test_every_accepted_event_of_the_lifecycle_is_drawn_once() -> None:
    accepted = [(state, event.value) for state, event, cell in lifecycle.cells() if cell.outcome == "accept"]

    drawn = [edge for diagram in journeys.diagrams({}, [], {}) for edge in diagram.edges]

    assert sorted((edge.source, edge.event) for edge in drawn if edge.event) == sorted(accepted)
    automatic = {(edge.source, edge.to) for edge in drawn if not edge.event}
    assert automatic == set(lifecycle.AUTOMATIC.items())


def test_an_edge_has_the_verdict_of_its_cell_and_no_edge_is_accused_for_another() -> None:
    results, _ = sample_run.nonconforming()

    def seen(cells: list[MatrixCell]) -> dict[tuple[str, str], str]:
        drawn = journeys.diagrams(matrix.merged(cells), results.requirements, {})
        return {(edge.source.value, edge.event): edge.word.css for diagram in drawn for edge in diagram.edges}

    probed, unprobed = seen(results.matrix), seen([])

    failed = ("delivery_attempt_failed", "delivery_reattempt_requested")
    assert probed[failed] == "fail"
    assert probed["out_for_delivery", "delivery_attempt_failed"] == "pass"
    # NDR-2 speaks of three edges: without a probe nobody knows which of them it was.
    assert unprobed[failed] == unprobed["out_for_delivery", "delivery_attempt_failed"] == "untried"
    assert unprobed["placed", "confirm"] == "pass"


def test_every_tried_cell_of_the_matrix_leads_to_its_evidence() -> None:
    results, _ = sample_run.nonconforming()
    elements = elements_of("nonconforming")
    squares = [element for element in elements if element.tag == "td" and "title" in element.attributes]
    links = [element for element in of(elements, "a") if "td" in element.within and "scope" not in element.attributes]
    targets = {link.attributes["href"] for link in links}

    assert len(squares) == len(results.matrix)
    for cell in results.matrix:
        name = f"#cell-{cell.state}-{cell.event}"
        assert (name in targets) == (cell.verdict not in (None, Verdict.FAIL) and cell.rule is not None)
    assert {"#fail-STA-1-1", "#fail-NDR-2-1"} <= targets


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.10,"a":[1e5,{"b":"\\u00e9, [x]: {y}"}],"long":"' + "x" * 90 + '"}',
        '[{"id":17263548191728394857,"items":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22]}]',
        '[{"cut":"in the mid',
        "[1,2",
        "[}",
        "not json",
        "[" * 500,
        "",
    ],
    ids=["numbers", "long", "cut-string", "cut-array", "crossed", "text", "deep", "empty"],
)
def test_json_is_laid_out_without_changing_a_token(text: str) -> None:
    def bare(json_text: str) -> str:
        return re.sub(r'("(?:[^"\\]|\\.)*"?)|\s+', lambda found: found.group(1) or "", json_text)

    laid_out = layout(text)

    assert bare(laid_out) == bare(text)
    assert len(laid_out.splitlines()) >= len(text.splitlines())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_the_contrast_that_reading_needs(scheme: str) -> None:
    style = of(elements_of("conforming"), "style")[0].text
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w+)", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--(\w+): (#\w+)", blocks[1]))

    for name in colours.keys() - {"bg", "panel", "line"}:
        assert contrast(colours[name], colours["bg"]) >= 4.5, name
        # The faint grounds: a verdict's own colour mixed into the page's, 14 % at most.
        assert contrast(colours[name], mixed(colours[name], colours["bg"], 0.14)) >= 4.5, name
    for name in ("text", "muted"):
        assert contrast(colours[name], colours["panel"]) >= 4.5, name


def channels(colour: str) -> list[float]:
    digits = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
    return [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]


def mixed(colour: str, ground: str, share: float) -> str:
    both = zip(channels(colour), channels(ground), strict=True)
    return "#" + "".join(f"{round(255 * (share * one + (1 - share) * other)):02x}" for one, other in both)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_each_operation_of_a_limit_stands_under_its_rule_with_its_own_verdict() -> None:
    row = RequirementResult("LIM-2", "MUST", "LIM", "", "", Verdict.FAIL, 3)
    row.findings = [Finding("suites/a.py::test_x[awb]", Verdict.FAIL, "21 took effect.")]
    row.evidence = [Evidence("suites/a.py::test_x[pack]", ""), Evidence("suites/a.py::test_x[awb]", "")]
    row.evidence.append(Evidence("suites/a.py::test_limit_is_per_request", ""))

    (sweep,) = sweeps.sweeps("LIM", [row, replace(row, group="FWD")], [])

    told = [(trial.name, trial.word.css, trial.href) for trial in sweep.trials]
    assert told[0] == ("awb", "fail", "req-LIM-2")
    assert [name for name, css, _ in told if css == "pass"] == ["pack", "limit is per request"]
