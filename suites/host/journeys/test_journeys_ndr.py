"""NDR: the optional steps between pick-up and delivery, in the extended edition of the documents."""

import pytest

from selfship import expect
from selfship.host import Host
from selfship.scenario import Recording, Step


def ndr_step(recording: Recording, name: str, host: Host) -> Step:
    """The step, where the host has the extended edition at all."""
    if host.switch("edition") == "strict":
        raise expect.NotApplicableError("the strict edition of the documents has no such step")
    return expect.accepted(expect.step(recording, name))


@pytest.mark.requirement("NDR-1")
def test_out_for_delivery_is_accepted_on_a_picked_order(ndr: Recording, host: Host) -> None:
    """out_for_delivery is accepted on a picked order."""
    ndr_step(ndr, "out_for_delivery", host)


@pytest.mark.requirement("NDR-1")
def test_out_for_delivery_is_accepted_after_auto_dispatch(ndr_first_attempt: Recording, host: Host) -> None:
    """out_for_delivery is accepted on an order that autoDispatch picked."""
    ndr_step(ndr_first_attempt, "out_for_delivery", host)


@pytest.mark.requirement("NDR-2")
@pytest.mark.parametrize(
    "name",
    [
        "delivery_attempt_failed",
        "delivery_reattempt_requested",
        "out_for_delivery again",
        "delivery_attempt_failed again",
        "delivery_reattempt_requested again",
    ],
    ids=lambda name: name.replace(" ", "-"),
)
def test_failed_attempt_and_the_next_are_accepted(ndr: Recording, name: str, host: Host) -> None:
    """A failed attempt, the request for another and the next attempt are accepted one after the other."""
    ndr_step(ndr, name, host)


@pytest.mark.requirement("NDR-3")
def test_delivery_done_is_accepted_when_out_for_delivery(ndr_first_attempt: Recording, host: Host) -> None:
    """delivery_done is accepted on an order that is out for delivery."""
    ndr_step(ndr_first_attempt, "delivery_done", host)


@pytest.mark.requirement("NDR-3")
def test_delivery_done_is_accepted_after_the_second_reattempt_request(ndr: Recording, host: Host) -> None:
    """delivery_done is accepted after the second failed attempt and the request for a third."""
    ndr_step(ndr, "delivery_done", host)


@pytest.mark.requirement("NDR-3")
def test_delivery_done_is_accepted_after_a_reattempt_request(ndr_reattempted: Recording, host: Host) -> None:
    """delivery_done is accepted straight after delivery_reattempt_requested."""
    ndr_step(ndr_reattempted, "delivery_done", host)
