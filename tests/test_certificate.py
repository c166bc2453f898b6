"""The certificate: what it says, that it says all of it, and that it says it to everybody."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

from selfship import certificate
from selfship.certificate import findings
from selfship.results import Finding
from selfship.verdict import RunVerdict, Verdict
from tests import sample_run
from tests.sample_pages import elements_of, every_page, of, page_of, render, sentence


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

    (heading,) = of(elements_of(name), "h1")

    assert heading.text[1:] == verdict
    assert sentence(elements_of(name)) == says.format(
        musts=len(musts),
        rest=len(musts) - 1,
        checks=sum(row.checks for row in musts),
        unsupplied=sum(row.group in ("RTO", "RET") for row in musts),
        why="all for lack of orders or of something else to prepare",
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
        for element in elements_of("nonconforming")
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
    case = next(element for element in elements_of("nonconforming") if element.attributes.get("id") == "fail-LIM-2")

    assert "all 21 were counted successful and took effect, expected at most 20." in case.text
    assert "Of 21 items never more than 20 take effect" in case.text
    assert "Source: API index, each operation" in case.text
    assert "PUT /oms/v3/shipment/status" in case.text
    assert '"success_count": 21' in case.text
    assert '-H "x-access-token: $SELFSHIP_TOKEN"' in case.text


def test_a_request_without_an_answer_says_so() -> None:
    case = next(element for element in elements_of("nonconforming") if element.attributes.get("id") == "warn-BAT-3")

    assert "no answer: timeout after 15,000 ms" in case.text


def test_findings_that_differ_in_the_order_alone_are_folded() -> None:
    case = next(element for element in elements_of("nonconforming") if element.attributes.get("id") == "fail-STA-1")

    assert case.text.count("accepted delivery_done") == 1
    assert "the same from 2 other checks" in case.text


def test_what_to_fix_first_and_what_was_blocked_and_not_testable_are_told() -> None:
    sections = {element.attributes["id"]: element.text for element in of(elements_of("nonconforming"), "section")}

    assert "2 other checks rest on it" in sections["fix"]
    assert "Mend NDR-2" in sections["blocked"]
    assert "Give --other-location" in sections["not-testable"]
    assert "fix" not in {element.attributes.get("id") for element in elements_of("conforming")}


@every_page
def test_ids_are_unique_and_every_link_leads_somewhere(name: str) -> None:
    ids = [element.attributes["id"] for element in elements_of(name) if "id" in element.attributes]
    links = [element.attributes["href"] for element in of(elements_of(name), "a")]
    named = [
        element.attributes["aria-labelledby"]
        for element in elements_of(name)
        if "aria-labelledby" in element.attributes
    ]

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert set(named) <= set(ids)


@every_page
def test_landmarks_headings_and_tables_are_there_for_those_who_listen(name: str) -> None:
    elements = elements_of(name)
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


def test_findings_are_folded_by_what_they_say() -> None:
    one = Finding("a", Verdict.FAIL, "Order 17263548191728394857 was lost.")

    same = replace(one, check="b", message="Order 17263548191728394999 was lost.")
    others = [replace(one, message="Order 17263548191728394857 was found."), replace(one, blocked_by="LIM-2")]

    assert findings.fold([one, *others, same]) == [[one, same], [others[0]], [others[1]]]


def test_a_clients_certificate_names_the_client_and_has_no_section_of_hosts() -> None:
    text = page_of("client")

    assert "Swift Couriers, as it called http://127.0.0.1:8080" in text
    for section in ("journeys", "matrix", "twenty", "batches", "latency", "dialect"):
        assert f'id="{section}"' not in text


def test_the_kill_rate_is_said_or_said_to_be_unknown() -> None:
    results, exchanges = sample_run.conforming()
    unknown = page_of("conforming")
    told = {"sentence": "12 of 12 are caught", "recorded": "2026-03-01T08:00:00Z", "kill_table": "sha256:" + "ab" * 32}
    results.kit["kill_rate"] = {**told, "stale": True}

    text = certificate.render(results, exchanges)

    assert "not on record for this kit" in unknown
    assert "12 of 12 are caught (proved on 1 March 2026, 08:00 UTC, with an earlier state of this kit)" in text
    assert told["kill_table"] in text


def test_a_page_with_hundreds_of_failures_of_large_bodies_stays_under_2_mb() -> None:
    assert len(page_of("many").encode("utf-8", "replace")) < 2_000_000
