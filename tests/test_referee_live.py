"""The referee's live page in a real browser, and a person with nothing but curl who follows its advice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types

from tests.browser import Browser, needs_chromium
from tests.refereed import PATIENCE_S, Live, refereed

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with refereed("basic", tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as it:
        yield it


def watch(browser: Browser, live: Live, **window: int) -> None:
    browser.open(f"{live.url}/_referee/?key={live.partner.key}", **window)  # type: ignore[arg-type]
    wait_until(browser, "document.querySelectorAll('#rules tbody tr').length > 0")


def wait_until(browser: Browser, expression: str) -> None:
    """Returns once that is true in the page. The page's policy forbids what the browser's own waiting does."""
    until = time.monotonic() + PATIENCE_S
    while not browser.run(expression):
        assert time.monotonic() < until, f"never became true: {expression}"
        browser.run("new Promise(requestAnimationFrame)")


def curl(line: str, token: str = "") -> str:
    """What the line prints, run as a person would: in a shell that holds the secrets."""
    own = {"SELFSHIP_USERNAME": "demo", "SELFSHIP_PASSWORD": "demo", "SELFSHIP_TOKEN": token, "PATH": "/usr/bin:/bin"}
    told = subprocess.run(["sh", "-c", line], env=own, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    return told.stdout


def lines(live: Live, rule: str) -> list[str]:
    """The curl lines in what the certificate advises for a rule."""
    (row,) = [one for one in live.judged("stopped").requirements if one.id == rule]
    advice = row.findings[0].advice or ""
    return [part.strip(" ;:,.") for part in re.findall(r"curl .*?(?=; put|, then|$)", advice)]


@needs_chromium
def test_the_page_shows_each_step_as_it_happens(live: Live, browser: Browser) -> None:
    watch(browser, live)
    client = live.client()
    one = client.orders("PROCESSING")[0]["id"]
    done = f"[...document.querySelectorAll('tr[data-order=\"{one}\"] li.done')].map((step) => step.textContent)"

    assert browser.run(done) == []
    client.awb(one)
    wait_until(browser, f"{done}.length === 1")
    client.post("pack", {"orderId": one})
    client.post("dispatch", {"orderId": one})
    wait_until(browser, f"{done}.length === 3")
    client.status(one, "delivery_done")
    wait_until(browser, f"document.querySelector('tr[data-order=\"{one}\"]').textContent.includes('broke AGG-7')")
    client.status(one, "bag_picked")
    client.status(one, "delivery_done")
    wait_until(browser, "document.title === 'Referee: 1 of 6 orders ended'")

    assert browser.run(done) == ["awb", "pack", "dispatch", "bag picked", "delivery done"]
    assert [words for words in browser.complaints if not words.startswith(f"fetched {live.url}/")] == []


@needs_chromium
def test_what_a_client_sends_does_not_run_in_the_page(live: Live, browser: Browser) -> None:
    client = live.client()
    one = client.orders("PROCESSING")[0]["id"]
    client.awb(one, "<img src=x onerror=alert(1)>", courier="<script>alert(2)</script>")
    watch(browser, live)
    wait_until(browser, "document.body.textContent.includes('onerror')")

    assert browser.run("document.images.length") == 0
    assert browser.dialogs == []


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(live: Live, browser: Browser, *, dark: bool) -> None:
    client = live.client()
    one = client.orders("PROCESSING")[0]["id"]
    client.awb(one)
    client.status(one, "delivery_done")
    page = browser.open(f"{live.url}/_referee/?key={live.partner.key}", dark=dark)
    wait_until(browser, "document.querySelectorAll('#rules tbody tr').length > 0")

    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.response["violations"] == []


@needs_chromium
def test_the_page_fits_a_phone(live: Live, browser: Browser) -> None:
    watch(browser, live, width=360)

    assert browser.run("document.documentElement.scrollWidth") == 360


@needs_chromium
def test_a_page_says_when_the_referee_has_gone(tmp_path: Path, browser: Browser) -> None:
    with refereed("basic", tmp_path) as live:
        watch(browser, live)
    wait_until(browser, "!document.getElementById('connection').hidden")


@needs_curl
def test_curl_alone_following_the_advice_takes_an_order_to_its_end(live: Live) -> None:
    log_in, listing = lines(live, "AGG-1")
    token = json.loads(curl(log_in))["access_token"]
    listed = json.loads(curl(listing, token))
    for rule in ("AGG-5", "AGG-6"):
        (line,) = lines(live, rule)
        curl(line, token)

    seen = live.client().get("/_referee/seen")
    ended = [order for order in seen["orders"] if order["ended"]]
    assert [order["state"] for order in ended] == ["delivery_done"]
    assert ended[0]["id"] in {order["id"] for order in listed}
    assert live.red("stopped") == set()


def test_the_pages_of_a_session_are_not_for_writing(live: Live) -> None:
    assert live.client().call("POST", "/_referee/expected", [], token=None).status == 405
    assert live.client().call("GET", "/_referee/nowhere", token=None).status == 404
    assert live.client().call("GET", "/_referee/?key=wrong", token=None).status == 403
