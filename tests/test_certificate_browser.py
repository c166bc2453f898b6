"""The certificate in a real browser: it fits a phone, its filters work, it prints, and nothing in it misbehaves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Page, expect

from selfship import certificate
from tests import sample_client, sample_run
from tests.browser import Browser, needs_chromium

pytestmark = needs_chromium

SAMPLES = ("conforming", "nonconforming", "incomplete", "hostile", "client")
SHOWN = "[...document.querySelectorAll('tr.rule')].filter((row) => row.checkVisibility()).map((row) => row.id)"
UNFOLDED = "document.querySelectorAll('details').forEach((fold) => { fold.open = true })"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    found = {name: folder / f"{name}.html" for name in SAMPLES}
    for name, path in found.items():
        certificate.write(*sample_client.ALL[name](), path)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as it:
        yield it


@pytest.fixture
def page(browser: Browser, pages: dict[str, Path]) -> Page:
    return browser.open(pages["nonconforming"])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_neither_complains_nor_fetches_nor_scrolls_sideways(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    page = browser.open(pages[name], width=360, dark=name == "incomplete")
    page.evaluate(UNFOLDED)

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert browser.complaints == []


@pytest.mark.parametrize(
    ("name", "dark", "unfolded"),
    [("nonconforming", False, True), ("nonconforming", True, False), ("client", True, True)],
)
def test_axe_finds_nothing(browser: Browser, pages: dict[str, Path], name: str, dark: bool, unfolded: bool) -> None:
    page = browser.open(pages[name], width=400 if dark else 1280, dark=dark)
    # Unfolded, its many hundred elements take axe long: once, in light.
    page.evaluate(UNFOLDED if unfolded else "0")

    found = Axe().run(page, options={"resultTypes": ["violations"]})

    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []


def test_what_a_host_planted_does_not_run(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.open(pages["hostile"])

    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 0
    assert browser.dialogs == []


def test_rules_are_filtered_by_verdict_level_group_and_text(page: Page) -> None:
    def choose(*, verdict: str = "", level: str = "", group: str = "", text: str = "") -> list[str]:
        for name, value in (("verdict", verdict), ("level", level), ("group", group)):
            page.locator(f"select[data-filter={name}]").select_option(value)
        page.get_by_role("searchbox", name="Text").fill(text)
        found: list[str] = page.evaluate(SHOWN)
        return found

    everything = choose()

    assert choose(verdict="fail") == ["req-NDR-2", "req-STA-1", "req-LIM-2"]
    assert choose(verdict="fail", group="LIM") == ["req-LIM-2"]
    assert choose(level="SHOULD", verdict="warn") == ["req-BAT-3"]
    assert choose(verdict="not_testable") != []
    assert choose(text="21 ITEMS") == ["req-LIM-2", "req-LIM-3"]
    expect(page.get_by_role("status")).to_have_text(f"2 of {len(everything)} rules")
    assert choose(text="no rule says this") == []
    assert choose() == everything
    results, _ = sample_run.nonconforming()
    assert everything == [f"req-{row.id}" for row in results.requirements]


def test_the_tally_leads_to_the_rules_that_it_counts(page: Page) -> None:
    page.locator("[data-show=blocked]").click()

    assert page.evaluate(SHOWN) == ["req-NDR-3", "req-DOC-4"]


def test_a_link_opens_what_it_leads_to_even_where_it_is_filtered_out(page: Page) -> None:
    page.locator("[data-show=fail]").click()

    page.locator("a[href='#cell-placed-confirm']").first.click()

    expect(page.locator("#cell-placed-confirm")).to_be_visible()
    assert "req-FWD-1" in page.evaluate(SHOWN)


def test_every_link_of_the_page_leads_somewhere_in_it(page: Page) -> None:
    targets = page.evaluate("[...document.querySelectorAll('a')].map((link) => link.getAttribute('href'))")

    assert len(targets) > 100
    assert {one[0] for one in targets} == {"#"}
    lost = "(names) => names.filter((name) => !document.getElementById(name.slice(1)))"
    assert page.evaluate(lost, targets) == []


def test_every_rule_opens_and_closes_at_once(page: Page) -> None:
    closed = page.locator("details.fold:not([open])")
    page.get_by_role("button", name="Expand all").click()
    expect(closed).to_have_count(0)
    page.get_by_role("button", name="Expand all").click()

    expect(closed).to_have_count(len(sample_run.nonconforming()[0].requirements))


def test_the_keyboard_reaches_the_findings_the_filters_and_a_fold(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the findings")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    fold = page.locator("details.fold summary").first
    fold.focus()
    page.keyboard.press("Enter")

    expect(page.locator("details.fold").first).to_have_attribute("open", "")


def test_a_curl_line_is_copied_whole(page: Page) -> None:
    button = page.get_by_role("button", name="Copy").first
    line = button.evaluate("(button) => button.previousElementSibling.textContent")
    button.click()

    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == line
    assert line.startswith("curl -i ")


def test_without_javascript_the_page_is_complete(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.open(pages["nonconforming"], scripts=False)

    expect(page.locator("tr.rule")).to_have_count(len(sample_run.nonconforming()[0].requirements))
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("tr.rule").last).to_be_visible()


def test_the_answer_of_the_mock_stands_beside_the_hosts_with_what_differs_marked(page: Page) -> None:
    exhibit = page.locator("#fail-LIM-2 .exhibit").first

    expect(exhibit.get_by_text("What the kit’s mock answers")).to_be_visible()
    assert '"success_count": 21' in exhibit.locator(".sides mark").all_inner_texts()
    assert '"success_count": 20' in exhibit.locator(".mock mark").all_inner_texts()


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
