"""Every order that a run writes to is in its ledger before the write leaves, with what it needs to be put right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfship import certificate, ledger, residue
from selfship.exchanges import Exchange
from selfship.guard import Guard, named
from selfship.ledger import Ledger
from selfship.operations import OPERATIONS
from selfship.residue import Shown
from selfship.results import Residue
from tests.played import run_on
from tests.test_guard import caller
from tests.test_results_schema import a_run

ID = "17708318940301766054"
AWB, PACK = OPERATIONS["awb"].label, OPERATIONS["pack"].label


def read_of(status: str, *awbs: str, order: str = ID) -> Exchange:
    """A read by id that shows the order so."""
    body = json.dumps([{"id": order, "orderStatus": status, "awbNumber": list(awbs), "journeyType": "forward"}])
    return Exchange(1, "", "s", "", "shipment", "GET", "http://h/oms/v3/shipment", (), None, 200, (), body.encode(), 1)


Opened = Callable[..., Ledger]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Ledgers that are closed when the test has ended."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(closing(Ledger(*arguments)))


def lines(folder: Path) -> list[dict[str, Any]]:
    return ledger.lines(folder / ledger.FILE)


def test_a_write_is_on_disk_before_it_leaves(tmp_path: Path, opened: Opened) -> None:
    guard = Guard()
    guard.lend(ID)
    flow = caller(guard)
    flow.wire.ledger = opened(tmp_path / ledger.FILE)

    with pytest.raises(pytest.fail.Exception, match="got as far as the connections"):
        flow.call("pack", body=[{"orderId": ID}], step="pack")

    (line,) = lines(tmp_path)
    assert (line["order"], line["write"], line["scenario"], line["step"]) == (ID, PACK, "test", "pack")


def test_a_write_that_cannot_be_put_down_is_not_sent(opened: Opened) -> None:
    guard = Guard()
    guard.lend(ID)
    flow = caller(guard)
    flow.wire.ledger = opened(None)
    flow.wire.ledger._path = Path("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        flow.call("pack", body=[{"orderId": ID}])


def test_a_killed_runs_file_says_how_each_order_was_and_is(tmp_path: Path, opened: Opened) -> None:
    kept = opened(tmp_path / ledger.FILE)
    kept.saw(read_of("PROCESSING"))
    kept.writing([ID], AWB, "stepwise", "awb")
    kept.saw(read_of("PROCESSING", "SSX1"))
    kept.saw(read_of("PROCESSING", "SSX1"))
    # Killed here: nothing is closed, and the last line may be cut.
    with (tmp_path / ledger.FILE).open("a", encoding="utf-8") as file:
        file.write('{"order": "177')

    written, seen = lines(tmp_path)

    assert written["shown"] == {"status": "PROCESSING", "awbs": [], "courier": None, "journey": "forward"}
    assert seen["shown"]["awbs"] == ["SSX1"]
    assert seen["needs"] == (
        "it is in dp_assigned with AWB SSX1: pack it, dispatch it, push bag_picked, push delivery_done; or try to "
        "cancel it"
    )


def test_a_run_that_goes_on_keeps_what_was_written_before(tmp_path: Path, opened: Opened) -> None:
    first = opened(tmp_path / ledger.FILE)
    first.saw(read_of("CREATED"))
    first.writing([ID], PACK, "one", "pack")
    first.saw(read_of("CONFIRMED"))

    second = opened(tmp_path / ledger.FILE)
    second.writing([ID], PACK, "two", "pack")
    second.saw(read_of("CANCELLED"))

    (row,) = second.rows()
    assert row.before is not None
    assert row.after is not None
    assert (row.before["status"], row.after["status"]) == ("CREATED", "CANCELLED")
    assert (row.scenarios, row.writes, row.needs) == (("one", "two"), {PACK: 2}, residue.ENDED)


def test_a_run_that_resumes_another_tells_what_that_left_behind_as_well(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = opened(tmp_path / "first" / ledger.FILE)
    first.saw(read_of("PROCESSING"))
    first.writing([ID], PACK, "one", "pack")

    second = opened(tmp_path / "second" / ledger.FILE, str, tmp_path / "first")
    second.saw(read_of("COMPLETED"))

    (row,) = second.rows()
    assert row.after is not None
    assert row.after["status"] == "COMPLETED"
    assert len(lines(tmp_path / "second")) == len(lines(tmp_path / "first")) + 1


def test_what_was_not_read_after_its_last_write_is_said() -> None:
    kept = Ledger(None)
    kept.saw(read_of("PROCESSING"))
    kept.writing([ID], AWB, "stepwise", "awb")
    kept.saw(read_of("COMPLETED", "A"))
    kept.writing([ID], PACK, "stepwise", "dispatch")

    assert kept.rows()[0].needs.endswith("(it was not read after the last write)")


def test_an_order_that_was_only_read_is_no_residue() -> None:
    kept = Ledger(None)
    kept.saw(read_of("PROCESSING"))

    assert kept.rows() == []


def test_a_secret_that_a_host_echoes_is_not_in_the_file(tmp_path: Path, opened: Opened) -> None:
    kept = opened(tmp_path / ledger.FILE, lambda text: text.replace("hush-4711", "$SELFSHIP_TOKEN"))
    kept.writing([ID], AWB, "stepwise", "awb")
    kept.saw(read_of("hush-4711", "hush-4711"))

    text = (tmp_path / ledger.FILE).read_text(encoding="utf-8")
    assert "hush-4711" not in text
    assert "$SELFSHIP_TOKEN" in text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Shown("CREATED"), Shown("CREATED"), residue.AS_FOUND),
        (Shown("PROCESSING"), Shown("DELIVERED"), residue.ENDED),
        (Shown("CREATED"), Shown("CANCELLED"), residue.ENDED),
        (Shown("CREATED"), Shown("CONFIRMED"), "it is in bag_confirmed: invoice it,"),
        # These states look alike, so nothing proves that it is as it was.
        (Shown("TRANSIT"), Shown("TRANSIT"), "it is in bag_picked or out_for_delivery or"),
        (
            Shown("RETURN_PROCESSING", journey="return"),
            Shown("RETURN_DELIVERED", ("R1",), journey="return"),
            "it is in return_bag_delivered with AWB R1: accept it by POST /return, make its credit note",
        ),
        (
            Shown("PROCESSING"),
            Shown("RETURN_DELIVERED", journey="forward"),
            "it is in rto_bag_delivered: accept it by POST /return, make its credit note",
        ),
        (Shown("PROCESSING"), Shown("LOST"), "look at it: LOST is no status that the documents know"),
        (Shown("PROCESSING"), None, "look at it: it was written to and never read"),
    ],
)
def test_what_an_order_needs_follows_from_the_table(before: Shown, after: Shown | None, said: str) -> None:
    needed = residue.needs(before, after)

    assert needed.startswith(said)
    assert residue.is_over(needed) == said.startswith("nothing")


def test_a_run_accounts_for_every_order_that_it_wrote_to(tmp_path: Path) -> None:
    with run_on(tmp_path, [("delivered", None), ("awb_again", None), ("return_journey", None)]) as (run, _):
        assert run.ledger is not None
        rows = {row.order: row for row in run.ledger.rows()}
        written = {
            order
            for one in run.exchanges()
            if OPERATIONS[one.operation].writes
            for order in named((one.request_body or "").encode())
        }
        assert set(rows) == written
        by_scenario = {row.scenarios: row for row in rows.values()}
        assert by_scenario["delivered",].needs == residue.ENDED
        assert by_scenario["delivered",].writes[PACK] == 1
        assert by_scenario["return_journey",].needs == residue.ENDED
        assert by_scenario["awb_again",].before != by_scenario["awb_again",].after
        assert {line["order"] for line in lines(tmp_path)} == written


def test_a_lean_run_keeps_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFSHIP_LEAN", "1")
    with run_on(tmp_path, []) as (run, _):
        assert run.ledger is None
    assert not (tmp_path / ledger.FILE).exists()


def test_the_certificate_has_a_table_of_what_was_left_behind() -> None:
    page = certificate.render(a_run(), [])

    assert "What the run left behind" in page
    assert "It wrote to 2 orders; 2 of them are not at an end." in " ".join(page.split())
    assert "PROCESSING, AWB AWB1" in page
    assert 'id="residue"' not in certificate.render(replace(a_run(), residue=[]), [])


def test_a_long_residue_is_cut_on_the_page() -> None:
    many = [Residue(str(n), None, None, ("auto",), {AWB: 1}, "look at it") for n in range(250)]

    assert "50 more orders in results.json" in certificate.render(replace(a_run(), residue=many), [])
