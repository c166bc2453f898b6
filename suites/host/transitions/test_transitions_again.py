"""Events that come twice: the documents are silent, but an order must not be torn by them."""

import pytest

from selfship import expect
from selfship.answers import Kind
from selfship.scenario import Recording
from selfship.scenarios.cancelling import PIECE
from selfship.scenarios.observing import AGAIN


@pytest.mark.requirement("STA-13")
@pytest.mark.parametrize("pushed_again", AGAIN, indirect=True)
def test_current_status_pushed_again_changes_nothing(pushed_again: Recording) -> None:
    """The current status pushed again is taken or refused, without an error and without moving the order."""
    for exchange, answer, before, after in expect.whole(pushed_again).kept.values():
        expect.that(answer.kind is not Kind.SERVER_ERROR, f"answered HTTP {exchange.status}", [exchange.seq])
        same = before is None or after is None or before.status == after.status
        expect.that(same, "the order moved when its own status was pushed again", [exchange.seq])


@pytest.mark.requirement("STA-13")
def test_order_never_shows_two_awbs(awb_again: Recording) -> None:
    """However often an AWB is pushed, the order shows one at most."""
    expect.whole(awb_again)
    for question, kept in awb_again.kept.items():
        if question != "first":
            exchange, _, _, after = kept
            expect.that(after is None or len(after.awbs) <= 1, f"{question} The order shows two AWBs", [exchange.seq])


@pytest.mark.requirement("STA-11")
def test_whole_order_is_cancelled_before_invoicing(cancelled_whole: Recording) -> None:
    """A new order is cancelled as a whole."""
    expect.accepted(expect.step(cancelled_whole, "cancel"))


@pytest.mark.requirement("STA-11")
def test_confirmed_order_is_cancelled_before_invoicing(cancelled_confirmed: Recording) -> None:
    """A confirmed order is cancelled as a whole before it is invoiced."""
    expect.accepted(expect.step(cancelled_confirmed, "cancel"))


@pytest.mark.requirement("STA-11")
def test_part_of_an_invoiced_order_cannot_be_cancelled(
    cancelled_in_part_late: Recording, cancelled_in_part: Recording
) -> None:
    """Cancelling a part of an invoiced order is refused."""
    exchange, answer = expect.whole(cancelled_in_part).kept["part"]
    if not answer.accepted:
        expect.seen.append(exchange.seq)
        raise expect.NotApplicableError("this host takes no cancellation of a part at all")
    step = expect.step(cancelled_in_part_late, "cancel of a part")
    expect.refused(step, None, needs_control=False)


@pytest.mark.requirement("STA-11")
def test_a_piece_of_an_invoiced_order_cannot_be_cancelled(
    cancelled_in_part_late: Recording, cancelled_in_part: Recording
) -> None:
    """Cancelling one piece of a line that holds several is refused once the order is invoiced."""
    kept = expect.whole(cancelled_in_part).kept
    if "piece" not in kept or PIECE not in expect.whole(cancelled_in_part_late).steps:
        raise expect.NotApplicableError("no order of several lines has one of several pieces")
    exchange, answer = kept["piece"]
    if not answer.accepted:
        expect.seen.append(exchange.seq)
        raise expect.NotApplicableError("this host takes no cancellation of a piece at all")
    expect.refused(expect.step(cancelled_in_part_late, PIECE), None, needs_control=False)
