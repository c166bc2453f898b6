"""DOC: faults of labels and invoices."""

from __future__ import annotations

from selfship.mock.faults.fault import Fault, on, when
from selfship.mock.points import Ask, Point


def _cut(body: bytes, _: Ask) -> bytes:
    return body[: len(body) // 2]


FAULTS = (
    Fault("label_is_cut", "DOC-2", "sends the first half of a label", Point.PDF, when(on("labels"), _cut)),
    Fault(
        "label_before_packing",
        "DOC-3",
        "prints a label before the order is packed",
        Point.READY,
        when(on("labels"), lambda refusal, __: None if refusal and refusal.code == "L403" else refusal),
    ),
)
