"""The pages about several runs in a real browser: they fit, complain of nothing, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types

from selfship.comparing import page as comparison_page
from selfship.history import chronicle, page, reading
from tests.browser import Browser, needs_chromium
from tests.test_comparing import of_samples
from tests.test_history import DAYS, leave

pytestmark = needs_chromium

UNFOLDED = "document.querySelectorAll('details').forEach((fold) => { fold.open = true })"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for place, sample in enumerate((*DAYS, "hostile"), 1):
        leave(folder / f"job {place}", sample, place)
    found = {name: folder / f"{name}.html" for name in ("worse", "hostile", "history")}
    comparison_page.write(of_samples("conforming", "nonconforming"), found["worse"])
    comparison_page.write(of_samples("conforming", "hostile"), found["hostile"])
    page.write(chronicle.hosts(reading.read(folder).runs), ["x holds no run."], found["history"])
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as it:
        yield it


@pytest.mark.parametrize("name", ["worse", "hostile", "history"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_fits_and_axe_finds_nothing(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    shown = browser.open(pages[name], width=width, dark=width == 360)
    shown.evaluate(UNFOLDED)

    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert shown.evaluate("document.scripts.length + document.images.length") == 0
    assert browser.complaints == []
    found = Axe().run(shown, options={"resultTypes": ["violations"]})
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
