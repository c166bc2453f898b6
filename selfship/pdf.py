"""Whether bytes are a PDF that readers can read: the structure by hand, the pages by a reader.

Both are needed: a reader forgives a table of contents that points nowhere, and the structure says nothing of pages.
"""

from __future__ import annotations

import io
import logging
import re

START = re.compile(rb"%PDF-\d\.\d")


def problem(body: bytes) -> str | None:
    """What is wrong with a document, in a few words; None where nothing is."""
    return _structure(body) or _pages(body)


def _structure(body: bytes) -> str | None:
    if not START.match(body):
        return "it does not begin with %PDF-"
    tail = body.rstrip()
    if not tail.endswith(b"%%EOF"):
        return "it does not end with %%EOF"
    places = re.findall(rb"startxref\s+(\d+)\s+%%EOF", tail)
    if not places:
        return "it has no startxref"
    place = int(places[-1])
    at = body[place : place + 32].lstrip()
    if not (at.startswith(b"xref") or re.match(rb"\d+ \d+ obj", at)):
        return "its startxref points at no cross-reference table"
    return None


def _pages(body: bytes) -> str | None:
    # Not at the top: the reader takes 90 ms to import.
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(body), strict=True)
        if not reader.pages:
            return "it has no page"
        for page in reader.pages:
            page.extract_text()
    except Exception as exc:  # noqa: BLE001 - whatever a reader cannot digest is not readable
        return f"a reader rejects it ({type(exc).__name__})"
    return None
