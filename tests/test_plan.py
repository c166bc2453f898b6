"""`selfship plan` says beforehand, figure for figure, what a run will be able to judge; and it only reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selfship.mock.null import NULL_HOSTS
from selfship.mock.population import population
from selfship.mock.serve import build, running_app
from selfship.mock.settings import MockSettings
from selfship.operations import OPERATIONS
from tests.test_cli import selfship, sentence

WRITES = {operation.path for operation in OPERATIONS.values() if operation.writes}
KNOWN = MockSettings(username="demo", password="demo-pass", other_username="other", other_password="other-pass")
SECRETS = {"SELFSHIP_USERNAME": "demo", "SELFSHIP_PASSWORD": "demo-pass"}


@contextmanager
def listening(settings: MockSettings = KNOWN, orders: str = "scarce") -> Iterator[tuple[str, list[str]]]:
    """A mock, and the paths of the requests that it was sent."""
    asked: list[str] = []
    host = build(settings, population=orders)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await host(scope, receive, send)

    try:
        with running_app(app) as url:
            yield url, asked
    finally:
        host.store.close()


def planned(url: str, *more: str, cwd: Path, **environ: str) -> dict[str, Any]:
    ended = selfship("plan", "--host", url, "--location", "BLR-01", "--json", *more, cwd=cwd, **{**SECRETS, **environ})
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@dataclass(frozen=True)
class Planned:
    """A host, the paths of what it was asked for a plan, the plan, and the folder in which it was made."""

    url: str
    asked: tuple[str, ...]
    plan: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def scarce(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    """The plan for a host of few orders, which listens on."""
    folder = tmp_path_factory.mktemp("scarce")
    with listening() as (url, asked):
        plan = planned(url, cwd=folder)
        yield Planned(url, tuple(asked), plan, folder)


def test_a_plan_writes_nothing_to_the_host_and_nothing_here(scarce: Planned) -> None:
    assert WRITES.isdisjoint(scarce.asked)
    assert list(scarce.folder.iterdir()) == []


def test_the_plan_says_figure_for_figure_what_the_run_then_finds(scarce: Planned, tmp_path: Path) -> None:
    plan = scarce.plan
    ended = selfship(
        "certify", "--host", scarce.url, "--location", "BLR-01", "--out", "run", "--quiet", cwd=tmp_path, **SECRETS
    )
    found = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))

    assert ended.returncode == 4, ended.stdout
    assert plan["verdict"] == found["verdict"] == "incomplete"
    assert {row["id"]: row["verdict"] for row in plan["requirements"]} == {
        row["id"]: row["verdict"] for row in found["requirements"]
    }
    assert plan["cost"]["orders"] == found["run"]["orders"]
    # About: a host may be a little quicker or slower to show what it did.
    assert plan["cost"]["requests"] == pytest.approx(found["run"]["requests"], rel=0.1)
    judged = [row for row in found["requirements"] if row["level"] == "MUST" and row["verdict"] == "pass"]
    assert plan["counts"]["MUST"]["judged"] == len(judged) > 20


def test_with_the_orders_that_the_plan_asks_for_nothing_that_orders_can_mend_is_lacking(
    scarce: Planned, tmp_path: Path
) -> None:
    asked = scarce.plan["ask"]
    rows = [
        {"state": "dp_assigned", "count": 3},
        {"state": "return_dp_assigned", "count": 2},
        *_prepared(asked["orders"]),
    ]
    prepared = tmp_path / "prepared.toml"
    prepared.write_text("orders = [\n" + "".join(f"  {_toml(row)},\n" for row in rows) + "]\n", encoding="utf-8")

    with listening(orders=str(prepared)) as (url, _):
        plan = planned(
            url, "--other-location", "DEL-02", cwd=tmp_path,
            SELFSHIP_OTHER_USERNAME="other", SELFSHIP_OTHER_PASSWORD="other-pass",
        )  # fmt: skip

    lacking = [gap for gap in plan["gaps"] if "other location" not in gap["kind"]]
    assert lacking == []
    # Of another location nobody was asked for orders.
    assert [row["id"] for row in plan["requirements"] if row["verdict"] == "not_testable"] == ["FET-13"]
    assert "is_self_ship = true at location BLR-01" in asked["text"]


def _prepared(wishes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The orders of the plan's list, as an owner would make them."""
    for wish in wishes:
        row = {"state": wish["state"], "count": wish["count"], "is_self_ship": wish["self_ship"]}
        yield {**row, "lines": 1 + wish["divisible"], "quantity": 1}


def _toml(row: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in row.items()) + " }"


def test_only_what_may_be_touched_counts(tmp_path: Path) -> None:
    channel = population("scarce")[0].channel

    with listening() as (url, _):
        plan = planned(url, "--touch", f"channel:{channel}", "-k", "test_pack", cwd=tmp_path)

    stock = {row["state"]: row for row in plan["stock"] if not row["kind"]}
    assert stock["dp_assigned"]["found"] == 3
    assert stock["dp_assigned"]["forbidden"] == 2
    assert plan["cost"]["orders"] <= 2


def test_what_cannot_be_judged_at_all_is_said_in_a_sentence(tmp_path: Path) -> None:
    with running_app(NULL_HOSTS["echo"]) as url:
        ended = selfship("plan", "--host", url, cwd=tmp_path, SELFSHIP_TOKEN="tok-4711")

    assert ended.returncode in (1, 2)
    assert "tok-4711" not in ended.stdout + ended.stderr


def test_a_plan_needs_credentials_and_a_host_that_answers_and_no_permission(tmp_path: Path) -> None:
    assert "No credentials" in sentence(selfship("plan", "--host", "https://konnect.example.com", cwd=tmp_path))

    two = selfship("plan", "--profile", "fynd", "--profile", "ginesys", cwd=tmp_path)
    assert "A plan is for one host" in sentence(two)
    ended = selfship("plan", "--host", "http://127.0.0.1:9", cwd=tmp_path, **SECRETS)

    assert ended.returncode == 2
    assert "cannot be reached" in sentence(ended)


def test_the_plan_on_a_screen_has_the_figures_and_the_list_to_send(tmp_path: Path) -> None:
    with listening() as (url, _):
        ended = selfship(
            "plan", "--host", url, "--location", "BLR-01", "--suite", "journeys", "--rate", "5", cwd=tmp_path, **SECRETS
        )

    assert ended.returncode == 0
    assert f"Plan for {url}; nothing was written there" in ended.stdout
    assert "its time hangs on the rate of 5 requests a second" in ended.stdout
    assert "To send to the host's owner:" in ended.stdout
    assert f"Please prepare on {url}" in ended.stdout
