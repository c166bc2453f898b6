"""What hosts say stays text, secrets stay away, nothing is fetched, and no run is too big for a page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from selfship import certificate
from selfship.exchanges import Recorder, Redactor, curl
from selfship.results import Finding
from selfship.verdict import Verdict
from tests import sample_run
from tests.outline import Element
from tests.sample_pages import elements_of, every_page, of, page_of
from tests.sample_run import Wire

MEGABYTE = 1_000_000


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
    assert len(page_of(name).encode()) < 2 * MEGABYTE


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
def test_nothing_is_fetched_and_nothing_foreign_can_run(name: str) -> None:
    elements = elements_of(name)

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
        for element in of(elements_of(name), "meta")
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))

    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (element,) = of(elements_of(name), tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"


def test_what_a_host_says_stays_text() -> None:
    plain, hostile = elements_of("nonconforming"), elements_of("hostile")

    def kinds(elements: Sequence[Element]) -> set[tuple[str, str]]:
        return {(element.tag, attribute) for element in elements for attribute in element.attributes}

    # The same elements with the same attributes: nothing that the host sent became markup.
    assert kinds(hostile) <= kinds(plain) | {("td", "title")}
    assert "<script>alert(1)</script>" in next(element.text for element in hostile if element.tag == "body")
    assert "{{7*7}}" in page_of("hostile")
    assert not re.search("[\x00\u202e\ud800]", page_of("hostile"))
    assert "\\u202e" in page_of("hostile")


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


def test_a_pasted_curl_line_runs_nothing_but_curl(tmp_path: Path) -> None:
    planted = f"$SELFSHIP_TOKEN $(touch {tmp_path}/a) `touch {tmp_path}/b` $HOME \\ \" ' end"
    exchange = Wire().send("status", [{"orderId": planted}], 200, {}, query=f"?x={planted}")
    script = f"curl() {{ printf '%s\\n' \"$@\"; }}\n{curl(exchange)}"

    sent = subprocess.run(
        ["sh", "-c", script], env={"SELFSHIP_TOKEN": "t0ken"}, capture_output=True, text=True, check=True
    ).stdout

    assert list(tmp_path.iterdir()) == []
    assert exchange.url.replace("$SELFSHIP_TOKEN", "t0ken") in sent
    assert str(exchange.request_body).replace("$SELFSHIP_TOKEN", "t0ken") in sent
