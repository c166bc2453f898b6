"""Labels, invoices and credit notes: PDFs that a reader can read."""

import pytest

from selfship import expect, pdf
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.scenario import Recording


def readable(recording: Recording, name: str, after: str) -> None:
    """The kept answer `name` is a readable PDF; blocked where the step `after` was not reached."""
    if after not in recording.steps and recording.broken is None:
        expect.whole(recording)
    elif recording.broken is not None and name not in recording.kept:
        expect.step(recording, after + " was never reached")
    if name not in recording.kept:
        expect.whole(recording)
    answer: Exchange = recording.kept[name]
    if answer.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"no answer to {answer.operation}", [answer.seq])
    if answer.status >= 500:
        raise expect.BlockedError("CON-8", f"{answer.operation} was answered HTTP {answer.status}", [answer.seq])
    expect.that(answer.ok, f"{answer.operation} was answered HTTP {answer.status}, a PDF was expected", [answer.seq])
    problem = pdf.problem(answer.response_body)
    expect.that(problem is None, f"{answer.operation} answered no readable PDF: {problem}", [answer.seq])


@pytest.mark.requirement("DOC-1")
def test_invoice_of_a_packed_order_is_a_pdf(stepwise: Recording) -> None:
    """Customer Invoice of a packed order is a readable PDF."""
    readable(stepwise, "invoice", "pack")


@pytest.mark.requirement("DOC-2")
def test_labels_of_a_packed_order_are_a_pdf(stepwise: Recording) -> None:
    """Labels of a packed order are a readable PDF."""
    readable(stepwise, "labels", "pack")


@pytest.mark.requirement("DOC-3")
@pytest.mark.parametrize("name", ["labels early", "labels with awb"], ids=["without-an-awb", "with-its-awb"])
def test_labels_before_packing_are_refused(stepwise: Recording, name: str) -> None:
    """Labels of an order that is not packed yet are refused, with its AWB and without."""
    if name not in stepwise.kept:
        expect.whole(stepwise)
    early: Exchange = stepwise.kept[name]
    if early.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, "no answer to labels before packing", [early.seq])
    if early.status >= 500:
        raise expect.BlockedError("CON-8", f"labels before packing were answered HTTP {early.status}", [early.seq])
    expect.that(
        400 <= early.status < 500, f"labels before packing were answered HTTP {early.status}, not refused", [early.seq]
    )
    later = stepwise.kept.get("labels")
    if later is None or not later.ok:
        raise expect.BlockedError("DOC-2", "Labels were never served, so their refusal proves nothing.", [early.seq])


@pytest.mark.requirement("DOC-4")
def test_credit_note_of_a_return_is_a_pdf(return_journey: Recording) -> None:
    """After the credit note, Customer Invoice of the return is a readable PDF."""
    readable(return_journey, "credit note", "credit_note")


@pytest.mark.requirement("DOC-4")
def test_credit_note_of_an_rto_is_a_pdf(rto: Recording) -> None:
    """After the credit note, Customer Invoice of the RTO is a readable PDF."""
    readable(rto, "credit note", "credit_note")


@pytest.mark.requirement("DOC-5")
def test_invoice_before_packing_is_recorded(stepwise: Recording, host: Host) -> None:
    """What the host makes of Customer Invoice before packing stands in its dialect."""
    expect.ready(stepwise)
    if stepwise.missing:
        raise expect.missing(stepwise)
    if "invoice early" not in stepwise.kept:
        expect.whole(stepwise)
    early: Exchange = stepwise.kept["invoice early"]
    words = "a PDF" if early.ok else f"HTTP {early.status}"
    host.observe("DOC-5", "What is Customer Invoice before packing?", words, early.seq)
    expect.seen.append(early.seq)
