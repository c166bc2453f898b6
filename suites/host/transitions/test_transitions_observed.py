"""Transitions that the documents leave open: tried and recorded, never judged."""

import pytest

from selfship import expect
from selfship.host import Host
from selfship.scenario import Recording


@pytest.mark.requirement("FWD-8")
def test_bag_picked_straight_from_dp_assigned_is_recorded(picked_early: Recording) -> None:
    """What the host makes of bag_picked without pack and dispatch stands in its dialect."""
    expect.whole(picked_early)


@pytest.mark.requirement("FWD-9")
def test_pack_before_any_awb_is_recorded(packed_without_awb: Recording) -> None:
    """What the host makes of Pack before any AWB stands in its dialect."""
    expect.whole(packed_without_awb)


@pytest.mark.requirement("AUT-4")
def test_auto_dispatch_missing_or_a_string_is_recorded(auto_dispatch_spelt: Recording) -> None:
    """What the host makes of a missing autoDispatch, and of the string "true", stands in its dialect."""
    expect.whole(auto_dispatch_spelt)


@pytest.mark.requirement("NDR-4")
@pytest.mark.parametrize("ndr_out_of_order", [0, 1, 2], indirect=True)
def test_optional_steps_out_of_order_are_recorded(ndr_out_of_order: Recording, host: Host) -> None:
    """What the host makes of optional delivery steps out of their order stands in its dialect."""
    if host.switch("edition") == "strict":
        raise expect.NotApplicableError("the strict edition of the documents has no such step")
    expect.whole(ndr_out_of_order)
