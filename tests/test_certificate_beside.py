"""What goes where the page cannot: the badge, and the summary for a pull request."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from selfship import certificate
from selfship.certificate.summary import plain
from selfship.certificate.words import RUN_VERDICTS
from tests import pictures, sample_client
from tests.browser import needs_chromium

every_sample = pytest.mark.parametrize("name", sorted(sample_client.ALL))


@every_sample
def test_a_badge_is_a_picture_with_the_verdict_in_words_and_symbol(name: str, tmp_path: Path) -> None:
    results, _ = sample_client.ALL[name]()
    certificate.accompany(results, tmp_path)

    svg = ElementTree.parse(tmp_path / "badge.svg").getroot()
    word = RUN_VERDICTS[results.verdict]
    texts = [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [f"Konnect self-ship {results.target['role']}", f"{word.symbol} {word.label}"]
    assert svg.attrib["aria-label"] == f"{texts[0]}: {word.label}"
    assert (tmp_path / "badge.svg").stat().st_size < 2_000


@every_sample
def test_a_summary_says_verdict_reason_and_counts_and_stays_short(name: str) -> None:
    results, _ = sample_client.ALL[name]()
    told = certificate.summary(results)

    assert told.startswith(f"## {RUN_VERDICTS[results.verdict].symbol} {RUN_VERDICTS[results.verdict].label}")
    rows = re.findall(r"^\| (MUST|SHOULD|OBSERVE) \|(.*)\|$", told, re.MULTILINE)
    counted = sum(int(figure) for _, cells in rows for figure in cells.split("|") if figure.strip())
    assert counted == len(results.requirements)
    assert len(told) < 12_000


def test_a_summary_opens_with_what_to_fix_first() -> None:
    told = certificate.summary(sample_client.ALL["nonconforming"]()[0])

    assert told.index("3 of") < told.index("### Fix this first") < told.index("**NDR-2**") < told.index("| MUST |")
    assert "Give --other-location and the credentials of a second location. (1 rule)" in told


def test_what_a_host_sent_makes_no_markup_in_a_summary() -> None:
    told = certificate.summary(sample_client.ALL["hostile"]()[0])

    assert "<script" not in told
    assert "<img" not in told
    assert "`" not in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@someone #12 [x](y) ![z]", "&#64;someone &#35;12 &#91;x&#93;(y) !&#91;z&#93;"),
        ("a | b\nc", "a &#124; b c"),
        ("see https://example.com <b>", "see https&#58;//example.com &lt;b&gt;"),
        ("*bold* _it_ `code` ~~no~~", "&#42;bold&#42; &#95;it&#95; &#96;code&#96; &#126;&#126;no&#126;&#126;"),
    ],
)
def test_words_of_a_host_read_in_markdown_as_they_are(text: str, shown: str) -> None:
    assert plain(text) == shown


@needs_chromium
def test_the_pictures_of_the_documents_are_taken_by_a_command(tmp_path: Path) -> None:
    certificate.write(*sample_client.ALL["nonconforming"](), tmp_path / "certificate.html")

    made = pictures.take(tmp_path / "certificate.html", tmp_path)

    assert [path.read_bytes()[:4] for path in made] == [b"\x89PNG"] * len(pictures.SHOWN)
    committed = {path.name: path.stat().st_size for path in pictures.FOLDER.iterdir()}
    assert set(committed) == {path.name for path in made}
    assert max(committed.values()) < 200_000
