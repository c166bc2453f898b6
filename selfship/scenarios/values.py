"""Requests with a field missing, of the wrong type or empty, and bodies that are no list of items at all."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from selfship import lost
from selfship.flow import Flow
from selfship.guard import made_up
from selfship.lifecycle import EVENTS, Event, State
from selfship.operations import BULK
from selfship.probing import Probe, probe_all, unknown_id
from selfship.scenario import scenario
from selfship.scenarios.matrix import carrying
from selfship.supply import Need, Order

REQUIRED: dict[Event, tuple[str, ...]] = {
    Event.CONFIRM: ("orderId",),
    Event.INVOICE: ("orderId", "invoiceNumber", "invoiceType"),
    Event.AWB: ("orderId", "awbNumber", "courierName"),
    Event.AUTO_DISPATCH: ("awbNumber", "courierName"),
    Event.PACK: ("orderId",),
    Event.DISPATCH: ("orderId",),
    Event.BAG_PICKED: ("orderId", "orderStatus"),
    Event.RETURN_BAG_IN_TRANSIT: ("orderId", "orderStatus"),
    Event.ACCEPT_RETURN: ("orderId",),
    Event.CANCEL: ("orderId",),
}
"""The fields that VAL-1 names, by an event of each operation that carries them."""
WRONG_TYPES: dict[str, Any] = {
    "orderId": int(made_up("17")),
    "awbNumber": 17,
    "courierName": ["Selfship"],
    "orderStatus": 17,
    "invoiceNumber": 17,
    "invoiceType": 17,
}
PLACES: dict[State, tuple[Event, ...]] = {
    State.PLACED: (Event.CONFIRM, Event.CANCEL),
    State.BAG_CONFIRMED: (Event.INVOICE,),
    State.DP_ASSIGNED: (Event.PACK,),
    State.BAG_PACKED: (Event.DISPATCH,),
    State.HANDED_OVER_TO_DG: (Event.BAG_PICKED,),
    State.RETURN_DP_ASSIGNED: (Event.RETURN_BAG_IN_TRANSIT,),
    State.RETURN_BAG_DELIVERED: (Event.ACCEPT_RETURN,),
}
"""The state in which each event would be taken, were the item whole. Where it can have one, the order has an AWB."""
FIRST_AWBS = (Event.AWB, Event.AUTO_DISPATCH)
"""Taken in dp_assigned, by some hosts of an order without an AWB only."""


def _without(event: Event, name: str, flow: Flow) -> Callable[[Order], list[Any]]:
    return lambda order: [{k: v for k, v in flow.item(event, order).items() if k != name}]


def _with(event: Event, name: str, value: Any, flow: Flow) -> Callable[[Order], list[Any]]:
    return lambda order: [{**flow.item(event, order), name: value}]


def called(event: Event) -> str:
    """What the probes of an event are called by: its operation, told apart where two events have the same."""
    operation = EVENTS[event].operation
    return f"{operation} with autoDispatch" if event is Event.AUTO_DISPATCH else operation


def _probes(flow: Flow, events: Sequence[Event]) -> Iterator[Probe]:
    for event in events:
        operation = called(event)
        for name in REQUIRED[event]:
            yield Probe(f"{operation} without {name}", "VAL-1", event, body=_without(event, name, flow))
        yield Probe(f"{operation}, good JSON with a word behind it", "VAL-3", event, tail=b" trailing")
        for name in REQUIRED[event] if event is not Event.AUTO_DISPATCH else ():
            wrong = _with(event, name, WRONG_TYPES[name], flow)
            yield Probe(f"{operation} with {name} of the wrong type", "VAL-2", event, body=wrong)
            yield Probe(f"{operation} with {name} empty", "VAL-2", event, body=_with(event, name, "", flow))
            yield Probe(f"{operation} with {name} null", "VAL-2", event, body=_with(event, name, None, flow))


def _awb_first(flow: Flow, order: Order) -> Order:
    if order.state in (State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED) and not order.awb:
        flow.fire(Event.AWB, order)
    return order


@scenario(params=tuple(PLACES), per_param=lambda state: (Need(state),), weight=20, walks=carrying, joins=1, gentle=True)
def defects(flow: Flow, state: State, order: Order) -> None:
    """Items with one defect each are sent where the same item without it is taken."""

    def again() -> Order:
        return _awb_first(flow, flow.another(Need(state)))

    probe_all(flow, _awb_first(flow, order), flow.spare(_probes(flow, PLACES[state])), again)


@scenario(Need(State.DP_ASSIGNED), weight=16, walks=(), bare=True, gentle=True)
def awb_defects(flow: Flow, order: Order) -> None:
    """Update AWB with one defect each is sent to an order that has no AWB, and would take it without."""
    probe_all(flow, order, flow.spare(_probes(flow, FIRST_AWBS)), lambda: flow.another(Need(State.DP_ASSIGNED)))


@scenario(Need(State.DP_ASSIGNED), weight=20, walks=(), gentle=True)
def broken_bodies(flow: Flow, order: Order) -> None:
    """Every bulk operation and Track get a body that is not JSON, and one that is not an array."""
    single = {"body": {"orderId": order.id}}
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for operation in (*BULK, "track"):
        for name, raw in NOT_JSON.items():
            step = f"{operation}: a body that is {name}"
            calls[f"{operation} {name}"] = (operation, {"raw": raw, "step": step})
    if flow.gentle:
        flow.spare(())
    for operation in BULK:
        step = f"{operation}: a body that is not an array"
        if not flow.gentle:
            calls[f"{operation} not array"] = (operation, {**single, "step": step})
        calls[f"{operation} null"] = (operation, {"body": [None], "step": f"{operation}: an item that is null"})
        calls[f"{operation} text"] = (operation, {"body": ["text"], "step": f"{operation}: an item that is a text"})
    names = list(calls)
    for start in range(0, len(names), ABREAST):
        part = names[start : start + ABREAST]
        for name, exchange in zip(part, flow.together([calls[name] for name in part]), strict=True):
            flow.recording.kept[name] = lost.once_more(flow, *calls[name], exchange)


NOT_JSON = {
    "cut short": b'[{"orderId": ',
    "followed by a word": b'[{"orderId": "' + unknown_id().encode() + b'"}] trailing',
    "empty": b"",
}
"""Bodies that are not JSON. None of them names an order that exists."""
ABREAST = 12
"""How many of them are sent side by side."""
META_FIELDS: dict[str, Any] = {
    "remark": "Left the hub",
    "reasonCode": 101,
    "dpLocation": "Bengaluru",
    "promised_delivery_date": "2026-12-10T10:00:00",
    "estimated_delivery_date": "2026-12-11T10:00:00",
}


META = {**{name: {name: value} for name, value in META_FIELDS.items()}, "all": META_FIELDS}
"""Each documented field of meta alone, and all of them."""


@scenario(params=tuple(META), per_param=lambda _: (Need(State.HANDED_OVER_TO_DG),), weight=8, walks=(Event.BAG_PICKED,))
def meta(flow: Flow, name: str, order: Order) -> None:
    """bag_picked is pushed with a documented field of meta, or with all of them."""
    flow.fire(Event.BAG_PICKED, order, rule="VAL-5", name="bag_picked with meta", meta=META[name])
