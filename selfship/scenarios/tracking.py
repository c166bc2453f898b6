"""Track Shipment, forward and return."""

from collections.abc import Callable
from typing import Any

from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.lifecycle import Event, State
from selfship.probing import unknown_id
from selfship.scenario import scenario
from selfship.scenarios.journeys import HOME
from selfship.supply import Need, Order


def _track(flow: Flow, body: dict[str, Any], step: str, *words: str) -> Any:
    """Asks Track, again within settle until the answer holds all `words`."""
    return flow.ask(
        "track", body, until=lambda answer: answer.ok and all(word in answer.text for word in words), step=step
    )


def _no_longer(before: Exchange) -> Callable[[Exchange], bool]:
    """Whether Track says something else than it said `before`."""
    return lambda answer: answer.ok and said(answer.json) != said(before.json)


@scenario(Need(State.DP_ASSIGNED, 2), Need(State.RETURN_DP_ASSIGNED), weight=22, bare=True)
def tracked(flow: Flow, many: list[Order], back: Order) -> None:
    """Two orders and a return, each with its own courier, are tracked by id, by AWB, by both and by neither."""
    first, second = many
    flow.fire(Event.AWB, back, courierName="Delta Courier")
    flow.fire(Event.AUTO_DISPATCH, first, courierName="Alpha Courier")
    flow.fire(Event.AUTO_DISPATCH, second, courierName="Bravo Courier")
    kept = flow.recording.kept
    kept["ids"] = (first.id, second.id)
    kept["awbs"] = (first.awb, second.awb)
    kept["by id"] = _track(flow, {"shipment_id": first.id}, "track by shipment_id", "Alpha Courier")
    kept["by awb"] = _track(flow, {"awb_number": first.awb}, "track by awb_number", "Alpha Courier")
    kept["both"] = _track(
        flow, {"shipment_id": first.id, "awb_number": second.awb}, "track by both, of two orders", "Alpha Courier"
    )
    kept["both ways"] = _track(
        flow,
        {"shipment_id": first.id, "awb_number": back.awb},
        "track by both, of an order and a return",
        "Alpha Courier",
    )
    kept["both couriers"] = flow.ask(
        "courierDetails",
        [{"orderId": one.id} for one in (first, second, back)],
        until=lambda answer: all(str(one.awb) in answer.text for one in (first, second, back)),
        step="courier details of three orders",
    )
    kept["sent"] = [(one.id, one.awb) for one in (first, second, back)]
    kept["neither"] = flow.call("track", body={}, step="track by neither")
    kept["unknown id"] = flow.call("track", body={"shipment_id": unknown_id()}, step="track an unknown shipment_id")
    kept["unknown awb"] = flow.call("track", body={"awb_number": "NO-" + unknown_id()}, step="track an unknown awb")
    kept["unknown id, known awb"] = flow.call(
        "track",
        body={"shipment_id": unknown_id(), "awb_number": second.awb},
        step="track an unknown shipment_id, with the awb_number of another",
    )
    ways = {"": {"shipment_id": first.id}, " by awb": {"awb_number": first.awb}}
    for way, body in ways.items():
        kept[f"before{way}"] = flow.call("track", body=body, step=f"track{way} before delivery")
    flow.fire(Event.DELIVERY_DONE, first)
    for way, body in ways.items():
        kept[f"after{way}"] = flow.ask(
            "track", body, until=_no_longer(kept[f"before{way}"]), step=f"track{way} after delivery"
        )


@scenario(Need(State.RETURN_DP_ASSIGNED), weight=10, walks=(Event.AWB, *HOME))
def tracked_return(flow: Flow, order: Order) -> None:
    """A return is tracked by id and by AWB."""
    flow.fire(Event.AWB, order, courierName="Charlie Courier")
    kept = flow.recording.kept
    kept["awb"] = order.awb
    kept["by id"] = _track(flow, {"shipment_id": order.id}, "track a return by shipment_id", "Charlie Courier")
    kept["by awb"] = _track(flow, {"awb_number": order.awb}, "track a return by awb_number", "Charlie Courier")
    before = kept["before"] = flow.call("track", body={"shipment_id": order.id}, step="track a return before delivery")
    flow.fire(Event.RETURN_BAG_IN_TRANSIT, order)
    flow.fire(Event.RETURN_BAG_DELIVERED, order)
    kept["after"] = flow.ask(
        "track", {"shipment_id": order.id}, until=_no_longer(before), step="track a return after delivery"
    )
    kept["before by awb"] = kept["by awb"]
    kept["after by awb"] = flow.ask(
        "track",
        {"awb_number": order.awb},
        until=_no_longer(kept["by awb"]),
        step="track a return by awb after delivery",
    )


VOLATILE = ("last_updated", "eta", "time", "timestamp", "trace_id", "meta", "tracking_url")


def said(answer: Any) -> Any:
    """A Track answer without what changes from call to call."""
    if isinstance(answer, dict):
        return {key: said(value) for key, value in answer.items() if key not in VOLATILE}
    if isinstance(answer, list):
        return [said(value) for value in answer]
    return answer
