"""A session outlives its referee, partners never meet, and no secret is left behind."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from selfship.cli import cli
from selfship.errors import UsageError
from selfship.referee import plan
from selfship.referee.journal import Journal
from selfship.referee.session import Session, open_folder
from tests.refereed import PARTNERS, PATIENCE_S, Client, judged, refereed

SHORT = """
poll_interval = 0.2
grace = 0.2
[[order]]
expect = "delivered"
count = 2
"""
TWO = SHORT + PARTNERS
SECRETS = {
    "NORTH_USER": "north-user-canary",
    "NORTH_PASSWORD": "north-password-canary",
    "SOUTH_USER": "south-user-canary",
    "SOUTH_PASSWORD": "south-password-canary",
}


def started(folder: Path, *arguments: str, environ: Mapping[str, str] = {}) -> tuple[subprocess.Popen[str], str]:
    """A referee in a process of its own, and its address."""
    command = [sys.executable, "-m", "selfship", "referee", "--port", "0", *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("SELFSHIP_")}
    process = subprocess.Popen(
        command, cwd=folder, env={**own, **environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Referee: http://127.0.0.1:"), line + process.stdout.read()
    return process, line.split()[1]


def scenario(folder: Path, text: str = SHORT) -> str:
    (folder / "short.toml").write_text(text)
    return "./short.toml"


def test_a_session_ends_by_itself_and_leaves_its_files(tmp_path: Path) -> None:
    process, url = started(tmp_path, "--scenario", scenario(tmp_path), "--out", "out")
    client = Client(url)
    for order in client.orders("PROCESSING"):
        client.deliver(order["id"])
    told, _ = process.communicate(timeout=PATIENCE_S)

    # Nothing went wrong in it, so some rules were not put to the test.
    assert process.returncode == 4
    assert "INCOMPLETE" in told
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["target"]["role"] == "client"
    assert {row["id"]: row["verdict"] for row in results["requirements"]}["AGG-10"] == "pass"
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"certificate.html", "results.json", "exchanges.har", "junit.xml"} <= files


def test_a_session_that_was_killed_is_taken_up_where_it_stood(tmp_path: Path) -> None:
    process, url = started(tmp_path, "--scenario", scenario(tmp_path), "--out", "out")
    client = Client(url)
    first, second = (order["id"] for order in client.orders("PROCESSING"))
    client.deliver(first)
    client.status(first, "rto_bag_delivered")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    # As a machine that stops in the middle of a line leaves it.
    journal = next((tmp_path / "out").rglob("calls.jsonl"))
    journal.write_bytes(journal.read_bytes() + b'{"exchange": {"seq"')

    process, url = started(tmp_path, "--session", "out")
    again = Client(url)
    again.token = client.token
    assert [order["id"] for order in again.orders("PROCESSING")] == [second]
    again.deliver(second)
    process.communicate(timeout=PATIENCE_S)

    results = json.loads((tmp_path / "out" / "results.json").read_text())
    verdicts = {row["id"]: row["verdict"] for row in results["requirements"]}
    assert (process.returncode, verdicts["AGG-7"], verdicts["AGG-10"]) == (1, "fail", "pass")
    assert results["run"]["requests"] == 8


def test_ctrl_c_ends_a_session_with_its_certificate(tmp_path: Path) -> None:
    process, url = started(tmp_path, "--scenario", scenario(tmp_path), "--out", "out")
    Client(url).orders("PROCESSING")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 4
    assert (tmp_path / "out" / "certificate.html").exists()


def test_nobody_sees_another_partners_orders(tmp_path: Path) -> None:
    with refereed(TWO, tmp_path, SECRETS) as live:
        north = Client(live.url, SECRETS["NORTH_USER"], SECRETS["NORTH_PASSWORD"])
        south = Client(live.url, SECRETS["SOUTH_USER"], SECRETS["SOUTH_PASSWORD"])
        ours = {order["id"] for order in north.orders("PROCESSING")}
        theirs = {order["id"] for order in south.orders("PROCESSING")}
        one = next(iter(theirs))

        assert ours
        assert theirs
        assert not ours & theirs
        assert north.call("GET", f"/oms/v3/shipment?orderId={one}").status == 404
        assert north.awb(one, auto=True).json["data"]["failed_count"] == 1
        assert {order["id"] for order in south.orders("PROCESSING")} == theirs
        for page in ("", "expected", "seen", "events"):
            assert north.call("GET", f"/_referee/{page}", token=None).status == 403
        assert {order["id"] for order in north.get("/_referee/expected")["orders"]} == ours
        # The foreign id is laid at who sent it, and at nobody else.
        verdicts = [
            {row.id: row.verdict.value for row in live.judged("stopped", each).requirements}["AGG-2"]
            for each in live.session.partners
        ]
        assert verdicts == ["fail", "not_testable"]


def test_no_secret_is_left_in_any_file(tmp_path: Path) -> None:
    with refereed(TWO, tmp_path, SECRETS) as live:
        north = Client(live.url, SECRETS["NORTH_USER"], SECRETS["NORTH_PASSWORD"])
        token = north.log_in()
        north.get(f"/oms/v3/shipment?orderStatus=PROCESSING&token={token}")
        north.call("GET", "/oms/v3/shipment", token=None, headers={"authorization": f"Bearer {token}"})
        north.call("PUT", "/oms/v3/shipment/awb", [{"orderId": token, "remark": SECRETS["NORTH_PASSWORD"]}])
        Client(live.url, SECRETS["NORTH_USER"], "wrong-password-canary").call(
            "GET", f"/aggregator/v1/token?username={SECRETS['NORTH_USER']}&password=wrong-password-canary", token=None
        )
    held = {
        (path.name, secret)
        for path in tmp_path.rglob("*")
        if path.is_file()
        for secret in (*SECRETS.values(), token, "wrong-password-canary")
        if secret.encode() in path.read_bytes()
    }

    assert held == set()


def test_a_token_lives_on_when_the_referee_is_started_again(tmp_path: Path) -> None:
    with judged(SHORT, tmp_path) as live:
        token = live.client().log_in()
    session = Session(open_folder(tmp_path), tmp_path, {}, idle=60)
    try:
        assert session.partners[0].tokens.standing(token) == "good"
        assert session.partners[0].tokens.standing("another") == "unknown"
    finally:
        session.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("poll_interval = ", "is not TOML"),
        ("[[order]]\nexpect = 'delivered'\ncolour = 1", "[[order]] number 1 has no key 'colour'"),
        ("[[order]]\nexpect = 'lost'", "expect = 'lost' cannot be"),
        ("[[order]]\ncount = 2", "must say how it ends"),
        ("[[order]]\nexpect = 'returned'", "only a return is returned"),
        ("[[order]]\nself_ship = false", "gives the client no order"),
        ("[[order]]\nexpect = 'delivered'\n[[fault]]\ndo = 'slow'\non = 'awbs'", "did you mean 'awb'"),
        ("[[order]]\nexpect = 'delivered'\n[[fault]]\non = 'awb'", "has no `do`"),
        ("[[order]]\nexpect = 'delivered'\n[[fault]]\ndo = 'slow'\norder = 5", "orders count from 1"),
        ("[[order]]\nexpect = 'delivered'\nlocation = 'X'", "not in locations"),
        ("rto_acceptance = 'explicit'\ncredit_note = 'auto'\n[[order]]\nexpect = 'rto'", "nobody would accept"),
    ],
)
def test_a_wrong_scenario_is_told_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        plan.read(text, "mine")

    assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", plan.names())
def test_the_scenarios_of_the_kit_are_sound(name: str, tmp_path: Path) -> None:
    assert plan.load(name, tmp_path).name == name


def test_half_of_a_pair_of_credentials_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Set both"):
        Session(plan.read(SHORT, "short"), tmp_path, {"SELFSHIP_USERNAME": "someone"}, idle=60)


def test_each_of_several_partners_gets_its_own_certificate(tmp_path: Path) -> None:
    process, url = started(tmp_path, "--scenario", scenario(tmp_path, TWO), "--out", "out", environ=SECRETS)
    for side in ("NORTH", "SOUTH"):
        client = Client(url, SECRETS[f"{side}_USER"], SECRETS[f"{side}_PASSWORD"])
        for order in client.orders("PROCESSING"):
            client.deliver(order["id"])
            if side == "SOUTH":
                client.status(order["id"], "rto_bag_delivered")
    process.communicate(timeout=PATIENCE_S)

    found = {name: json.loads((tmp_path / "out" / name / "results.json").read_text()) for name in ("north", "south")}
    assert {name: one["verdict"] for name, one in found.items()} == {"north": "incomplete", "south": "nonconforming"}
    assert process.returncode == 1


def test_a_full_disk_ends_the_session_and_is_not_laid_at_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Journal, __: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "add", full)
    with refereed(SHORT, tmp_path) as live:
        said = live.client().call("GET", "/oms/v3/shipment?orderStatus=PROCESSING", token="any")

        assert said.status == 0
        assert isinstance(live.referee.broken, OSError)
        assert live.red() == set()


def test_a_port_that_is_taken_is_told_and_leaves_no_folder(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = CliRunner().invoke(
            cli, ["referee", "--port", port, "--out", str(tmp_path / "out")], standalone_mode=False
        )

    assert isinstance(told.exception, UsageError)
    assert "choose another port" in str(told.exception)
    assert not (tmp_path / "out").exists()


def test_an_idle_client_ends_the_session(tmp_path: Path) -> None:
    process, url = started(tmp_path, "--scenario", scenario(tmp_path), "--out", "out", "--idle", "0.5")
    began = time.monotonic()
    Client(url).orders("PROCESSING")
    process.communicate(timeout=PATIENCE_S)

    assert time.monotonic() - began >= 0.5
    assert process.returncode == 4
