"""The certificate: what it says, that it says all of it, and that nothing of a host's can act in it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from selfship import certificate, lifecycle
from selfship.certificate import findings, journeys, matrix
from selfship.certificate.pretty import layout
from selfship.exchanges import Exchange, Recorder, Redactor, curl
from selfship.results import Finding, MatrixCell, Results
from selfship.verdict import RunVerdict, Verdict
from tests import outline, sample_run
from tests.outline import Element

MEGABYTE = 1_000_000
PAGES = {name: certificate.render(*make()) for name, make in sample_run.ALL.items()}
OUTLINES = {name: outline.read(page) for name, page in PAGES.items()}
every_page = pytest.mark.parametrize("name", sorted(PAGES))


def of(elements: Sequence[Element], tag: str) -> list[Element]:
    return [element for element in elements if element.tag == tag]


def render(results: Results, exchanges: Sequence[Exchange]) -> list[Element]:
    return outline.read(certificate.render(results, exchanges))


def sentence(elements: Sequence[Element]) -> str:
    return next(element.text for element in elements if element.attributes.get("class") == "lede")


@pytest.mark.parametrize(
    ("name", "verdict", "says"),
    [
        (
            "conforming",
            "Conforming",
            "All {musts} MUST rules that apply were shown to hold, by {checks} checks over 1,903 requests.",
        ),
        ("nonconforming", "Nonconforming", "3 of {musts} MUST rules are broken: NDR-2, STA-1 and LIM-2."),
        (
            "incomplete",
            "Incomplete",
            "No MUST rule was seen to be broken, but {unsupplied} of {musts} could not be judged: {why}.",
        ),
        (
            "waived",
            "Conforming, with waivers",
            "{rest} MUST rules that apply were shown to hold; 1 rule is broken and waived: LIM-2.",
        ),
        (
            "error",
            "Error of the kit",
            "The kit itself broke while it judged TRK-1: until it is mended, this run says neither yes nor no.",
        ),
    ],
)
def test_the_verdict_is_followed_by_one_sentence_of_why(name: str, verdict: str, says: str) -> None:
    musts = [row for row in sample_run.conforming()[0].requirements if row.level == "MUST"]

    (heading,) = of(OUTLINES[name], "h1")

    assert heading.text[1:] == verdict
    assert sentence(OUTLINES[name]) == says.format(
        musts=len(musts),
        rest=len(musts) - 1,
        checks=sum(row.checks for row in musts),
        unsupplied=sum(row.group in ("RTO", "RET") for row in musts),
        why="all for want of something to try them with",
    )


def test_a_narrowed_run_says_that_it_certifies_nothing() -> None:
    results, exchanges = sample_run.conforming()
    results.run["narrowed"], results.verdict = True, RunVerdict.INCOMPLETE

    page = render(results, exchanges)

    assert sentence(page).startswith("The run was narrowed")
    assert "narrowed to some checks: certifies nothing" in [element.text for element in of(page, "dd")]


def test_every_requirement_stands_in_the_table_with_its_verdict() -> None:
    results, _ = sample_run.nonconforming()
    rows = {
        element.attributes["id"]: element
        for element in OUTLINES["nonconforming"]
        if "data-verdict" in element.attributes
    }

    assert list(rows) == [f"req-{row.id}" for row in results.requirements]
    for row in results.requirements:
        shown = rows[f"req-{row.id}"]
        assert shown.attributes["data-verdict"] == row.verdict.value
        assert shown.attributes["data-level"] == row.level
        assert row.statement in shown.text
        assert row.source in shown.text


def test_a_failure_shows_message_rule_request_answer_and_curl() -> None:
    case = next(element for element in OUTLINES["nonconforming"] if element.attributes.get("id") == "fail-LIM-2")

    assert "all 21 were counted successful and took effect, expected at most 20." in case.text
    assert "Of 21 items never more than 20 take effect" in case.text
    assert "Source: API index, each operation" in case.text
    assert "PUT /oms/v3/shipment/status" in case.text
    assert '"success_count": 21' in case.text
    assert '-H "x-access-token: $SELFSHIP_TOKEN"' in case.text


def test_a_request_without_an_answer_says_so() -> None:
    case = next(element for element in OUTLINES["nonconforming"] if element.attributes.get("id") == "warn-BAT-3")

    assert "no answer: timeout after 15,000 ms" in case.text


def test_findings_that_differ_in_the_order_alone_are_folded() -> None:
    case = next(element for element in OUTLINES["nonconforming"] if element.attributes.get("id") == "fail-STA-1")

    assert case.text.count("accepted delivery_done") == 1
    assert "the same from 2 other checks" in case.text


def test_what_to_fix_first_and_what_was_blocked_and_not_testable_are_told() -> None:
    sections = {element.attributes["id"]: element.text for element in of(OUTLINES["nonconforming"], "section")}

    assert "2 other checks rest on it" in sections["fix"]
    assert "Mend NDR-2" in sections["blocked"]
    assert "Give --other-location" in sections["not-testable"]
    assert "fix" not in {element.attributes.get("id") for element in OUTLINES["conforming"]}


def test_what_the_page_cannot_hold_is_counted() -> None:
    results, exchanges = sample_run.many_failures(3000)

    page = certificate.render(results, exchanges)

    assert len(page.encode()) < 2 * MEGABYTE
    assert "more findings of this rule: in results.json" in page
    for row in results.requirements:
        if row.verdict is Verdict.FAIL:
            assert f'id="fail-{row.id}-1"' in page


@every_page
def test_a_page_stays_under_two_megabytes(name: str) -> None:
    assert len(PAGES[name].encode()) < 2 * MEGABYTE


def test_long_words_of_a_host_are_cut_with_a_note() -> None:
    results, exchanges = sample_run.conforming()
    huge = replace(exchanges[0], response_body=b'["' + b"<" * 3 * MEGABYTE + b'"]')
    row = results.requirements[0]
    row.verdict = Verdict.FAIL
    row.findings = [Finding("c" * MEGABYTE, Verdict.FAIL, "m" * MEGABYTE, (huge.seq,), "curl " + "x" * MEGABYTE)]
    results.requirements[1].findings = [Finding("c", Verdict.NOT_TESTABLE, "&" * MEGABYTE, advice="&" * MEGABYTE)]

    page = certificate.render(results, [huge, *exchanges[1:]])

    assert len(page.encode()) < MEGABYTE
    assert "the whole body has 3,000,004 characters and stands in exchanges.har" in page


@every_page
def test_ids_are_unique_and_every_link_leads_somewhere(name: str) -> None:
    ids = [element.attributes["id"] for element in OUTLINES[name] if "id" in element.attributes]
    links = [element.attributes["href"] for element in of(OUTLINES[name], "a")]
    named = [
        element.attributes["aria-labelledby"] for element in OUTLINES[name] if "aria-labelledby" in element.attributes
    ]

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert set(named) <= set(ids)


@every_page
def test_landmarks_headings_and_tables_are_there_for_those_who_listen(name: str) -> None:
    elements = OUTLINES[name]
    (document,) = of(elements, "html")

    assert document.attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(of(elements, landmark)) == 1
    levels = [int(element.tag[1]) for element in elements if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(of(elements, "caption")) == len(of(elements, "table"))
    assert all("scope" in element.attributes for element in of(elements, "th"))
    for drawing in of(elements, "svg"):
        assert "aria-hidden" in drawing.attributes or "aria-labelledby" in drawing.attributes


@every_page
def test_nothing_is_fetched_and_nothing_foreign_can_run(name: str) -> None:
    elements = OUTLINES[name]

    assert all(link.attributes["href"].startswith("#") for link in of(elements, "a"))
    assert [link.attributes["href"] for link in of(elements, "link")] == ["data:,"]
    assert not {"src", "srcset", "action", "formaction", "style", "xlink:href"} & {
        attribute for element in elements for attribute in element.attributes
    }
    assert not {"img", "iframe", "object", "embed", "form", "base", "audio", "video", "image", "use"} & {
        element.tag for element in elements
    }
    (style,) = of(elements, "style")
    assert "url(" not in style.text
    assert "@import" not in style.text


@every_page
def test_the_policy_names_the_one_style_and_the_one_script(name: str) -> None:
    (policy,) = [
        element.attributes["content"]
        for element in of(OUTLINES[name], "meta")
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))

    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (element,) = of(OUTLINES[name], tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"


def test_what_a_host_says_stays_text() -> None:
    plain, hostile = OUTLINES["nonconforming"], OUTLINES["hostile"]

    def kinds(elements: Sequence[Element]) -> set[tuple[str, str]]:
        return {(element.tag, attribute) for element in elements for attribute in element.attributes}

    # The same elements with the same attributes: nothing that the host sent became markup.
    assert kinds(hostile) <= kinds(plain) | {("td", "title")}
    assert "<script>alert(1)</script>" in next(element.text for element in hostile if element.tag == "body")
    assert "{{7*7}}" in PAGES["hostile"]
    assert not re.search("[\x00\u202e\ud800]", PAGES["hostile"])
    assert "\\u202e" in PAGES["hostile"]


def test_a_secret_that_crossed_the_wire_is_not_on_the_page() -> None:
    canary = "canary-4f1c/=+ «token»"
    recorder = Recorder(Redactor({"SELFSHIP_TOKEN": canary}))
    exchange = recorder.add(
        started="2026-03-02T09:30:00Z",
        scenario="auth",
        step="read",
        operation="shipment",
        method="GET",
        url=f"http://127.0.0.1:8080/oms/v3/shipment?token={canary}",
        request_headers=(("x-access-token", canary),),
        request_body=json.dumps({"token": canary}),
        status=500,
        response_headers=(("Location", canary),),
        response_body=json.dumps({"you sent": canary}).encode(),
        elapsed_ms=1.0,
    )
    results, _ = sample_run.conforming()
    results.requirements[0].verdict = Verdict.FAIL
    results.requirements[0].findings = [Finding("c", Verdict.FAIL, "The host answered 500.", (1,), curl(exchange))]

    page = certificate.render(results, [exchange])

    assert "canary" not in page
    assert page.count("$SELFSHIP_TOKEN") > 3


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
    elements = OUTLINES["nonconforming"]
    squares = [element for element in elements if element.tag == "td" and "title" in element.attributes]
    links = [element for element in of(elements, "a") if "td" in element.within and "scope" not in element.attributes]
    targets = {link.attributes["href"] for link in links}

    assert len(squares) == len(results.matrix)
    for cell in results.matrix:
        name = f"#cell-{cell.state}-{cell.event}"
        assert (name in targets) == (cell.verdict not in (None, Verdict.FAIL) and cell.rule is not None)
    assert {"#fail-STA-1-1", "#fail-NDR-2-1"} <= targets


def test_a_client_is_certified_without_a_picture_of_a_host() -> None:
    results, exchanges = sample_run.conforming()
    results.target["role"], results.matrix = "client", []

    sections = {element.attributes["id"] for element in of(render(results, exchanges), "section")}

    assert not sections & {"journeys", "matrix"}
    assert {"run", "requirements", "limits"} <= sections


def test_a_run_that_the_preflight_stopped_still_makes_a_page() -> None:
    results, _ = sample_run.conforming()
    for row in results.requirements:
        row.verdict, row.evidence = Verdict.BLOCKED, []
        row.findings = [Finding("pre-flight", Verdict.BLOCKED, "The pre-flight stopped the run.", (1,), None, "AUTH-1")]
    results.verdict, results.matrix, results.latency_ms, results.dialect = RunVerdict.INCOMPLETE, [], {}, []

    page = render(results, [])

    assert "all because another check failed" in sentence(page)
    assert "Mend AUTH-1" in next(element.text for element in page if element.attributes.get("id") == "blocked")


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


def test_findings_are_folded_by_what_they_say() -> None:
    one = Finding("a", Verdict.FAIL, "Order 17263548191728394857 was lost.")

    same = replace(one, check="b", message="Order 17263548191728394999 was lost.")
    others = [replace(one, message="Order 17263548191728394857 was found."), replace(one, blocked_by="LIM-2")]

    assert findings.fold([one, *others, same]) == [[one, same], [others[0]], [others[1]]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_the_contrast_that_reading_needs(scheme: str) -> None:
    style = of(OUTLINES["conforming"], "style")[0].text
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
