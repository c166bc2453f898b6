"""The kill table as a page: complete without a network or a script, and safe against what it quotes."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from selfship.proving import page, report
from selfship.proving.cases import Case
from selfship.proving.kills import table
from selfship.proving.rival import Caught
from tests.browser import Browser, needs_chromium
from tests.outline import Element, read
from tests.proving import broken, fault, outcome

PLAIN = Case("plain", "plain", "the mock as it is")
SLOW = Case("variant", "slow", "answers late")
EMPTY = Case("null", "empty_object", "answers {} to everything")
TAKES, LOST, WARNED = fault(), fault("awb_is_lost", "FET-12", ("AUT-1",)), fault("takes_none", "LIM-4")
HOSTILE = "<script>alert(1)</script> was answered & \u202etaken"


def html(*, whole: bool = True) -> str:
    found = table(
        {
            PLAIN: outcome(PLAIN),
            TAKES: outcome(TAKES, message=HOSTILE, LIM_2="fail", CON_3="fail", LIM_1="blocked"),
            LOST: outcome(LOST, FET_12="pass", AUT_1="fail"),
            WARNED: broken(WARNED),
            SLOW: outcome(SLOW, message=HOSTILE, FET_1="fail"),
            EMPTY: outcome(EMPTY, "nonconforming", FET_1="fail"),
        }
    )
    rival = [Caught(TAKES.id, ("ST201",)), Caught(LOST.id, ()), Caught(WARNED.id, (), "TimeoutExpired")]
    proven = report.proof(found, started="2026-03-02T09:30:00+00:00", wall_s=61.0, whole=whole, rival=rival)
    return page.render(proven, report.to_json(proven))


def elements(tag: str, **attributes: str) -> list[Element]:
    return [
        one
        for one in read(html())
        if one.tag == tag and all(one.attributes.get(name) == value for name, value in attributes.items())
    ]


def test_it_is_complete_in_itself() -> None:
    text = html()

    assert {one.tag for one in read(text)}.isdisjoint({"script", "img", "iframe", "form", "object"})
    assert re.findall(r"(?:https?:)?//[a-z]", text) == []
    (style,) = elements("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    (policy,) = [one for one in elements("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy.attributes["content"]
    assert all("style" not in one.attributes for one in read(text))


def test_each_link_leads_somewhere() -> None:
    targets = {one.attributes["id"] for one in read(html()) if "id" in one.attributes}
    links = {one.attributes["href"] for one in elements("a")}

    assert len(links) > 5
    assert {link for link in links if link.removeprefix("#") not in targets} == set()


def test_the_picture_shows_each_fault_at_its_rules() -> None:
    means = {one.attributes["title"] for one in elements("td") if "title" in one.attributes}

    assert means == {
        "awb_takes_21, LIM-2: fail (caught at its rule)",
        "awb_takes_21, CON-3: fail (another rule accused)",
        "awb_is_lost, FET-12: pass (not caught at its rule)",
        "awb_is_lost, AUT-1: fail (broken as well)",
        "takes_none, LIM-4: not judged (not caught at its rule)",
    }
    columns = [one.text for one in elements("th", scope="col") if re.fullmatch(r"[A-Z]+-\d+", one.text)]
    assert columns == ["CON-3", "FET-12", "AUT-1", "LIM-2", "LIM-4"]


def test_faults_stand_in_the_order_of_the_rules() -> None:
    assert [one.attributes["id"] for one in elements("article")] == [
        "fault-awb_is_lost", "fault-awb_takes_21", "fault-takes_none",
    ]  # fmt: skip


def test_what_was_said_is_shown_as_text() -> None:
    text = html()

    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; was answered &amp; \\u202etaken" in text
    (article,) = elements("article", id="fault-awb_takes_21")
    assert "LIM-2 fail" in " ".join(article.text.split())


def test_it_says_what_schemathesis_made_of_each_fault() -> None:
    said = {one.attributes["id"]: one.text for one in elements("article")}

    assert "schemathesis alone: caught" in said["fault-awb_takes_21"]
    assert "schemathesis alone: missed" in said["fault-awb_is_lost"]
    assert "schemathesis alone: not judged" in said["fault-takes_none"]
    assert "schemathesis alone: 1 of the 2 that it ended with (50.0 %)" in html()


def test_a_rule_without_a_fault_is_named_in_a_whole_proof() -> None:
    assert re.search(r"No fault breaks CON-1,.*VAL-1", html())
    assert "No fault breaks" not in html(whole=False)
    assert "<title>A part:" in html(whole=False)


def test_every_mark_has_a_word() -> None:
    for square in (one for one in elements("td") if "w-" in one.attributes.get("class", "") and one.text):
        assert re.search(r"[a-z]{2}", square.text)


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone_and_a_browser_has_nothing_to_complain_of(tmp_path: Path, dark: bool) -> None:
    (tmp_path / "kill-table.html").write_text(html(), encoding="utf-8")

    with Browser() as browser:
        browser.open(tmp_path / "kill-table.html", width=360, dark=dark)

        assert browser.run("document.documentElement.scrollWidth") == 360
        assert browser.complaints == []
        assert browser.dialogs == []
        assert browser.run("document.scripts.length") == 0
