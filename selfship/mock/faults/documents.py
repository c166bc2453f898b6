"""DOC: faults of labels and invoices."""

from __future__ import annotations

import re
from typing import Any

from selfship.mock.codes import Refusal
from selfship.mock.faults.fault import Fault, When, both, on, when
from selfship.mock.points import Ask, Point


def _cut(body: bytes, _: Ask) -> bytes:
    return body[: len(body) // 2]


def _junk_after_it(body: bytes, _: Ask) -> bytes:
    return body + b"<!-- rendered in 12 ms -->"


def _xref_is_off(body: bytes, _: Ask) -> bytes:
    return re.sub(rb"startxref\n(\d+)", lambda found: b"startxref\n%d" % (int(found[1]) + 7), body)


def _web_page(*_: Any) -> bytes:
    return b"<!doctype html><title>Invoice</title><h1>Invoice</h1>"


def _nothing(*_: Any) -> bytes:
    return b""


def _has_awb(ask: Ask) -> bool:
    return ask.order is not None and bool(ask.order.awb)


def _no_awb(ask: Ask) -> bool:
    return not _has_awb(ask)


def _credit_note(ask: Ask) -> bool:
    return ask.order is not None and ask.order.return_invoice_number is not None


def _of_return(ask: Ask) -> bool:
    return ask.order is not None and ask.order.is_return


def _printed(refusal: Refusal | None, _: Ask) -> Refusal | None:
    return None if refusal and refusal.code == "L403" else refusal


def _not_printed(*_: Any) -> Refusal:
    return Refusal("IN403", "there is no invoice")


def _pdf(name: str, rule: str, how: str, hook: Any, test: When) -> Fault:
    return Fault(name, rule, how, Point.PDF, when(test, hook), breaks_too=("LIM-1",) if rule != "DOC-4" else ())


def _sale(ask: Ask) -> bool:
    return ask.operation == "invoice" and not _credit_note(ask)


FAULTS = (
    _pdf("invoice_is_cut", "DOC-1", "sends the first half of an invoice", _cut, _sale),
    _pdf("invoice_is_a_web_page", "DOC-1", "sends a web page for an invoice, and calls it a PDF", _web_page, _sale),
    _pdf("invoice_is_empty", "DOC-1", "sends nothing for an invoice", _nothing, _sale),
    _pdf("label_is_cut", "DOC-2", "sends the first half of a label", _cut, on("labels")),
    _pdf("label_has_junk", "DOC-2", "sends other bytes after the end of a label", _junk_after_it, on("labels")),
    _pdf("label_xref_is_off", "DOC-2", "points beside the table of a label's objects", _xref_is_off, on("labels")),
    Fault(
        "label_before_awb",
        "DOC-3",
        "prints a label before packing where there is no AWB yet",
        Point.READY,
        when(both(on("labels"), _no_awb), _printed),
    ),
    Fault(
        "label_once_awb",
        "DOC-3",
        "prints a label before packing once there is an AWB",
        Point.READY,
        when(both(on("labels"), _has_awb), _printed),
    ),
    Fault(
        "no_credit_note_document",
        "DOC-4",
        "has no invoice for a return with a credit note",
        Point.READY,
        when(both(on("invoice"), _credit_note, _of_return), _not_printed),
    ),
    _pdf(
        "credit_note_is_cut",
        "DOC-4",
        "sends the first half of a credit note",
        _cut,
        both(on("invoice"), _credit_note),
    ),
)
