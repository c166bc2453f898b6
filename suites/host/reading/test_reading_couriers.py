"""AWB and courier: what an order shows of them on its journey, long after Update AWB."""

import pytest

from selfship import bodies, expect
from selfship.host import Host
from selfship.lifecycle import STATUSES, Event
from selfship.orders import View
from selfship.scenario import Recording

CARRYING = (*STATUSES, Event.PACK, Event.DISPATCH)
"""Events on the way. None of them names a courier."""
JOURNEYS = ("stepwise", "auto", "ndr", "ndr_reattempted", "rto_after_auto", "return_journey")
OURS = ("Selfship ", bodies.COURIER)
"""What the names of couriers begin with that the kit has sent."""


@pytest.mark.requirement("FET-12")
@pytest.mark.parametrize("name", JOURNEYS)
def test_order_keeps_awb_and_courier_on_its_way(
    stepwise: Recording,
    auto: Recording,
    ndr: Recording,
    ndr_reattempted: Recording,
    rto_after_auto: Recording,
    return_journey: Recording,
    name: str,
    host: Host,
) -> None:
    """Once an order shows the AWB and the courier that were sent, it shows them after every later step."""
    played = (stepwise, auto, ndr, ndr_reattempted, rto_after_auto, return_journey)
    recording = next(one for one in played if one.scenario == name)
    moved = [step for step in recording.steps.values() if step.event in CARRYING and step.outcome == "accepted"]
    judged = [(step, step.before, step.after) for step in moved if step.before and step.after and step.before.awbs]
    if not judged:
        if name.startswith("ndr") and host.switch("edition") == "strict":
            raise expect.NotApplicableError("the strict edition of the documents has no such step")
        expect.whole(recording)
        raise expect.NotTestableError("No order of this journey showed an AWB, so none could lose it.")
    for step, before, after in judged:
        lost = loses(before, after)
        expect.that(not lost, f"after {step.name} the order shows {lost}", step.exchanges)


def loses(before: View, after: View) -> str:
    """In words, what of the AWB and the courier sent `after` does not show any more."""
    gone = [awb for awb in before.awbs if awb.startswith("AWB") and awb not in after.awbs]
    if gone:
        return f"awbNumber {list(after.awbs)}, before it was {gone[0]}"
    if before.courier and before.courier.startswith(OURS) and after.courier != before.courier:
        return f"courierName {after.courier!r}, before it was {before.courier!r}"
    return ""
