"""The certificate in a real browser: it fits a phone, its filters work, it prints, and nothing in it misbehaves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from selfship import certificate
from tests import sample_run
from tests.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install it to test the page as it is shown")

SAMPLES = ("conforming", "nonconforming", "incomplete", "hostile")
SHOWN = "[...document.querySelectorAll('tr.rule')].filter((row) => row.checkVisibility()).map((row) => row.id)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    found = {name: folder / f"{name}.html" for name in SAMPLES}
    for name, path in found.items():
        certificate.write(*sample_run.ALL[name](), path)
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as it:
        yield it


@pytest.fixture
def page(browser: Browser, pages: dict[str, Path]) -> Browser:
    browser.open(pages["nonconforming"])
    return browser


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_neither_complains_nor_fetches_nor_scrolls_sideways(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name], width=360, dark=name == "incomplete")
    browser.run("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")

    assert browser.run("document.documentElement.scrollWidth") == 360
    assert browser.complaints == []


def test_what_a_host_planted_does_not_run(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])

    assert browser.run("document.scripts.length") == 1
    assert browser.run("document.images.length") == 0
    assert browser.dialogs == []


def test_rules_are_filtered_by_verdict_level_group_and_text(page: Browser) -> None:
    def choose(**wanted: str) -> list[str]:
        for name in ("verdict", "level", "group", "text"):
            page.run(
                f"(() => {{ const control = document.querySelector('[data-filter={name}]');"
                f"control.value = {wanted.get(name, '')!r}; control.dispatchEvent(new Event('input')) }})()"
            )
        found: list[str] = page.run(SHOWN)
        return found

    everything = choose()

    assert choose(verdict="fail") == ["req-NDR-2", "req-STA-1", "req-LIM-2"]
    assert choose(verdict="fail", group="LIM") == ["req-LIM-2"]
    assert choose(level="SHOULD", verdict="warn") == ["req-BAT-3"]
    assert choose(text="21 ITEMS") == ["req-LIM-2", "req-LIM-3"]
    assert page.run("document.getElementById('shown').textContent") == f"2 of {len(everything)} rules"
    assert choose(text="no rule says this") == []
    assert choose() == everything
    results, _ = sample_run.nonconforming()
    assert everything == [f"req-{row.id}" for row in results.requirements]


def test_the_tally_leads_to_the_rules_that_it_counts(page: Browser) -> None:
    page.run("document.querySelector('[data-show=blocked]').click()")

    assert page.run(SHOWN) == ["req-NDR-3", "req-DOC-4"]


def test_a_link_opens_what_it_leads_to_even_where_it_is_filtered_out(page: Browser) -> None:
    page.run("document.querySelector('[data-show=fail]').click()")

    page.run("document.querySelector('a[href=\"#cell-placed-confirm\"]').click()")

    page.wait_until("document.getElementById('cell-placed-confirm').checkVisibility()")
    assert "req-FWD-1" in page.run(SHOWN)


def test_every_rule_opens_and_closes_at_once(page: Browser) -> None:
    still_closed = "document.querySelectorAll('details.fold:not([open])').length"
    page.run("document.getElementById('expand').click()")
    opened = page.run(still_closed)
    page.run("document.getElementById('expand').click()")

    assert opened == 0
    assert page.run(still_closed) == len(sample_run.nonconforming()[0].requirements)


def test_a_curl_line_is_copied_or_at_least_selected(page: Browser) -> None:
    page.run("document.querySelector('button.copy').click()")

    page.wait_until("['Copied', 'Selected'].includes(document.querySelector('button.copy').firstChild.data)")


def test_without_javascript_the_page_is_complete(browser: Browser, pages: dict[str, Path]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["nonconforming"])
        shown = browser.run(SHOWN)
        filters = browser.run("document.getElementById('filters').checkVisibility()")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)

    assert len(shown) == len(sample_run.nonconforming()[0].requirements)
    assert filters is False


def test_the_print_has_the_evidence_and_no_controls(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["nonconforming"])

    printed = pypdf.PdfReader(io.BytesIO(browser.pdf()))
    text = "\n".join(page.extract_text() for page in printed.pages)

    assert "3 of" in printed.pages[0].extract_text()
    assert "expected at most 20" in text
    assert '"success_count": 21' in text
    assert "no answer: timeout" in text
    assert "Expand all" not in text
    assert len(printed.pages) < 25
