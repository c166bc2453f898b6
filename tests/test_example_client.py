"""The example aggregator, run as a program, brings each order of a host to its end, whatever the host is like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from selfship import paths
from selfship.lifecycle import Event, State
from selfship.mock.order import Order
from tests.mock_host import Api, mock

S, E = State, Event
PROGRAM = paths.CLIENTS / "aggregator.py"
LIMIT_S = 120
Process = subprocess.Popen[bytes]


@contextmanager
def aggregating(api: Api, folder: Path, *options: str, fates: dict[str, str] | None = None) -> Iterator[Process]:
    """The example at work until the block ends. It gives up nothing: how long a slow machine takes is not tested."""
    settings, log = api.host.settings, folder / "log"
    (folder / "fates.json").write_text(json.dumps(fates or {}), encoding="utf-8")
    command = [sys.executable, str(PROGRAM), f"--host={api.http.base_url}", "--poll=0.05", "--tries=10000"]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, "--location=BLR-01", "--location=DEL-02", f"--fates={folder / 'fates.json'}", *options],
            env={**os.environ, "SELFSHIP_USERNAME": settings.username, "SELFSHIP_PASSWORD": settings.password},
            stderr=told,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert settings.password not in log.read_text(encoding="utf-8")


def brought(api: Api, process: Process, wanted: dict[State, Sequence[Order]]) -> None:
    """Waits until each of these orders is in the state that it stands under, or the client has ended."""
    until = time.monotonic() + LIMIT_S
    while any(states(api, orders) != {state} for state, orders in wanted.items()) and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.02)
    assert {state: states(api, orders) for state, orders in wanted.items()} == {state: {state} for state in wanted}


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
        with aggregating(api, tmp_path, *habits, fates={order.id: "rto" for order in back}) as client:
            brought(api, client, {S.DELIVERY_DONE: sold, S.CREDIT_NOTE_GENERATED: [*back, *returns]})

        # Both end alike; only one of them came by rto_bag_delivered.
        assert all(order.after(E.RTO_BAG_DELIVERED) for order in back)
        tried = E.DELIVERY_ATTEMPT_FAILED
        assert all(order.after(tried) is ("--attempts" in habits) for order in sold)
        assert all(order.after(E.AUTO_DISPATCH) is ("--auto-dispatch" in habits) for order in sold)


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    with mock() as api:
        foreign = [*api.make(S.DP_ASSIGNED, 2, is_self_ship=False), *api.make(S.RETURN_DP_ASSIGNED, 2, locked=True)]
        before, ours = [list(order.history) for order in foreign], api.make(S.DP_ASSIGNED)
        with aggregating(api, tmp_path) as client:
            brought(api, client, {S.DELIVERY_DONE: ours})

        assert [order.history for order in foreign] == before


@pytest.mark.parametrize(
    "variant",
    [
        "applies_later",
        "all_or_nothing",
        "flaky_reads",
        "small_pages",
        "empty_listing_is_404",
        "token_as_auth_token",
        "errors_are_text",
        "auto_invoicing",
    ],
)
def test_hosts_that_do_things_another_way_are_served_as_well(variant: str, tmp_path: Path) -> None:
    with mock(variants=(variant,)) as api:
        sold, returns = api.make(S.PLACED, 6), api.make(S.RETURN_DP_ASSIGNED, 6)
        with aggregating(api, tmp_path) as client:
            brought(api, client, {S.DELIVERY_DONE: sold, S.CREDIT_NOTE_GENERATED: returns})


def test_a_journal_carries_it_over_a_restart(tmp_path: Path) -> None:
    with mock() as api:
        (order,) = api.make(S.HANDED_OVER_TO_DG)
        journal = tmp_path / "journal.json"
        journal.write_text(json.dumps({order.id: 5}), encoding="utf-8")
        with aggregating(api, tmp_path, f"--journal={journal}", "--idle=2") as client:
            assert client.wait(LIMIT_S) == 0

        assert states(api, [order]) == {S.DELIVERY_DONE}
        assert json.loads(journal.read_text(encoding="utf-8")) == {order.id: 7}


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
