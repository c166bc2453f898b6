"""The mock's orders outlive it, and its operator can make them; the command serves until it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from selfship.errors import UsageError
from selfship.lifecycle import Event, State
from selfship.mock.operator import HEADER, SECRET_VARIABLE
from selfship.mock.serve import build, running_app, serve
from selfship.mock.settings import MockSettings
from selfship.mock.store import Store
from tests.mock_host import Api, mock

S, E = State, Event
SERVE = """
import sys
from pathlib import Path
from selfship.mock.serve import serve
from selfship.mock.settings import MockSettings
serve(MockSettings(settle=float(sys.argv[2])), state=Path(sys.argv[1]), population="scarce",
      announce=lambda url: print(url, flush=True))
"""


class Served:
    """A mock in a process of its own."""

    def __init__(self, state: Path, settle: float = 0.0) -> None:
        command = [sys.executable, "-c", SERVE, str(state), str(settle)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.http = httpx.Client(base_url=self.url, trust_env=False)
        query = {"username": MockSettings.username, "password": MockSettings.password}
        self.http.headers["x-access-token"] = self.http.get("/aggregator/v1/token", params=query).json()["access_token"]

    def listed(self, status: str) -> list[dict[str, object]]:
        found = self.http.get("/oms/v3/shipment", params={"orderStatus": status, "locationCode": "BLR-01"})
        orders: list[dict[str, object]] = found.json()
        return orders

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Exit status and what it wrote to standard error."""
        self.http.close()
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


def test_orders_survive_a_kill_and_a_restart(tmp_path: Path) -> None:
    first = Served(tmp_path / "orders.db")
    order = first.listed("PROCESSING")[0]["id"]
    item = {"orderId": order, "awbNumber": "A-1", "courierName": "C", "autoDispatch": True}
    assert first.http.put("/oms/v3/shipment/awb", json=[item]).json()["data"]["success_count"] == 1
    first.stop(signal.SIGKILL)

    second = Served(tmp_path / "orders.db")
    try:
        (shown,) = second.http.get("/oms/v3/shipment", params={"orderId": str(order)}).json()
        assert (shown["orderStatus"], shown["awbNumber"]) == ("TRANSIT", ["A-1"])
        assert len(second.listed("PROCESSING")) == 2
        track = second.http.post("/oms/v3/shipment/track", json={"awb_number": "A-1"}).json()
        assert track["data"]["shipment_id"] == order
    finally:
        assert second.stop(signal.SIGTERM) == (0, "")


def test_a_change_that_waits_survives_a_restart(tmp_path: Path) -> None:
    first = Served(tmp_path / "orders.db", settle=0.6)
    order = first.listed("PROCESSING")[0]["id"]
    item = {"orderId": order, "awbNumber": "A-1", "courierName": "C", "autoDispatch": True}
    first.http.put("/oms/v3/shipment/awb", json=[item])
    assert len(first.listed("TRANSIT")) == 0
    first.stop(signal.SIGKILL)

    second = Served(tmp_path / "orders.db", settle=0.6)
    try:
        deadline = time.monotonic() + 5
        while not second.listed("TRANSIT") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [shown["id"] for shown in second.listed("TRANSIT")] == [order]
    finally:
        second.stop(signal.SIGTERM)


def test_a_state_file_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    wrong = tmp_path / "orders.db"
    wrong.write_text("this is not a database, and long enough to be seen as such" * 20)

    with pytest.raises(UsageError, match=r"orders\.db"):
        Store(MockSettings(), wrong)


def test_a_taken_port_is_a_usage_error() -> None:
    with mock() as api, pytest.raises(UsageError, match="choose another port"):
        serve(MockSettings(), port=int(str(api.http.base_url).rstrip("/").rsplit(":", 1)[1]), population="empty")


def test_unknown_names_are_usage_errors_that_help() -> None:
    with pytest.raises(UsageError, match="awb_takes_21"):
        build(MockSettings(faults=("awb_take_21",)), population="empty")
    with pytest.raises(UsageError, match="scarce"):
        build(MockSettings(), population="nowhere")


def test_the_operator_makes_shows_and_empties(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "s3cret")
    host = build(MockSettings(), population="empty")
    with running_app(host) as url:
        api = Api(host, url)
        try:
            assert api.http.post("/_operator/orders", json={"state": "placed"}).status_code == 401
            api.http.headers[HEADER] = "s3cret"
            wanted = {"state": "credit_note_generated", "journey": "return", "count": 2, "location": "DEL-02"}
            made = api.http.post("/_operator/orders", json=wanted)
            assert made.status_code == 201
            ids = made.json()["orders"]
            order = api.http.get(f"/_operator/orders/{ids[1]}").json()
            assert (order["state"], order["is_return"], order["location"]) == ("credit_note_generated", True, "DEL-02")
            assert [step[1] for step in order["history"]] == [
                "awb",
                "return_bag_in_transit",
                "return_bag_delivered",
                "accept_return",
                "credit_note",
                "made",
            ]
            for wrong in ({}, {"state": "nowhere"}, {"state": "placed", "count": 0}, {"state": "placed", "colour": 1}):
                assert api.http.post("/_operator/orders", json=wrong).status_code == 400, wrong
            assert api.http.delete("/_operator/orders").status_code == 200
            assert api.http.get(f"/_operator/orders/{ids[1]}").status_code == 404
        finally:
            api.http.close()


def test_without_a_secret_there_is_no_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    assert SECRET_VARIABLE not in os.environ
    with mock() as api:
        answer = api.http.post("/_operator/orders", json={"state": "placed"}, headers={HEADER: ""})
        assert answer.status_code == 404
