"""No write leaves for a host that names an order which the run was not lent; a read-only guard lets none leave."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfship import generated
from selfship.client import Caller, Wire
from selfship.exchanges import Recorder, Redactor
from selfship.flow import Flow
from selfship.guard import ForbiddenWriteError, Guard, made_up, named
from selfship.operations import OPERATIONS, WRITES
from selfship.pace import Pace
from selfship.probing import unknown_id
from selfship.scenario import Scenario, run_scenario
from selfship.tokens import TokenSource
from tests.played import run_on

OURS, THEIRS = "17708318940301766054", "17328629784861446350"
STATUS = OPERATIONS["status"]


def guard(*lent: str) -> Guard:
    found = Guard()
    for order in lent:
        found.lend(order)
    return found


def caller(guard: Guard) -> Caller:
    """One whose requests fail the test where they get as far as the transport."""
    wire = Wire("http://127.0.0.1:9", Recorder(Redactor()), Pace(4), timeout_s=5, guard=guard)
    found = Caller(wire, TokenSource("SELFSHIP_TOKEN", given="tok"), "test")

    class Socket:
        def __getattr__(self, name: str) -> None:
            pytest.fail(f"the request got as far as the connections: {name}")

    wire.connections = Socket()  # type: ignore[assignment] # stands in for the transport
    return found


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("body", [[], [{"orderId": OURS}]], ids=["empty", "lent"])
def test_behind_a_read_only_guard_no_write_reaches_the_socket(operation: str, body: list[object]) -> None:
    reader = Guard(read_only=True)
    reader.lend(OURS)
    flow = caller(reader)

    with pytest.raises(ForbiddenWriteError, match="a part of the kit that only reads"):
        flow.call(operation, body=body)
    assert flow.wire.recorder.exchanges == []


def test_a_read_only_guard_lets_reads_pass() -> None:
    for operation in OPERATIONS.values():
        if operation.name not in WRITES:
            assert Guard(read_only=True).check(operation, b'[{"orderId": "1"}]') == set()


@pytest.mark.parametrize(
    "body",
    [
        [{"orderId": THEIRS}],
        [{"orderId": OURS}, {"orderId": THEIRS}],
        [{"orderId": int(THEIRS)}],
        [{"orderId": float(2**64)}, {"orderId": THEIRS}],
        {"orderId": THEIRS},
        [{"orderId": [THEIRS]}],
        [{"orderId": {"id": THEIRS}}],
        [{"order": {"orderId": THEIRS}}],
        [{"shipment_id": THEIRS}],
    ],
    ids=["alone", "beside", "number", "float", "no-array", "list", "object", "deeper", "shipment"],
)
def test_an_order_that_was_not_lent_is_found_wherever_it_is_named(body: object) -> None:
    with pytest.raises(ForbiddenWriteError, match=THEIRS):
        caller(guard(OURS)).call("status", body=body)


@pytest.mark.parametrize(
    "raw",
    [
        f'[{{"orderId": "{THEIRS}"',
        f'[{{"orderId": "{THEIRS}"}}] trailing',
        f'[{{"orderId": "{OURS}", "orderId": "{THEIRS}"}}]',
        f"orderId: {THEIRS}",
        f'["{THEIRS}',
    ],
    ids=["cut", "trailing", "twice", "no-quotes", "no-key"],
)
def test_an_order_is_found_in_what_is_no_json_too(raw: str) -> None:
    with pytest.raises(ForbiddenWriteError, match=THEIRS):
        caller(guard(OURS)).call("status", raw=raw.encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"[null]", b'["text"]', b'[{"orderId": ""}]', b'[{"orderId": null}]', b'[{"orderId": ', b"\xff\xfe"],
)
def test_what_names_no_order_may_be_sent(content: bytes) -> None:
    assert guard().check(STATUS, content) == set()


def test_what_the_kit_made_up_may_be_named_and_is_nobodys_order() -> None:
    stranger = unknown_id()

    assert guard(OURS).check(STATUS, json.dumps([{"orderId": stranger}, {"orderId": OURS}]).encode()) == {OURS}
    assert named(json.dumps([{"orderId": stranger}]).encode()) == {stranger}
    assert guard().check(STATUS, json.dumps([{"orderId": made_up("a-name-of-ours")}]).encode()) == set()


@pytest.mark.parametrize(("seed", "names"), [(0, tuple(OPERATIONS)), (7, ("status",))], ids=["fixed", "drawn"])
def test_every_generated_request_passes_and_names_only_what_it_was_aimed_at(seed: int, names: tuple[str, ...]) -> None:
    lent = guard(OURS)
    ids: Iterator[str] = itertools.cycle([OURS, unknown_id()])
    for name in names:
        for case in generated.cases(name, seed, "extended", 18):
            assert lent.check(OPERATIONS[name], case.options(ids, {}).get("raw")) <= {OURS}


def test_a_body_that_only_begins_as_json_names_what_the_json_names() -> None:
    item = b'[{"orderId": "17000000000000000001", "awbNumber": "AWB732918970669"}]'

    assert named(item) == named(item + b" trailing") == {"17000000000000000001"}
    assert named(item + b' {"orderId": 170000000000') == {"17000000000000000001", "170000000000"}


def test_a_scenario_that_goes_astray_is_stopped_and_is_the_kits_error(tmp_path: Path) -> None:
    def astray(flow: Flow) -> None:
        flow.write("pack", [{"orderId": THEIRS}])

    with run_on(tmp_path, []) as (run, _):
        before = run.requests
        recording = run_scenario(Scenario("astray", astray, lambda _: (), (), 1, ""), None, Flow(run.host, "astray"))

        assert isinstance(recording.crashed, ForbiddenWriteError)
        assert recording.crashed.exit_status == 3
        assert run.requests == before


def test_a_run_is_lent_what_it_writes_to_and_no_more(tmp_path: Path) -> None:
    with run_on(tmp_path, [("stepwise", None), ("batch_mended", None), ("unknown_orders", None)]) as (run, played):
        assert [one.crashed for one in played] == [None, None, None]
        written = {
            order
            for one in run.exchanges()
            if OPERATIONS[one.operation].writes
            for order in named((one.request_body or "").encode())
        }
        # What nobody has was named as well, and is not among the lent.
        assert set(run.host.supply.leased) < written
