"""Each client rule is broken by the client that breaks it, and by no other; what is allowed accuses nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from selfship import requirements
from selfship.referee.rules import JUDGED_BY
from selfship.referee.rules.ending import TITLES
from tests.refereed import Client, Live, judged

SCENARIO = """
poll_interval = 0.0
[[order]]
expect = "delivered"
count = 3
[[order]]
self_ship = false
[[order]]
expect = "rto"
[[order]]
kind = "return"
expect = "returned"
[[order]]
expect = "delivered"
unlock_after = { calls = 1000 }
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with judged(SCENARIO, tmp_path) as found:
        yield found


def ids(client: Client, expect: str) -> list[str]:
    """The orders that must end so, in the order of the scenario; those of `decoy` and `locked` too."""
    client.orders("PROCESSING")
    client.orders("RETURN_PROCESSING")
    orders = client.get("/_referee/expected")["orders"]
    if expect == "decoy":
        return [order["id"] for order in orders if not order["is_self_ship"]]
    if expect == "locked":
        return [order["id"] for order in orders if order["locked"]]
    return [order["id"] for order in orders if order["expect"] == expect and not order["locked"]]


def twenty_one(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.put("status", *[{"orderId": one, "orderStatus": "delivery_done"}] * 21)


def token_in_query(client: Client) -> None:
    token = client.log_in()
    client.call("GET", f"/oms/v3/shipment?orderStatus=PROCESSING&token={token}", token=None)


def token_as_bearer(client: Client) -> None:
    token = client.log_in()
    bearer = {"authorization": f"Bearer {token}"}
    client.call("GET", "/oms/v3/shipment?orderStatus=PROCESSING", token=None, headers=bearer)


def number_as_id(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.put("awb", {"orderId": int(one), "awbNumber": "A", "courierName": "C", "autoDispatch": True})


def rounded_id(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(f"{one[:-3]}000", auto=True)


def tracked_by_a_rounded_id(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.call("POST", "/oms/v3/shipment/track", {"shipment_id": f"{float(one):.0f}"})


def read_by_a_padded_id(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.get(f"/oms/v3/shipment?orderId=%20{one}")


def item_by_its_number(client: Client) -> None:
    one = ids(client, "returned")[0]
    client.awb(one)
    client.status(one, "return_bag_in_transit")
    client.status(one, "return_bag_delivered")
    client.post("return", {"orderId": one, "orderItems": [{"orderItemId": "1", "quantity": 1, "reasonCode": ""}]})


def not_json(client: Client) -> None:
    ids(client, "delivered")
    client.call("PUT", "/oms/v3/shipment/awb", b"{'orderId': 1}")


def awb_of_decoy(client: Client) -> None:
    client.awb(ids(client, "decoy")[0], auto=True)


def pack_before_awb(client: Client) -> None:
    client.post("pack", {"orderId": ids(client, "delivered")[0]})


def picked_without_dispatch(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one)
    client.post("pack", {"orderId": one})
    client.status(one, "bag_picked")


def pack_after_auto(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one, auto=True)
    client.post("pack", {"orderId": one})


def picked_after_auto(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one, auto=True)
    client.status(one, "bag_picked")
    client.status(one, "delivery_done")


def delivered_before_picked(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one)
    client.status(one, "delivery_done")


def returned_after_delivery(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.deliver(one)
    client.status(one, "rto_bag_delivered")


def forward_status_on_return(client: Client) -> None:
    client.status(ids(client, "returned")[0], "delivery_done")


def transit_before_awb(client: Client) -> None:
    client.status(ids(client, "returned")[0], "return_bag_in_transit")


def return_without_transit(client: Client) -> None:
    one = ids(client, "returned")[0]
    client.awb(one)
    client.status(one, "return_bag_delivered")


def credit_note_before_acceptance(client: Client) -> None:
    one = ids(client, "returned")[0]
    client.awb(one)
    client.status(one, "return_bag_in_transit")
    client.status(one, "return_bag_delivered")
    client.post("invoiceUpdate", {"orderId": one, "invoiceNumber": "CN-1", "invoiceType": "return"})


def rto_before_picked(client: Client) -> None:
    one = ids(client, "rto")[0]
    client.awb(one)
    client.status(one, "rto_bag_delivered")


def second_credit_note_of_an_rto(client: Client) -> None:
    one = ids(client, "rto")[0]
    client.awb(one, auto=True)
    client.status(one, "rto_bag_delivered")
    for number in ("CN-1", "CN-2"):
        client.post("invoiceUpdate", {"orderId": one, "invoiceNumber": number, "invoiceType": "return"})


def rto_delivered(client: Client) -> None:
    client.deliver(ids(client, "rto")[0])


def second_awb(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one, "AWB-1")
    client.awb(one, "AWB-2")


def second_courier(client: Client) -> None:
    one = ids(client, "delivered")[0]
    client.awb(one, "AWB-1")
    client.awb(one, "AWB-1", courier="Another")


def two_couriers_in_one_request(client: Client) -> None:
    one = {"orderId": ids(client, "delivered")[0], "autoDispatch": False}
    client.put("awb", *[{**one, "awbNumber": f"AWB-{name}", "courierName": name} for name in "AB"])


def locked_order(client: Client) -> None:
    client.awb(ids(client, "locked")[0], auto=True)


def listing_without_status(client: Client) -> None:
    client.log_in()
    client.get("/oms/v3/shipment?pageNumber=1")


def info_of_everything(client: Client) -> None:
    client.log_in()
    client.get("/oms/v3/shipment/info")


FILES, FUNCTIONS = zip(*(where.split("::") for where in JUDGED_BY.values()), strict=True)
BAD: list[tuple[Callable[[Client], None], str]] = [
    (token_in_query, "AGG-1"),
    (token_as_bearer, "AGG-1"),
    (number_as_id, "AGG-2"),
    (rounded_id, "AGG-2"),
    (tracked_by_a_rounded_id, "AGG-2"),
    (read_by_a_padded_id, "AGG-2"),
    (item_by_its_number, "AGG-2"),
    (not_json, "AGG-2"),
    (twenty_one, "AGG-3"),
    (awb_of_decoy, "AGG-4"),
    (pack_before_awb, "AGG-5"),
    (picked_without_dispatch, "AGG-5"),
    (pack_after_auto, "AGG-5"),
    (picked_after_auto, "AGG-6"),
    (delivered_before_picked, "AGG-7"),
    (returned_after_delivery, "AGG-7"),
    (forward_status_on_return, "AGG-7"),
    (transit_before_awb, "AGG-8"),
    (return_without_transit, "AGG-8"),
    (credit_note_before_acceptance, "AGG-8"),
    (rto_before_picked, "AGG-9"),
    (second_credit_note_of_an_rto, "AGG-9"),
    (rto_delivered, "AGG-10"),
    (listing_without_status, "AGG-15"),
    (info_of_everything, "AGG-15"),
    (locked_order, "AGG-17"),
    (second_awb, "AGG-18"),
    (second_courier, "AGG-18"),
    (two_couriers_in_one_request, "AGG-18"),
]


def test_each_client_rule_has_its_judge_and_its_title() -> None:
    table = {each.id for each in requirements.load().values() if each.side == "client"}
    named = [import_module(f"selfship.referee.rules.{file.removesuffix('.py')}") for file in FILES]

    assert table == set(JUDGED_BY) == set(TITLES)
    assert [name for module, name in zip(named, FUNCTIONS, strict=True) if not callable(getattr(module, name))] == []


@pytest.mark.parametrize(("bad", "rule"), BAD, ids=[bad.__name__ for bad, _ in BAD])
def test_a_breach_is_laid_at_its_own_rule_and_at_no_other(live: Live, bad: Callable[[Client], None], rule: str) -> None:
    bad(live.client())

    assert live.red("stopped") == {rule}


def test_company_level_credentials_need_a_location_on_every_read_of_orders(tmp_path: Path) -> None:
    told = f'auth = "company"\nlocations = ["BLR-01", "DEL-02"]\n{SCENARIO}'
    with judged(told, tmp_path) as live:
        client = live.client()
        one = client.orders("PROCESSING", locationCode="BLR-01")[0]["id"]
        assert live.verdicts("stopped")["AGG-16"] == "pass"

        client.get(f"/oms/v3/shipment?orderId={one}")
        assert live.red("stopped") == {"AGG-16"}


def test_the_step_once_more_accuses_nobody(live: Live) -> None:
    client = live.client()
    one = ids(client, "delivered")[0]
    client.awb(one)
    client.awb(one)
    client.post("pack", {"orderId": one})
    client.post("pack", {"orderId": one})
    client.post("dispatch", {"orderId": one})
    client.post("dispatch", {"orderId": one})
    client.status(one, "bag_picked")
    client.status(one, "bag_picked")
    client.status(one, "delivery_done")

    assert live.red("stopped") == set()


def test_an_rto_ends_with_or_without_acceptance(live: Live) -> None:
    client = live.client()
    one = ids(client, "rto")[0]
    client.awb(one, auto=True)
    client.status(one, "rto_bag_delivered")
    client.post("return", {"orderId": one, "orderItems": []})
    client.post("invoiceUpdate", {"orderId": one, "invoiceNumber": "CN-1", "invoiceType": "return"})

    assert live.red("stopped") == set()
    assert live.verdicts("stopped")["AGG-9"] == "pass"


def test_a_client_that_did_nothing_is_told_what_to_do(live: Live) -> None:
    found = live.judged()

    assert found.verdict == "incomplete"
    assert {row.verdict.value for row in found.requirements} == {"not_testable", "not_applicable"}
    assert all(finding.advice for row in found.requirements for finding in row.findings if row.id != "AGG-16")


def test_a_client_that_only_reads_is_incomplete_and_not_accused_of_forgetting(live: Live) -> None:
    client = live.client()
    ids(client, "delivered")

    assert live.judged().verdict == "incomplete"
    assert live.red() == set()


def test_an_id_that_nobody_has_shown_may_be_asked_for(live: Live) -> None:
    client = live.client()
    ids(client, "delivered")
    client.get("/oms/v3/shipment?orderId=17000000000000000042")
    client.call("POST", "/oms/v3/shipment/track", {"awb_number": "AWB-1"})

    assert live.red("stopped") == set()


def test_orders_that_are_locked_to_the_end_are_forgotten_by_nobody(live: Live) -> None:
    client = live.client()
    for expect in ("delivered", "rto", "returned"):
        for one in ids(client, expect):
            client.awb(one, f"AWB-{one}", auto=expect != "returned")
            for status in {
                "delivered": ["delivery_done"],
                "rto": ["rto_bag_delivered"],
                "returned": ["return_bag_in_transit", "return_bag_delivered"],
            }[expect]:
                client.status(one, status)
            if expect != "delivered":
                client.post("return", {"orderId": one, "orderItems": []})
                client.post("invoiceUpdate", {"orderId": one, "invoiceNumber": f"CN-{one}", "invoiceType": "return"})

    assert live.red("idle") == set()
    assert live.verdicts("idle")["AGG-10"] == "not_testable"


def test_orders_that_a_client_leaves_undone_are_forgotten(live: Live) -> None:
    client = live.client()
    client.deliver(ids(client, "delivered")[0])

    assert live.red("idle") == {"AGG-10"}
    assert live.verdicts("stopped")["AGG-10"] == "not_testable"
