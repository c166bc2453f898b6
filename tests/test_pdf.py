"""What is a PDF that can be read, and what only looks like one."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfWriter

from selfship.pdf import problem


def document(pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 100)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


GOOD = document()


@pytest.mark.parametrize("body", [GOOD, document(3), GOOD + b"\r\n  \n"], ids=["one", "three", "trailing-space"])
def test_a_document_that_can_be_read_has_no_problem(body: bytes) -> None:
    assert problem(body) is None


def test_an_updated_document_is_read_by_its_last_table() -> None:
    at = GOOD.rindex(b"startxref")
    assert problem(GOOD + GOOD[at:]) is None
    assert problem(GOOD + b"startxref\n3\n%%EOF") == "its startxref points at no cross-reference table"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "it does not begin with %PDF-"),
        (b"<html>label</html>", "it does not begin with %PDF-"),
        (b" " + GOOD, "it does not begin with %PDF-"),
        (GOOD[: len(GOOD) // 2], "it does not end with %%EOF"),
        (b"%PDF-1.7\n%%EOF", "it has no startxref"),
        (b"%PDF-1.7\nstartxref\n999999\n%%EOF", "its startxref points at no cross-reference table"),
        (document(0), "it has no page"),
    ],
    ids=["nothing", "html", "leading-space", "cut", "no-table", "table-nowhere", "no-page"],
)
def test_what_is_wrong_is_said(body: bytes, said: str) -> None:
    assert problem(body) == said


def test_a_sound_frame_around_nothing_is_rejected_by_the_reader() -> None:
    head = b"%PDF-1.7\n"
    body = head + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n%d\n%%%%EOF" % len(head)
    assert (problem(body) or "").startswith("a reader rejects it (")
