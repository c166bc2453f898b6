"""Tokens, credentials and locations."""

from typing import Any

from selfship import bodies, ways
from selfship.client import NO_TOKEN
from selfship.flow import Flow
from selfship.lifecycle import EVENTS, Event, State
from selfship.probing import Probe, probe_all
from selfship.scenario import scenario
from selfship.scenarios.matrix import carrying
from selfship.supply import Need, Order

NEVER_ISSUED = "never-issued-" + "0" * 24


@scenario(weight=8)
def tokens(flow: Flow) -> None:
    """The right credentials get a token, which is then used; wrong ones get none."""
    source = flow.caller.tokens
    kept = flow.recording.kept
    if source.has_credentials:
        with source.kept():
            right = flow.call("token", params=source.credentials, step="token with the right credentials")
            kept["right"] = right
            issued = flow.caller.wire.issued.get(right.seq)
            kept["issued"] = issued is not None
            if issued:
                params = {"orderStatus": "CREATED", "pageNumber": 1, "pageSize": 1, **flow.host.located()}
                kept["use"] = flow.call("shipment", params=params, token=issued, step="a read with the new token")
                if kept["use"].ok:
                    source.adopt(issued)
        wrong = {
            "wrong password": {**source.credentials, "password": "wrong-" + bodies.unique("p")},
            "wrong username": {**source.credentials, "username": "wrong-" + bodies.unique("u")},
            "password in another case": {**source.credentials, "password": _recased(source.credentials["password"])},
            "password with another end": {**source.credentials, "password": source.credentials["password"][:-1] + "~+"},
            "password with more behind": {**source.credentials, "password": source.credentials["password"] + "~~"},
            "no password": {"username": source.credentials["username"]},
        }
        for name, params in wrong.items():
            exchange = flow.call("token", params=params, step=f"token with {name}")
            kept[name] = (exchange, exchange.seq in flow.caller.wire.issued)


def _recased(password: str) -> str:
    """The password in another case; one without letters gets some."""
    other = password.swapcase()
    return other if other != password else f"{password}x"


def _call_for(flow: Flow, operation: str, order: Order) -> dict[str, Any]:
    """A call of `operation` about `order` that would be good with the right token."""
    if operation in ("shipment", "info"):
        return {"params": flow.host.by_id(order.id)}
    if operation == "track":
        return {"body": {"shipment_id": order.id}}
    return {"body": [{"orderId": order.id}]}


FOREIGN: dict[State, tuple[Event, ...]] = {
    State.PLACED: (Event.CONFIRM, Event.CANCEL),
    State.BAG_CONFIRMED: (Event.INVOICE,),
    State.DP_ASSIGNED: (Event.AWB, Event.PACK),
    State.BAG_PACKED: (Event.DISPATCH,),
    State.HANDED_OVER_TO_DG: (Event.BAG_PICKED,),
    State.RETURN_BAG_DELIVERED: (Event.ACCEPT_RETURN,),
}
SHOULD = (Event.AWB, Event.BAG_PICKED, Event.ACCEPT_RETURN, Event.CANCEL)
READ_TOO = ("courierDetails", "labels", "invoice")


STRANGE = {"without a token": "AUTH-3", "with a token never issued": "AUTH-4", "with an altered token": "AUTH-4"}
"""How a caller may lack a valid token, and the rule that keeps it out."""
READS = ("shipment", "info", "track", *READ_TOO)


def _strange(flow: Flow) -> dict[str, str]:
    """The token of each kind; the altered one is the right one but for its last characters."""
    right = flow.caller.tokens.current(flow.caller) or NEVER_ISSUED
    end = "zzzz" if not right.endswith("zzzz") else "yyyy"
    altered = right[:-4] + end
    flow.caller.wire.recorder.redact.add("SELFSHIP_TOKEN_ALTERED", altered)
    return dict(zip(STRANGE, (NO_TOKEN, NEVER_ISSUED, altered), strict=True))


@scenario(params=tuple(FOREIGN), per_param=lambda state: (Need(state),), weight=11, walks=carrying, joins=1)
def strangers(flow: Flow, state: State, order: Order) -> None:
    """What the right token may do to an order is tried without a token, and with one that was never issued."""
    for event in ways.left(order.history, carrying(state)):
        flow.fire(event, order)
    probes = [
        Probe(f"{EVENTS[event].operation} {kind}", STRANGE[kind], event, options={"token": token})
        for kind, token in _strange(flow).items()
        for event in FOREIGN[state]
    ]
    probe_all(flow, order, probes, lambda: flow.another(Need(state)))


@scenario(Need(State.BAG_PACKED), weight=31, walks=())
def strange_readers(flow: Flow, order: Order) -> None:
    """Every read is tried without a token, and with one that was never issued."""
    for kind, token in _strange(flow).items():
        for operation in READS:
            step = f"{operation} {kind}"
            flow.recording.kept[step] = flow.call(
                operation, token=token, step=step, **_call_for(flow, operation, order)
            )
        listing = {"orderStatus": "CREATED", "pageNumber": 1, "pageSize": 5, **flow.host.located()}
        flow.recording.kept[f"listing {kind}"] = flow.call(
            "shipment", params=listing, token=token, step=f"listing {kind}"
        )
    flow.recording.kept["own"] = {
        operation: flow.call(operation, step=f"{operation} with the right token", **_call_for(flow, operation, order))
        for operation in READS
    }


BARE = (("PROCESSING", 1), ("PROCESSING", 2), ("CREATED", 1), ("RETURN_PROCESSING", 1))
"""Status and page of the listings that are asked for without a location."""


@scenario(weight=6)
def without_location(flow: Flow) -> None:
    """Orders and returns are listed with and without locationCode."""
    for status, page in BARE:
        plain = {"orderStatus": status, "pageNumber": page, "pageSize": 5}
        located = {**plain, "locationCode": flow.host.profile.location or ""}
        flow.recording.kept[status, page] = (
            flow.call("shipment", params=plain, step=f"page {page} of {status} without locationCode"),
            flow.call("shipment", params=located, step=f"page {page} of {status} with locationCode"),
        )


def _reach(flow: Flow, order: Order, token: str) -> None:
    """What the other credentials see of `order` and of its location: whether they cover it."""
    flow.recording.kept["covers"] = flow.call(
        "shipment", params=flow.host.by_id(order.id), token=token, step="the order, read with the other credentials"
    )
    status = order.view.status if order.view else None
    listing = {"orderStatus": status or "", "pageNumber": flow.host.first_page, "pageSize": 100, **flow.host.located()}
    flow.recording.kept["lists"] = flow.call(
        "shipment", params=listing, token=token, step="the first location, listed with the other credentials"
    )


@scenario(
    params=tuple(FOREIGN), per_param=lambda state: (Need(state),), weight=15, walks=carrying, joins=1, gentle=True
)
def foreign(flow: Flow, state: State, order: Order) -> None:
    """The second location's credentials are used on an order of the first."""
    other = flow.host.other_tokens
    if other is None:
        return
    token = other.current(flow.host.caller(flow.name, other=True))
    if not token:
        return
    for event in ways.left(order.history, carrying(state)):
        flow.fire(event, order)
    flow.recording.kept["token"] = True
    _reach(flow, order, token)
    probes = [
        Probe(
            f"{EVENTS[event].operation} by another location",
            "AUTH-7" if event in SHOULD else "AUTH-6",
            event,
            options={"token": token},
        )
        for event in FOREIGN[state]
    ]

    def again() -> Order:
        return flow.another(Need(state))

    probe_all(flow, order, flow.spare(probes), again)
    if state is State.BAG_PACKED:
        for operation in READ_TOO:
            exchange = flow.call(
                operation, body=[{"orderId": order.id}], token=token, step=f"{operation} by another location"
            )
            own = flow.call(operation, body=[{"orderId": order.id}], step=f"{operation} by its own location")
            flow.recording.kept[operation] = (exchange, own, order.id, order.awb)


@scenario(Need(State.PLACED), Need(State.PLACED, other_location=True), weight=10)
def foreign_in_a_batch(flow: Flow, order: Order, theirs: Order) -> None:
    """The second location confirms an order of its own and, in the same request, one of the first."""
    other = flow.host.other_tokens
    token = other.value if other else None
    if token:
        _reach(flow, order, token)
        items = [flow.item(Event.CONFIRM, theirs), flow.item(Event.CONFIRM, order)]
        before = flow.read(order)
        sent = flow.write("confirm", items, token=token, step="confirm of an own order and another location's")
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
        flow.recording.kept["batch"] = (*sent, before, flow.read(order))
