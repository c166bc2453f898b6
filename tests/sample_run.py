"""Runs as they come out of the kit, made by hand: material for the tests of what is written from results.

Each function gives the results and the exchanges of one run. They share one conforming run, `BASE`-like, in which
findings are then planted, so that a sample differs from another only in what its name says.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from selfship import lifecycle, requirements
from selfship.exchanges import Exchange, curl
from selfship.operations import OPERATIONS
from selfship.results import Cause, Evidence, Finding, MatrixCell, Observation, RequirementResult, Results, Waived
from selfship.verdict import RunVerdict, Verdict, of_run

HOST = "http://127.0.0.1:8080"
ORDER = "17263548191728394857"
Sample = tuple[Results, list[Exchange]]

_OUTCOMES = {"accept": "taken", "refuse": "refused with 400, unchanged", "unchanged": "unchanged", "observe": "taken"}


class Wire:
    """Makes exchanges, numbered from 1."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._numbers = itertools.count(1)

    def send(self, operation: str, body: Any, status: int | None, answer: Any, **fields: Any) -> Exchange:
        entry = OPERATIONS[operation]
        answered = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        number = next(self._numbers)
        exchange = Exchange(
            seq=number,
            started=f"2026-03-02T09:30:{number % 60:02d}.250+00:00",
            scenario=fields.pop("scenario", "forward"),
            step=fields.pop("step", f"{operation} one order"),
            operation=operation,
            method=entry.method,
            url=HOST + entry.path + fields.pop("query", ""),
            request_headers=(("Content-Type", "application/json"), ("x-access-token", "$SELFSHIP_TOKEN")),
            request_body=None if body is None else json.dumps(body),
            status=status,
            response_headers=() if status is None else (("Content-Type", "application/json"), ("Server", "uvicorn")),
            response_body=b"" if status is None else answered,
            elapsed_ms=fields.pop("elapsed_ms", 4.25),
            **fields,
        )
        self.exchanges.append(exchange)
        return exchange

    def push(self, value: str, status: int = 200, *, failed: int = 0, order: str = ORDER, items: int = 1) -> Exchange:
        """PUT /status of `items` orders, `failed` of them counted as failed."""
        body = [{"orderId": f"{int(order) + place}", "orderStatus": value} for place in range(items)]
        data = {"payload_count": items, "success_count": items - failed, "failed_count": failed, "errors": []}
        meta = {"trace_id": "766199ba-df9a-11ef-bc17-6b1b0369fe3a", "time": "2026-03-02T15:00:00+05:30"}
        return self.send("status", body, status, {"data": data, "meta": meta}, step=f"push {value}")


def conforming() -> Sample:
    """A host that keeps every rule that applies to it."""
    wire = Wire()
    for value in ("bag_picked", "out_for_delivery", "delivery_done"):
        wire.push(value)
    wire.send("labels", [{"orderId": ORDER}], 200, b"%PDF-1.7 sample", step="labels of a packed order")
    results = _results(_rows(), wire)
    results.dialect = [
        Observation("LIM-4", "What does an empty array get?", "200, counted 0", (2,)),
        Observation("FWD-8", "Is bag_picked taken straight from dp_assigned?", "refused with 400"),
        Observation("STA-13", "What does the same AWB get a second time?", "200, nothing changes"),
    ]
    return results, wire.exchanges


def nonconforming() -> Sample:
    """Three broken MUST rules, a broken SHOULD, what they block, and something that was not testable."""
    results, exchanges = conforming()
    wire = _continuing(exchanges)
    many = wire.push("bag_picked", items=21)
    read = wire.send(
        "shipment",
        None,
        200,
        [{"id": ORDER, "orderStatus": "TRANSIT", "awbNumber": ["KT-0001"], "courierName": "Kit Courier"}],
        query=f"?orderId={ORDER}&locationCode=BLR-01",
        step="read after the push",
    )
    early = wire.push("delivery_done", order="17263548191728394999")
    dropped = wire.send("dispatch", [{"orderId": ORDER}], None, b"", error="timeout", elapsed_ms=15_000.0)
    _plant(
        results,
        "LIM-2",
        Finding(
            "suites/limits/test_limits.py::test_of_21_items_none_is_lost_silently[status]",
            Verdict.FAIL,
            "21 orders were pushed to bag_picked in one request: all 21 were counted successful and took effect, "
            "expected at most 20.",
            (many.seq, read.seq),
            curl(many),
        ),
    )
    for order in ("17263548191728394999", "17263548191728395000", "17263548191728395001"):
        _plant(
            results,
            "STA-1",
            Finding(
                f"suites/states/test_matrix.py::test_skipped_milestone_is_refused[{order}]",
                Verdict.FAIL,
                f"Order {order} in dp_assigned accepted delivery_done: 200, expected a refusal.",
                (early.seq,),
                curl(early),
            ),
        )
    _plant(
        results,
        "BAT-3",
        Finding(
            "suites/batches/test_errors.py::test_errors_name_their_order",
            Verdict.WARN,
            "A batch with one unknown order answered an error without its orderId.",
            (dropped.seq,),
        ),
    )
    again = wire.push("delivery_reattempt_requested", 400, failed=1)
    _plant(
        results,
        "NDR-2",
        Finding(
            "suites/forward/test_reattempts.py::test_a_failed_attempt_can_be_tried_again",
            Verdict.FAIL,
            f"Order {ORDER} in delivery_attempt_failed refused delivery_reattempt_requested: 400, expected 2xx.",
            (again.seq,),
            curl(again),
        ),
    )
    for rule in ("NDR-3", "DOC-4"):
        _plant(
            results,
            rule,
            Finding("suites/x.py::test_x", Verdict.BLOCKED, f"{rule} needs a reattempt.", blocked_by="NDR-2"),
        )
    _untestable(results, ["AUTH-6"], "Give --other-location and the credentials of a second location.")
    results.fix_first = [
        Cause("NDR-2", "suites/forward/test_reattempts.py", "A failed attempt cannot be tried again.", 2),
        Cause("STA-1", "suites/states/test_matrix.py", "An order in dp_assigned accepts delivery_done.", 0),
        Cause("LIM-2", "suites/limits/test_limits.py", "21 items are accepted in one request.", 0),
    ]
    results.instability = ["GET /oms/v3/shipment was answered 503 twice and repeated."]
    _probed(results, "dp_assigned", ["delivery_done"], Verdict.FAIL, "taken with 200", early.seq)
    failed = "delivery_attempt_failed"
    _probed(results, failed, ["delivery_reattempt_requested"], Verdict.FAIL, "refused with 400", again.seq)
    _probed(results, "delivery_reattempt_requested", [event.value for event in lifecycle.Event], Verdict.BLOCKED, "")
    return _judged(results, wire), wire.exchanges


def incomplete() -> Sample:
    """A host without returns: nothing broken, much not testable."""
    results, exchanges = conforming()
    rules = [row.id for row in results.requirements if row.group in ("RET", "RTO")]
    _untestable(
        results, rules, "Prepare 4 returns in return_dp_assigned, or give --provision a command that makes them."
    )
    results.matrix = [
        replace(cell, verdict=None, observed="", exchanges=())
        if cell.state.startswith(("return_", "rto_")) or cell.state == "credit_note_generated"
        else cell
        for cell in results.matrix
    ]
    return _judged(results, _continuing(exchanges)), exchanges


def waived() -> Sample:
    """One broken MUST, excused."""
    results, exchanges = conforming()
    _plant(
        results,
        "LIM-2",
        Finding(
            "suites/l.py::test_l",
            Verdict.WAIVED,
            "21 items are taken. Waived by A. Rao until 2026-06-30 (OPS-12).",
        ),
    )
    stale = "The waiver of LIM-1 is stale, all that it excused passes now: B. Iyer takes it out."
    results.waivers = [
        Waived("LIM-2", None, "A. Rao", "Until 4.2.", "2026-06-30", "OPS-12", "applied", "1 check is excused."),
        Waived("LIM-1", None, "B. Iyer", "Until 4.1.", "2026-06-30", "OPS-11", "stale", stale),
    ]
    return _judged(results, _continuing(exchanges)), exchanges


def broken_kit() -> Sample:
    """A run in which the kit itself broke."""
    results, exchanges = conforming()
    _plant(results, "TRK-1", Finding("suites/t.py::test_t", Verdict.ERROR, "KeyError: 'shipment_id' in the kit."))
    return _judged(results, _continuing(exchanges)), exchanges


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`{{7*7}}\u202e\x00\ud800"


def hostile() -> Sample:
    """A host that puts script, template code, quotes and control characters wherever it can."""
    results, exchanges = nonconforming()
    wire = _continuing(exchanges)
    sent = wire.send(
        "status", [{"orderId": HOSTILE}], 200, HOSTILE.encode("utf-8", "replace"), query=f"?x={HOSTILE}", step=HOSTILE
    )
    sent = replace(
        sent,
        scenario=HOSTILE,
        request_headers=(("x-access-token", HOSTILE),),
        response_headers=(("Content-Type", HOSTILE), ("Location", "javascript:alert(3)")),
    )
    wire.exchanges[-1] = sent
    _plant(
        results,
        "CON-2",
        Finding(f"suites/x.py::test[{HOSTILE}]", Verdict.FAIL, HOSTILE, (sent.seq,), HOSTILE, HOSTILE, HOSTILE),
    )
    _untestable(results, ["VAL-5"], HOSTILE)
    _plant(results, "VAL-1", Finding(HOSTILE, Verdict.BLOCKED, HOSTILE, blocked_by=HOSTILE))
    row = _row(results, "CON-1")
    row.evidence.append(Evidence(HOSTILE, HOSTILE, (1,)))
    results.dialect.append(Observation(HOSTILE, HOSTILE, HOSTILE))
    results.instability.append(HOSTILE)
    results.fix_first.append(Cause("CON-2", HOSTILE, HOSTILE, 1))
    results.matrix[0] = replace(results.matrix[0], observed=HOSTILE)
    results.latency_ms[HOSTILE] = {"n": 1, "p50": 1.0, "p95": 1.0, "max": 1.0}
    results.target["url"] = f"http://127.0.0.1:8080/{HOSTILE}"
    results.target["profile"][HOSTILE] = HOSTILE
    return _judged(results, wire), wire.exchanges


def many_failures(how_many: int = 400, filler: str = "<&>") -> Sample:
    """`how_many` different failures over all rules, each with six exchanges of large bodies."""
    results, exchanges = conforming()
    wire = _continuing(exchanges)
    rules = [row.id for row in results.requirements if row.level == "MUST"]
    orders = [{"id": f"{number}", "note": filler * 20} for number in range(100)]
    answer = json.dumps(orders).encode()
    for place in range(how_many):
        seen = [wire.send("shipment", orders[:20], 500, answer, step=f"case {place}").seq for _ in range(6)]
        _plant(
            results,
            rules[place % len(rules)],
            Finding(
                f"suites/many.py::test_case[{place}]",
                Verdict.FAIL,
                f"Case {place} of the host answered 500 to a read, expected the order. {filler * 10}",
                tuple(seen),
                curl(wire.exchanges[-1]),
            ),
        )
    return _judged(results, wire), wire.exchanges


def _results(rows: list[RequirementResult], wire: Wire) -> Results:
    results = Results(
        kit={"version": "0.1.0", "requirements_digest": requirements.digest(), "suites_digest": "sha256:" + "5e" * 32},
        run={
            "id": "2026-03-02T09-30-00-127.0.0.1-8080",
            "started": "2026-03-02T09:30:00+00:00",
            "wall_s": 8.4,
            "requests": 1903,
            "narrowed": False,
            "seed": 0,
        },
        target={
            "url": HOST,
            "role": "host",
            "profile": {
                "name": "mock",
                "location": "BLR-01",
                "other_location": None,
                "edition": "extended",
                "invoicing": "manual",
                "credit_note": "manual",
                "rto_acceptance": "explicit",
                "auth": "company",
                "settle": 10.0,
                "rate": 0,
                "page_size": 100,
                "detected": {"edition": "extended", "invoicing": "manual"},
                "settle_seen": 0.25,
            },
        },
        verdict=RunVerdict.CONFORMING,
        requirements=rows,
        matrix=_matrix(),
        latency_ms={
            OPERATIONS[name].label: {"n": 40 + 7 * place, "p50": 2.1 + place, "p95": 6.5 + 2 * place, "max": 31.0}
            for place, name in enumerate(OPERATIONS)
        },
    )
    return _judged(results, wire)


def _rows() -> list[RequirementResult]:
    rows = []
    for place, rule in enumerate(requirements.load().values()):
        if rule.side != "host":
            continue
        observed = rule.level == "OBSERVE"
        row = RequirementResult(
            rule.id,
            rule.level,
            rule.group,
            rule.statement,
            rule.source,
            Verdict.OBSERVED if observed else Verdict.PASS,
            checks=1 + place % 7,
            orders=place % 5,
            requests=3 + place % 23,
        )
        if not observed:
            row.evidence = [
                Evidence(f"suites/{rule.group.lower()}.py::test_{number}", f"Check {number} of {rule.id} held.", (1, 2))
                for number in range(row.checks)
            ]
        rows.append(row)
    return rows


def _matrix() -> list[MatrixCell]:
    verdicts = {"observe": Verdict.OBSERVED}
    untried = {lifecycle.State.BAG_INVOICED, lifecycle.State.RETURN_INITIATED}
    return [
        MatrixCell(
            state.value,
            event.value,
            entry.outcome,
            entry.rule,
            None if state in untried else verdicts.get(entry.outcome, Verdict.PASS),
            "" if state in untried else _OUTCOMES[entry.outcome],
            () if state in untried else (1, 2),
        )
        for state, event, entry in lifecycle.cells()
    ]


def _row(results: Results, rule: str) -> RequirementResult:
    return next(row for row in results.requirements if row.id == rule)


def _plant(results: Results, rule: str, finding: Finding) -> None:
    row = _row(results, rule)
    row.findings.append(finding)
    row.verdict = finding.verdict
    row.checks = max(row.checks, len(row.findings))


def _untestable(results: Results, rules: list[str], advice: str) -> None:
    for rule in rules:
        row = _row(results, rule)
        row.evidence = []
        _plant(
            results, rule, Finding("suites/u.py::test_u", Verdict.NOT_TESTABLE, "No order was there.", advice=advice)
        )


def _probed(results: Results, state: str, events: list[str], verdict: Verdict, observed: str, *seqs: int) -> None:
    results.matrix = [
        replace(cell, verdict=verdict, observed=observed, exchanges=seqs)
        if cell.state == state and cell.event in events
        else cell
        for cell in results.matrix
    ]


def _judged(results: Results, wire: Wire) -> Results:
    results.verdict = of_run(((row.level, row.verdict) for row in results.requirements), narrowed=False)
    results.run["requests"] = max(int(results.run["requests"]), len(wire.exchanges))
    return results


def _continuing(exchanges: list[Exchange]) -> Wire:
    wire = Wire()
    wire.exchanges = exchanges
    wire._numbers = itertools.count(len(exchanges) + 1)
    return wire


ALL: dict[str, Callable[[], Sample]] = {
    "conforming": conforming,
    "nonconforming": nonconforming,
    "incomplete": incomplete,
    "waived": waived,
    "error": broken_kit,
    "hostile": hostile,
    "many": many_failures,
}
