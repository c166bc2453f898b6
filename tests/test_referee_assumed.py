"""A write that came to nothing and that the client takes for done is laid at what it should have done then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.refereed import Client, Live
from tests.test_referee_recovery import awbs, going_wrong, pack

STOPPED = [
    ('do = "fail_item"\non = "awb"', "AGG-11"),
    ('do = "unavailable"\non = "awb"', "AGG-12"),
    ('do = "expire_token"\non = "awb"', "AGG-13"),
    ('do = "timeout_before"\non = "awb"', "AGG-14"),
]


def go_on(client: Client, live: Live, orders: list[str]) -> None:
    """To the delivery, as if every AWB had been taken."""
    live.later(5)
    client.log_in()
    pack(client, *orders)
    client.post("dispatch", *[{"orderId": one} for one in orders])
    for status in ("bag_picked", "delivery_done"):
        client.put("status", *[{"orderId": one, "orderStatus": status} for one in orders])


@pytest.mark.parametrize(("fault", "rule"), STOPPED, ids=[rule for _, rule in STOPPED])
def test_going_on_as_if_it_had_been_taken_is_laid_at_the_rule_of_what_stopped_it(
    tmp_path: Path, fault: str, rule: str
) -> None:
    with going_wrong(tmp_path, fault) as (live, client, orders):
        awbs(client, orders)
        go_on(client, live, orders)

        assert live.red("stopped") == {rule}


@pytest.mark.parametrize(("fault", "rule"), STOPPED, ids=[rule for _, rule in STOPPED])
def test_sending_it_again_first_accuses_nobody(tmp_path: Path, fault: str, rule: str) -> None:
    with going_wrong(tmp_path, fault) as (live, client, orders):
        failed = awbs(client, orders)
        live.later(5)
        client.log_in()
        awbs(client, failed or orders)
        go_on(client, live, orders)

        assert live.red("idle") == set()
        assert live.verdicts()[rule] == "pass"


def test_what_was_stopped_first_counts_and_not_what_was_stopped_on_the_way(tmp_path: Path) -> None:
    faults = ('do = "fail_item"\non = "awb"', 'do = "unavailable"\non = "pack"')
    with going_wrong(tmp_path, *faults) as (live, client, orders):
        awbs(client, orders)
        pack(client, *orders)
        go_on(client, live, orders)

        assert live.red("stopped") == {"AGG-11"}


def test_a_step_that_would_be_wrong_in_any_case_stays_what_it_is(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "unavailable"\non = "awb"') as (live, client, orders):
        client.awb(orders[0])
        live.later(5)
        client.status(orders[0], "return_bag_delivered")

        assert live.red("stopped") == {"AGG-7"}


@pytest.mark.parametrize(
    ("fault", "rule"), [("unavailable", "AGG-12"), ("expire_token", "AGG-13")], ids=["after_503", "after_401"]
)
def test_a_last_step_that_was_stopped_and_never_sent_again_is_no_forgotten_order(
    tmp_path: Path, fault: str, rule: str
) -> None:
    with going_wrong(tmp_path, f'do = "{fault}"\non = "status"\norder = 3') as (live, client, orders):
        for one in orders:
            client.awb(one, f"AWB-{one}", auto=True)
            client.status(one, "delivery_done")
            live.later(5)
            client.log_in()
            client.orders("TRANSIT")

        assert live.red("stopped") == set()
        assert live.red("idle") == {rule}
        assert live.verdicts()["AGG-10"] == "blocked"


# After a time-out, which reads tell


@pytest.mark.parametrize(
    ("asked", "tells"),
    [("PROCESSING", True), ("TRANSIT", True), ("DELIVERED", False), ("RETURN_PROCESSING", False)],
)
def test_a_listing_tells_of_an_order_that_may_stand_in_it(tmp_path: Path, asked: str, *, tells: bool) -> None:
    with going_wrong(tmp_path, 'do = "timeout_before"\non = "awb"') as (live, client, orders):
        client.awb(orders[0], auto=True)
        client.orders(asked)
        client.awb(orders[0])

        assert live.red("stopped") == (set() if tells else {"AGG-14"})


def test_tracking_another_order_tells_nothing(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "timeout_before"\non = "awb"') as (live, client, orders):
        client.awb(orders[0], "AWB-1")
        client.call("POST", "/oms/v3/shipment/track", {"shipment_id": orders[1]})
        client.awb(orders[0], "AWB-1", auto=True)

        assert live.red("stopped") == {"AGG-14"}


def test_a_refusal_that_was_overcome_unheard_is_overcome(tmp_path: Path) -> None:
    faults = ('do = "fail_item"\non = "awb"', 'do = "timeout_after"\non = "awb"\nnth = 2')
    with going_wrong(tmp_path, *faults) as (live, client, orders):
        awbs(client, awbs(client, orders))
        client.orders("PROCESSING")

        assert live.red("stopped") == set()
        assert live.verdicts("stopped")["AGG-11"] == "pass"


def test_a_refused_status_that_only_changes_its_remark_is_a_loop_as_well(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "status"\ntimes = 99') as (live, client, orders):
        client.awb(orders[0], auto=True)
        for number in range(8):
            meta = {"remark": f"try {number}"}
            client.put("status", {"orderId": orders[0], "orderStatus": "delivery_done", "meta": meta})

        assert live.red("stopped") == {"AGG-11"}


def test_no_token_expires_before_it_has_served(tmp_path: Path) -> None:
    faults = ('do = "expire_token"\non = "awb"', 'do = "expire_token"\non = "write"')
    with going_wrong(tmp_path, *faults) as (_, client, orders):
        for answered in (401, 200, 401, 200, 200):
            assert client.awb(orders[0]).status == answered
            if answered == 401:
                client.log_in()
