"""Labels and customer invoices as real PDFs: a page per order."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from selfship.mock import codes
from selfship.mock.answers import PDF, Answer, error
from selfship.mock.codes import Refusal
from selfship.mock.order import Order
from selfship.mock.points import Ask, Point
from selfship.mock.validation import check_item
from selfship.mock.writes import known_order

if TYPE_CHECKING:
    from selfship.mock.app import Host

LABEL_POINTS = (288, 432)
"""4 × 6 inches, in PDF points."""
A4_POINTS = (595, 842)


def document(host: Host, ask: Ask, items: list[dict[str, Any]]) -> Answer:
    """POST …/labels and …/invoice. One order without such a document refuses the request: a PDF has no errors."""
    orders: list[Order] = []
    for index, item in enumerate(items):
        ask.index, ask.item, ask.order = index, item, None
        refusal = host.at(Point.READY, _why_not(host, ask), ask)
        if refusal is not None:
            status = 404 if refusal.code == codes.unknown(ask.operation).code else 400
            return error(status, refusal.code, refusal.message, orderId=item.get("orderId"))
        if ask.order is not None:
            orders.append(ask.order)
    pages = [label(order) if ask.operation == "labels" else invoice(order) for order in orders]
    size = LABEL_POINTS if ask.operation == "labels" else A4_POINTS
    return Answer(200, host.at(Point.PDF, pdf(pages, size), ask), PDF)


def _why_not(host: Host, ask: Ask) -> Refusal | None:
    if refusal := check_item(ask.operation, ask.item):
        return refusal
    ask.order = order = known_order(host, ask, ask.item["orderId"])
    if order is None:
        return codes.unknown(ask.operation)
    has_credit_note = ask.operation == "invoice" and order.return_invoice_number is not None
    if not order.packed and not has_credit_note:
        return Refusal(codes.NOT_PACKED[ask.operation], "the order is not packed")
    return None


def label(order: Order) -> list[str]:
    """The lines of a shipping label."""
    return [
        "SHIPPING LABEL",
        f"Order {order.id}",
        f"AWB {order.awb or 'not assigned'}",
        f"Courier {order.courier or 'not assigned'}",
        f"From {order.location}",
    ]


def invoice(order: Order) -> list[str]:
    """The lines of a customer invoice, or of the credit note once there is one."""
    note = order.return_invoice_number
    lines = [f"{line['sku']} x {order.live(line)}" for line in order.lines]
    return [
        "CREDIT NOTE" if note else "TAX INVOICE",
        f"Order {order.id}",
        f"Number {note or order.invoice_number}",
        *lines,
    ]


def pdf(pages: list[list[str]], size: tuple[int, int]) -> bytes:
    """A PDF with one page of text for each of `pages`; `size` is width and height in points."""
    # Loading pypdf takes longer than starting the host does.
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    resources = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})})
    for lines in pages:
        page = writer.add_blank_page(*size)
        page[NameObject("/Resources")] = resources
        content = DecodedStreamObject()
        content.set_data(_text(lines, size[1]))
        page[NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _text(lines: list[str], height: int) -> bytes:
    shown = (line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines)
    body = "".join(f"({line}) Tj T*\n" for line in shown)
    return f"BT /F1 11 Tf 16 TL 24 {height - 40} Td\n{body}ET".encode("latin-1", "replace")
