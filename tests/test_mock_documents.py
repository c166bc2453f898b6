"""Labels and invoices of the mock are real PDFs, and are refused where there are none."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader

from selfship.lifecycle import Event, State
from tests.mock_host import Api, mock

S, E = State, Event


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with mock() as api:
        yield api


def _pages(body: bytes) -> list[str]:
    """The text of each page, read strictly, after a check that the file is whole."""
    tail = re.search(rb"startxref\n(\d+)\n%%EOF\n?\Z", body)
    assert tail
    assert body[int(tail[1]) :].startswith(b"xref")
    return [page.extract_text() for page in PdfReader(io.BytesIO(body), strict=True).pages]


def test_labels_have_a_page_per_order_with_its_courier(api: Api) -> None:
    orders = [api.order(S.BAG_PACKED), api.order(S.BAG_PICKED)]
    orders[0].courier = "Courier (north) \\ é"

    answer = api.call("labels", [{"orderId": order.id} for order in orders])

    assert answer.headers["content-type"] == "application/pdf"
    pages = _pages(answer.content)
    assert len(pages) == 2
    for order, page in zip(orders, pages, strict=True):
        assert order.id in page
        assert order.awb in page
    assert "Courier (north) \\" in pages[0]


def test_the_invoice_carries_its_number_and_becomes_the_credit_note(api: Api) -> None:
    order = api.order(S.RTO_BAG_ACCEPTED)
    sale = _pages(api.call("invoice", [{"orderId": order.id}]).content)[0]
    assert order.invoice_number is not None
    assert order.invoice_number in sale
    assert api.fire(E.CREDIT_NOTE, order)[0]

    note = _pages(api.call("invoice", [{"orderId": order.id}]).content)[0]

    assert "CREDIT NOTE" in note
    assert f"I-{order.id}" in note


def test_a_return_has_an_invoice_once_it_has_a_credit_note(api: Api) -> None:
    order = api.order(S.RETURN_ACCEPTED)
    assert api.call("invoice", [{"orderId": order.id}]).json()["code"] == "IN403"
    assert api.fire(E.CREDIT_NOTE, order)[0]

    assert order.id in _pages(api.call("invoice", [{"orderId": order.id}]).content)[0]


@pytest.mark.parametrize(("operation", "code"), [("labels", "L403"), ("invoice", "IN403")])
def test_before_packing_there_is_none(api: Api, operation: str, code: str) -> None:
    early, packed = api.order(S.DP_ASSIGNED), api.order(S.BAG_PACKED)

    answer = api.call(operation, [{"orderId": packed.id}, {"orderId": early.id}])

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["orderId"]) == (code, early.id)


def test_documents_know_the_limit_too(api: Api) -> None:
    orders = api.make(S.BAG_PACKED, 21)
    items = [{"orderId": order.id} for order in orders]

    assert len(_pages(api.call("labels", items[:20]).content)) == 20
    assert api.call("labels", items).status_code == 400
    assert api.call("invoice", []).status_code == 400
