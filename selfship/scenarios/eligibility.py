"""Who may be written to: self-ship orders, and orders that exist."""

from selfship import bodies
from selfship.flow import Flow
from selfship.lifecycle import COARSE, EVENTS, Event, State
from selfship.orders import Line
from selfship.probing import Probe, probe_all, unknown_id
from selfship.scenario import PassedByError, scenario
from selfship.supply import Need, Order

CHANNEL_SHIPPED = Need(State.DP_ASSIGNED, self_ship=False)
CHANNEL_RETURN = Need(State.RETURN_DP_ASSIGNED, self_ship=False)


@scenario(CHANNEL_SHIPPED, weight=8, walks=())
def not_self_ship_awb(flow: Flow, order: Order) -> None:
    """An AWB is sent for an order that is not self-ship."""
    probes = [
        Probe("awb", "ELI-1", Event.AWB),
        Probe("awb with autoDispatch", "ELI-1", Event.AUTO_DISPATCH),
    ]
    probe_all(flow, order, probes, lambda: flow.another(CHANNEL_SHIPPED))


@scenario(CHANNEL_RETURN, weight=6, walks=())
def not_self_ship_return_awb(flow: Flow, order: Order) -> None:
    """An AWB is sent for a return that is not self-ship."""
    probes = [Probe("awb on a return", "ELI-1", Event.AWB)]
    probe_all(flow, order, probes, lambda: flow.another(CHANNEL_RETURN))


@scenario(CHANNEL_SHIPPED, weight=10)
def not_self_ship_status(flow: Flow, order: Order) -> None:
    """bag_picked is pushed for a dispatched order that is not self-ship."""
    _dispatch(flow, order)

    def again() -> Order:
        return _dispatch(flow, flow.another(CHANNEL_SHIPPED))

    probe_all(flow, order, [Probe("bag_picked", "ELI-2", Event.BAG_PICKED)], again)


def _dispatch(flow: Flow, order: Order) -> Order:
    """Pack and dispatch. Not every host lets an aggregator do that to a channel's own order."""
    for event in (Event.PACK, Event.DISPATCH):
        _, answer = flow.send(event, order, flow.item(event, order), f"{event.value}, not self-ship")
        if not answer.accepted:
            raise PassedByError(
                State.HANDED_OVER_TO_DG, "this host lets only the channel pack and dispatch such an order"
            )
        order.touched(seen=False)
    order.state = State.HANDED_OVER_TO_DG
    order.touched(seen=False)
    order.view = flow.wait(order, lambda view: view.status in COARSE[State.HANDED_OVER_TO_DG])
    return order


@scenario(CHANNEL_RETURN, weight=6, walks=())
def not_self_ship_return_status(flow: Flow, order: Order) -> None:
    """return_bag_in_transit is pushed for a return that is not self-ship."""
    probes = [Probe("return_bag_in_transit", "ELI-2", Event.RETURN_BAG_IN_TRANSIT)]
    probe_all(flow, order, probes, lambda: flow.another(CHANNEL_RETURN))


@scenario(weight=21)
def unknown_orders(flow: Flow) -> None:
    """Every event is sent for an order id that no host has."""
    for event in Event:
        operation = EVENTS[event].operation
        items = [bodies.item(event, unknown_id(), lines=(Line("1", 1),))]
        flow.recording.kept[event.value] = flow.write(operation, items, step=f"{event.value} of an unknown order")
    for operation in ("courierDetails", "labels", "invoice"):
        exchange = flow.call(operation, body=[{"orderId": unknown_id()}], step=f"{operation} of an unknown order")
        flow.recording.kept[f"read {operation}"] = exchange
