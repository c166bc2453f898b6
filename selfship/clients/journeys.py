"""AGG-5 to AGG-10, AGG-17 and AGG-18: steps too early, too late, too often, on what must be left alone, or never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selfship.clients.hooks import (
    FORWARD,
    RETURNS,
    Act,
    Aggregator,
    Client,
    Hook,
    Items,
    acceptances,
    after,
    around,
    bad,
    before,
    credit_notes,
    ids_to,
    push,
    remember,
    statuses,
)

AUTO = ("--auto-dispatch",)


def awbs(number: str = "EX{}", courier: str = "Example Express") -> Act:
    """Update AWB as the example does it, or with another number or courier."""
    return ids_to("PUT", "awb", awbNumber=number, courierName=courier, autoDispatch=False)


def plan(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Hook:
    def hook(client: Aggregator) -> None:
        around(client, "plan", lambda original, order: change(original(order)))

    return hook


def pack_first(steps: tuple[str, ...]) -> tuple[str, ...]:
    if "pack" not in steps:
        return steps
    rest = [step for step in steps if step not in ("awb", "pack")]
    at = rest.index("dispatch")
    return (*rest[:at], "pack", "awb", *rest[at:])


def forgets(which: Callable[[Any], bool], most: int = 1) -> Hook:
    """Never works on the first `most` orders of its own that are such."""

    def hook(client: Aggregator) -> None:
        forgotten: list[str] = []

        def is_ours(original: Callable[..., Any], order: Any) -> bool:
            if original(order) and which(order) and len(forgotten) < most and order["id"] not in forgotten:
                forgotten.append(order["id"])
            return bool(original(order)) and order["id"] not in forgotten

        around(client, "is_ours", is_ours)

    return hook


def first_page_only(client: Aggregator) -> None:
    def listed(_: Callable[..., Any], status: str, location: str | None) -> Any:
        return client.konnect.page(status, location, 1)

    kept: set[str] = set()
    around(client.konnect, "listed", listed)

    def is_ours(original: Callable[..., Any], order: Any) -> bool:
        # Of the orders that it saw at first: the rest would move up to page one by themselves.
        if order["orderStatus"] == "PROCESSING" and not client.done:
            kept.add(order["id"])
        return bool(original(order)) and (order["orderStatus"] != "PROCESSING" or order["id"] in kept)

    around(client, "is_ours", is_ours)


def one_location(client: Aggregator) -> None:
    around(client, "sweep", lambda original, locations: original(locations[:1]))


def one_sweep(client: Aggregator) -> None:
    """Works on for ever on what its first sweep showed, and on nothing that appears later."""
    remember(client)
    known: set[str] = set()
    sweeps: list[bool] = []

    def is_ours(original: Callable[..., Any], order: Any) -> bool:
        return bool(original(order)) and (not sweeps or order["id"] in known)

    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        accepted = original(locations)
        if not sweeps:
            known.update(client.seen)
            sweeps.append(True)
        return accepted

    around(client, "is_ours", is_ours)
    around(client, "sweep", sweep)


def all_end_as(fate: str) -> Hook:
    """Whatever became of a parcel on its way to the customer, it says that."""

    def hook(client: Aggregator) -> None:
        around(
            client.courier,
            "fate",
            lambda original, order: original(order) if order["journeyType"] == RETURNS else fate,
        )

    return hook


def never(*steps: str, fate: str) -> Hook:
    def hook(client: Aggregator) -> None:
        def chosen(original: Callable[..., Any], order: Any) -> tuple[str, ...]:
            found: tuple[str, ...] = original(order)
            wanted = client.courier.fate(order) == fate
            return tuple(step for step in found if step not in steps) if wanted else found

        around(client, "plan", chosen)

    return hook


def locked_as_ours(journey: str) -> Hook:
    """Takes locked orders of that journey for its own until the host has refused them once."""

    def hook(client: Aggregator) -> None:
        refused: set[str] = set()

        def is_ours(original: Callable[..., Any], order: Any) -> bool:
            locked = order["lockStatus"] and order["is_self_ship"] and order["journeyType"] == journey
            return bool(original(order)) or bool(locked and order["id"] not in refused)

        def note(original: Callable[..., Any], step: Any, batch: Any, tally: Any) -> Any:
            refused.update(tally.refused)
            return original(step, batch, tally)

        around(client, "is_ours", is_ours)
        around(client, "note", note)

    return hook


def impatient(client: Aggregator) -> None:
    """Leaves a locked order alone once, and takes it the next time."""
    met: set[str] = set()
    sweeps: list[bool] = []

    def is_ours(original: Callable[..., Any], order: Any) -> bool:
        if not order["lockStatus"] or not order["is_self_ship"]:
            return bool(original(order))
        if not sweeps:
            met.add(order["id"])
        return bool(sweeps) and order["id"] in met and order["id"] not in client.given_up

    def sweep(original: Callable[..., Any], locations: Any) -> Any:
        accepted = original(locations)
        sweeps.append(True)
        return accepted

    around(client, "is_ours", is_ours)
    around(client, "sweep", sweep)


def two_bids(client: Aggregator, items: Items) -> None:
    """The same order twice in one request, for two couriers."""
    one = {"orderId": items[0]["orderId"], "autoDispatch": False}
    bids = [{**one, "awbNumber": f"{name}{one['orderId']}", "courierName": name} for name in ("EX", "OTHER")]
    push(client, "PUT", "awb", bids)


CLIENTS: tuple[Client, ...] = (
    bad("packs_before_awb", "AGG-5", "packs orders before it sends their AWB", plan(pack_first)),
    bad(
        "dispatches_before_pack",
        "AGG-5",
        "tries to dispatch before it packs",
        before("pack", ids_to("POST", "dispatch")),
    ),
    bad(
        "picks_before_dispatch",
        "AGG-5",
        "pushes bag_picked on packed orders, before it dispatches them",
        before("dispatch", statuses("bag_picked")),
    ),
    bad(
        "picks_before_pack", "AGG-5", "pushes bag_picked straight after the AWB", before("pack", statuses("bag_picked"))
    ),
    bad("awb_before_invoice", "AGG-5", "sends AWBs for orders that are only confirmed", before("invoice", awbs())),
    bad(
        "packs_after_auto_dispatch",
        "AGG-5",
        "packs and dispatches after autoDispatch",
        after("awb", ids_to("POST", "pack"), only=FORWARD),
        options=AUTO,
    ),
    bad("awb_after_pack", "AGG-5", "sends the AWB again when the order is packed", before("dispatch", awbs())),
    bad(
        "picks_after_auto_dispatch",
        "AGG-6",
        "pushes bag_picked right after autoDispatch",
        after("awb", statuses("bag_picked"), only=FORWARD),
        options=AUTO,
    ),
    bad(
        "picks_before_delivery",
        "AGG-6",
        "pushes bag_picked after autoDispatch, before the delivery",
        before("delivery_done", statuses("bag_picked")),
        options=AUTO,
    ),
    bad(
        "delivers_before_pickup",
        "AGG-7",
        "pushes delivery_done before the parcel was picked",
        before("bag_picked", statuses("delivery_done")),
    ),
    bad(
        "rto_after_delivery",
        "AGG-7",
        "pushes rto_bag_delivered for parcels that were delivered",
        after("delivery_done", statuses("rto_bag_delivered")),
    ),
    bad(
        "picks_after_an_attempt",
        "AGG-7",
        "pushes bag_picked again once the parcel is out for delivery",
        after("out_for_delivery", statuses("bag_picked")),
        options=("--attempts",),
    ),
    bad(
        "delivers_returns",
        "AGG-7",
        "pushes delivery_done on returns",
        before("return_bag_in_transit", statuses("delivery_done")),
    ),
    bad(
        "delivers_after_rto",
        "AGG-7",
        "pushes delivery_done for parcels that came back",
        after("rto_bag_delivered", statuses("delivery_done")),
    ),
    bad(
        "returns_orders",
        "AGG-7",
        "pushes return_bag_delivered on forward orders",
        before("delivery_done", statuses("return_bag_delivered")),
    ),
    bad(
        "return_delivered_at_once",
        "AGG-8",
        "pushes return_bag_delivered before return_bag_in_transit",
        before("return_bag_in_transit", statuses("return_bag_delivered")),
    ),
    bad(
        "return_in_transit_before_awb",
        "AGG-8",
        "pushes return_bag_in_transit before the AWB",
        before("awb", statuses("return_bag_in_transit"), only=RETURNS),
    ),
    bad(
        "accepts_returns_early",
        "AGG-8",
        "calls POST /return before the return is back",
        before("return_bag_delivered", acceptances),
    ),
    bad(
        "credits_returns_early",
        "AGG-8",
        "makes the credit note before the acceptance",
        before("accept", credit_notes, only=RETURNS),
    ),
    bad(
        "rto_before_pickup",
        "AGG-9",
        "pushes rto_bag_delivered for parcels that were never picked",
        before("bag_picked", statuses("rto_bag_delivered"), only="rto"),
    ),
    bad(
        "credits_rto_early",
        "AGG-9",
        "makes the credit note of an RTO while it is still on the road",
        before("rto_bag_delivered", credit_notes),
    ),
    bad(
        "accepts_rto_early",
        "AGG-9",
        "calls POST /return for an RTO that is still on the road",
        before("rto_bag_delivered", acceptances),
    ),
    bad(
        "credits_rto_twice",
        "AGG-9",
        "makes a second credit note of an RTO",
        after("credit_note", ids_to("POST", "invoiceUpdate", invoiceNumber="CN2-{}", invoiceType="return"), only="rto"),
    ),
    bad("skips_page_two", "AGG-10", "reads the first page of each listing and no other", first_page_only),
    bad(
        "forgets_an_order",
        "AGG-10",
        "never works on one of its orders",
        forgets(lambda order: order["journeyType"] == FORWARD),
    ),
    bad(
        "forgets_returns",
        "AGG-10",
        "never works on returns",
        forgets(lambda order: order["journeyType"] == RETURNS, 100),
    ),
    bad(
        "forgets_the_credit_notes",
        "AGG-10",
        "never makes the credit note of a return",
        never("credit_note", fate="returned"),
    ),
    bad(
        "forgets_rto_credit_notes", "AGG-10", "never makes the credit note of an RTO", never("credit_note", fate="rto")
    ),
    bad("one_location", "AGG-10", "asks for one of its two locations only", one_location),
    bad("one_sweep", "AGG-10", "never works on what appears after its first sweep", one_sweep),
    bad("delivers_what_came_back", "AGG-10", "reports parcels that came back as delivered", all_end_as("delivered")),
    bad("sends_all_back", "AGG-10", "reports parcels that were delivered as come back", all_end_as("rto")),
    bad(
        "stops_on_the_road",
        "AGG-10",
        "never says that a parcel was delivered",
        never("delivery_done", fate="delivered"),
    ),
    bad("impatient_with_locks", "AGG-17", "leaves locked orders alone once, then ships them", impatient),
    bad("ships_locked", "AGG-17", "sends AWBs for orders that are locked", locked_as_ours(FORWARD)),
    bad("ships_locked_returns", "AGG-17", "sends AWBs for returns that are locked", locked_as_ours(RETURNS)),
    bad("two_bids", "AGG-18", "names two couriers for an order in one request", before("awb", two_bids, only=FORWARD)),
    bad("second_awb", "AGG-18", "sends a second, different AWB before it packs", before("pack", awbs("NEW{}"))),
    bad(
        "second_courier",
        "AGG-18",
        "names another courier before it packs",
        before("pack", awbs(courier="Other Express")),
    ),
    bad(
        "second_courier_on_the_road",
        "AGG-18",
        "hands picked parcels to another courier, with a new AWB",
        before("delivery_done", awbs("NEW{}", "Other Express")),
    ),
    bad(
        "second_awb_on_return",
        "AGG-18",
        "sends a second, different AWB for returns",
        before("return_bag_in_transit", awbs("NEW{}")),
    ),
)
