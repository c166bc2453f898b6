"""Back to the seller: RTO and customer returns, to acceptance and credit note."""

from collections.abc import Callable

import pytest

from selfship import expect
from selfship.lifecycle import Event
from selfship.scenario import Recording, Step

Control = Callable[[Event], Step | None]


@pytest.mark.requirement("RTO-1")
def test_picked_order_comes_back(rto: Recording) -> None:
    """rto_bag_delivered is accepted on an order that was picked by status."""
    expect.accepted(expect.step(rto, "rto_bag_delivered"))


@pytest.mark.requirement("RTO-1")
def test_auto_dispatched_order_comes_back(rto_after_auto: Recording) -> None:
    """rto_bag_delivered is accepted on an order that autoDispatch picked."""
    expect.accepted(expect.step(rto_after_auto, "rto_bag_delivered"))


def unless_by_itself(recording: Recording, name: str, event: str) -> Step:
    """The step; where the host had done it before it was asked, it does not apply."""
    if recording.broken is None and name not in expect.whole(recording).steps:
        raise expect.NotApplicableError(f"the host does {event} by itself")
    return expect.accepted(expect.step(recording, name))


@pytest.mark.requirement("RTO-2")
def test_delivered_rto_is_accepted(rto: Recording) -> None:
    """POST /return accepts a delivered RTO."""
    unless_by_itself(rto, "accept_return", "acceptance")


@pytest.mark.requirement("RTO-3")
def test_accepted_rto_gets_its_credit_note(rto: Recording) -> None:
    """After acceptance Update Invoice (return) generates the credit note of an RTO."""
    unless_by_itself(rto, "credit_note", "the credit note")


@pytest.mark.requirement("RTO-3")
def test_accepted_rto_of_an_auto_dispatched_order_gets_its_credit_note(rto_after_auto: Recording) -> None:
    """After acceptance the credit note of an RTO is generated, also where autoDispatch had picked the order."""
    unless_by_itself(rto_after_auto, "credit_note", "the credit note")


@pytest.mark.requirement("RET-5")
def test_return_accepted_with_a_reason_gets_its_credit_note(return_with_reason: Recording) -> None:
    """A return that was accepted with a reason code gets its credit note all the same."""
    unless_by_itself(return_with_reason, "credit_note", "the credit note")


@pytest.mark.requirement("RET-1")
def test_awb_is_accepted_on_a_return_and_it_stays(return_journey: Recording) -> None:
    """Update AWB is accepted on a return in return_dp_assigned and leaves it there."""
    step = expect.accepted(expect.step(return_journey, "awb"))
    if step.after is None or return_journey.kept.get("awb") not in step.after.awbs:
        raise expect.BlockedError("FET-12", "the return does not show the AWB that was accepted", step.exchanges)


@pytest.mark.requirement("RET-2")
def test_return_sets_out(return_journey: Recording) -> None:
    """return_bag_in_transit is accepted on a return that has its AWB."""
    expect.accepted(expect.step(return_journey, "return_bag_in_transit"))


@pytest.mark.requirement("RET-3")
def test_return_arrives(return_journey: Recording) -> None:
    """return_bag_delivered is accepted on a return in transit."""
    expect.accepted(expect.step(return_journey, "return_bag_delivered"))


@pytest.mark.requirement("RET-4")
def test_delivered_return_is_accepted_as_good(return_journey: Recording) -> None:
    """POST /return accepts a delivered return with its items and an empty reason code."""
    expect.accepted(expect.step(return_journey, "accept_return"))


@pytest.mark.requirement("RET-4")
def test_delivered_return_is_accepted_with_a_reason(return_with_reason: Recording) -> None:
    """POST /return accepts a delivered return with its items and a reason code."""
    expect.accepted(expect.step(return_with_reason, "accept_return"))


@pytest.mark.requirement("RET-5")
def test_accepted_return_gets_its_credit_note(return_journey: Recording) -> None:
    """After acceptance Update Invoice (return) generates the credit note of a return."""
    unless_by_itself(return_journey, "credit_note", "the credit note")


@pytest.mark.requirement("STA-3")
@pytest.mark.parametrize("event", [Event.BAG_PICKED, Event.DELIVERY_DONE, Event.RETURN_BAG_DELIVERED])
def test_credited_rto_is_at_its_end(rto_after_auto: Recording, event: Event, control: Control) -> None:
    """After the credit note of an RTO every other status is refused, as it is after that of a return."""
    seen = control(event)
    name = f"{event.value} after the credit note of an RTO"
    if rto_after_auto.broken is None and name not in expect.whole(rto_after_auto).steps:
        raise expect.NotTestableError("The RTO never showed its credit note, so its end was not reached.")
    expect.refused(expect.step(rto_after_auto, name), seen)


@pytest.mark.requirement("RET-6")
@pytest.mark.control(Event.RETURN_BAG_IN_TRANSIT)
def test_return_without_awb_does_not_set_out(return_without_awb: Recording, control: Control) -> None:
    """return_bag_in_transit is refused before the return has any AWB."""
    step = expect.step(return_without_awb, "return_bag_in_transit before any AWB")
    expect.refused(step, control(Event.RETURN_BAG_IN_TRANSIT))


@pytest.mark.requirement("RET-7")
def test_return_names_the_order_it_came_from(return_journey: Recording) -> None:
    """A return's forwardId is not its own id."""
    expect.ready(return_journey)
    if return_journey.missing:
        raise expect.missing(return_journey)
    view = return_journey.kept.get("first seen")
    if view is None:
        raise expect.BlockedError("FET-1", "The return could not be read.")
    expect.that(view.raw.get("forwardId") != view.id, f"return {view.id} names itself as its forwardId", [view.seq])
