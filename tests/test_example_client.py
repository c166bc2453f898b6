"""The example aggregator, run as a program, brings each order of a host to its end, whatever the host is like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from selfship import paths
from selfship.lifecycle import Event, State
from selfship.mock.order import Order
from tests.mock_host import Api, mock

S, E = State, Event
PROGRAM = paths.CLIENTS / "aggregator.py"
LIMIT_S = 90


def aggregate(api: Api, folder: Path, *options: str, fates: dict[str, str] | None = None) -> str:
    """Runs it until two sweeps found nothing to do; gives what it logged."""
    settings = api.host.settings
    (folder / "fates.json").write_text(json.dumps(fates or {}), encoding="utf-8")
    command = [sys.executable, str(PROGRAM), f"--host={api.http.base_url}", "--poll=0.05", "--idle=2"]
    ended = subprocess.run(
        [*command, "--location=BLR-01", "--location=DEL-02", f"--fates={folder / 'fates.json'}", *options],
        env={**os.environ, "SELFSHIP_USERNAME": settings.username, "SELFSHIP_PASSWORD": settings.password},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert settings.password not in ended.stderr
    return ended.stderr


def states(api: Api, orders: Sequence[Order]) -> set[State]:
    return {known.state for order in orders if (known := api.host.store.get(order.id))}


@pytest.mark.parametrize(
    "habits",
    [(), ("--auto-dispatch",), ("--attempts", "--batch=1"), ("--gather", "--returns-first", "--page-size=7")],
    ids=lambda habits: " ".join(habits) or "plain",
)
def test_every_order_reaches_its_end(habits: tuple[str, ...], tmp_path: Path) -> None:
    with mock() as api:
        sold = [*api.make(S.PLACED, 21), *api.make(S.DP_ASSIGNED, 4, location="DEL-02")]
        back, returns = api.make(S.PLACED, 3), api.make(S.RETURN_DP_ASSIGNED, 8)
        aggregate(api, tmp_path, *habits, fates={order.id: "rto" for order in back})

        assert states(api, sold) == {S.DELIVERY_DONE}
        assert states(api, [*back, *returns]) == {S.CREDIT_NOTE_GENERATED}
        # Both end alike; only one of them came by rto_bag_delivered.
        assert all(order.after(E.RTO_BAG_DELIVERED) for order in back)
        tried = E.DELIVERY_ATTEMPT_FAILED
        assert all(order.after(tried) is ("--attempts" in habits) for order in sold)
        assert all(order.after(E.AUTO_DISPATCH) is ("--auto-dispatch" in habits) for order in sold)


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    with mock() as api:
        foreign = [*api.make(S.DP_ASSIGNED, 2, is_self_ship=False), *api.make(S.RETURN_DP_ASSIGNED, 2, locked=True)]
        before = [list(order.history) for order in foreign]
        aggregate(api, tmp_path)

        assert [order.history for order in foreign] == before


@pytest.mark.parametrize(
    "variant",
    [
        "applies_later",
        "all_or_nothing",
        "flaky_reads",
        "small_pages",
        "empty_listing_is_404",
        "errors_are_text",
        "auto_invoicing",
    ],
)
def test_hosts_that_do_things_another_way_are_served_as_well(variant: str, tmp_path: Path) -> None:
    with mock(variants=(variant,)) as api:
        sold, returns = api.make(S.PLACED, 6), api.make(S.RETURN_DP_ASSIGNED, 6)
        aggregate(api, tmp_path)

        assert states(api, sold) == {S.DELIVERY_DONE}
        assert states(api, returns) == {S.CREDIT_NOTE_GENERATED}


def test_a_journal_carries_it_over_a_restart(tmp_path: Path) -> None:
    with mock() as api:
        (order,) = api.make(S.HANDED_OVER_TO_DG)
        (tmp_path / "journal.json").write_text(json.dumps({order.id: 5}), encoding="utf-8")
        aggregate(api, tmp_path, f"--journal={tmp_path / 'journal.json'}")

        assert states(api, [order]) == {S.DELIVERY_DONE}
        assert json.loads((tmp_path / "journal.json").read_text(encoding="utf-8")) == {order.id: 7}


def test_wrong_credentials_are_one_sentence(tmp_path: Path) -> None:
    with mock() as api:
        ended = subprocess.run(
            [sys.executable, str(PROGRAM), f"--host={api.http.base_url}"],
            env={**os.environ, "SELFSHIP_USERNAME": "nobody", "SELFSHIP_PASSWORD": "canary-password"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    assert ended.returncode == 1
    assert "no token for these credentials (401)" in ended.stderr
    assert "canary-password" not in ended.stderr
    assert "Traceback" not in ended.stderr
