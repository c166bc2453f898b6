"""Every scenario of the host suites. Importing this package registers them all in `selfship.scenario.SCENARIOS`."""

from selfship.lifecycle import Event
from selfship.scenarios import (
    access,
    batches,
    cancelling,
    eligibility,
    generated,
    journeys,
    limits,
    matrix,
    observing,
    races,
    reading,
    tracking,
    values,
    walks,
)

__all__ = [
    "CONTROLS",
    "access",
    "batches",
    "cancelling",
    "eligibility",
    "generated",
    "journeys",
    "limits",
    "matrix",
    "observing",
    "races",
    "reading",
    "tracking",
    "values",
    "walks",
]

CONTROLS = {
    Event.CONFIRM: "intake",
    Event.INVOICE: "intake",
    Event.AWB: "stepwise",
    Event.AUTO_DISPATCH: "auto",
    Event.PACK: "stepwise",
    Event.DISPATCH: "stepwise",
    Event.BAG_PICKED: "stepwise",
    Event.OUT_FOR_DELIVERY: "ndr",
    Event.DELIVERY_ATTEMPT_FAILED: "ndr",
    Event.DELIVERY_REATTEMPT_REQUESTED: "ndr",
    Event.DELIVERY_DONE: "delivered",
    Event.RTO_BAG_DELIVERED: "rto",
    Event.RETURN_BAG_IN_TRANSIT: "return_journey",
    Event.RETURN_BAG_DELIVERED: "return_journey",
    Event.ACCEPT_RETURN: "return_journey",
    Event.CREDIT_NOTE: "return_journey",
    Event.CANCEL: "cancelled_whole",
    Event.CANCEL_SOME: "cancelled_in_part",
}
"""The scenario in which each event is first accepted: the positive control of its refusals."""
