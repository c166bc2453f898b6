"""`contracts/results.schema.json` takes what a run writes and nothing else."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any, get_args

import jsonschema
import jsonschema_rs
import pytest

from selfship import lifecycle, paths, results, verdict
from selfship.results import (
    Cause,
    Evidence,
    Finding,
    MatrixCell,
    Observation,
    Reference,
    RequirementResult,
    Residue,
    Results,
    Waived,
)
from selfship.verdict import RunVerdict, Verdict

SCHEMA: dict[str, Any] = json.loads(paths.RESULTS_SCHEMA.read_text("utf-8"))
VALID = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
SECOND_OPINION = jsonschema.Draft202012Validator(SCHEMA)
DIGEST = "sha256:" + "0" * 64


SHOWN: dict[str, Any] = {"status": "PROCESSING", "awbs": [], "courier": None, "journey": "forward"}


def a_run() -> Results:
    """A run with at least one of everything."""
    blocked = Finding("suites/test_a.py::test_b", Verdict.BLOCKED, "The pack was refused.", blocked_by="FWD-4")
    failed = Finding(
        "suites/test_a.py::test_c[status]",
        Verdict.FAIL,
        "21 took effect.",
        (412, 413),
        "curl -i …",
        stability="flaky 1 of 3",
    )
    untestable = Finding("suites/test_d.py::test_e", Verdict.NOT_TESTABLE, "No return.", advice="Prepare a return.")
    shown = Evidence("suites/test_a.py::test_f", "Pack moves dp_assigned to bag_packed", (7,))
    return Results(
        kit={"version": "0.1.0", "requirements_digest": DIGEST, "suites_digest": DIGEST},
        run={
            "id": "20260131-1143",
            "started": "2026-01-31T11:43:18.672+05:30",
            "wall_s": 3.5,
            "requests": 1200,
            "narrowed": False,
            "seed": 0,
        },
        target={
            "url": "http://127.0.0.1:8080",
            "role": "host",
            "profile": {"edition": "strict", "anything": ["goes"]},
        },
        verdict=RunVerdict.NONCONFORMING,
        requirements=[
            RequirementResult("FWD-4", "MUST", "FWD", "Pack packs.", "POST Order Pack", Verdict.PASS, 1, [], [shown]),
            RequirementResult("LIM-2", "MUST", "LIM", "Never 21.", "API index", Verdict.FAIL, 3, [failed, blocked]),
            RequirementResult("RET-1", "MUST", "RET", "AWB.", "Guide", Verdict.NOT_TESTABLE, 1, [untestable]),
        ],
        dialect=[Observation("LIM-4", "What does an empty list get?", "400", (9,))],
        latency_ms={"PUT /oms/v3/shipment/status": {"n": 2, "p50": 1.5, "p95": 2.0, "max": 2.0}},
        matrix=[
            MatrixCell("placed", "pack", "refuse", "STA-8", Verdict.PASS, "400", (3,)),
            MatrixCell("placed", "credit_note", "observe", None, None),
        ],
        fix_first=[Cause("LIM-2", "suites/test_a.py::test_c[status]", "21 took effect.", 4)],
        instability=["GET /oms/v3/shipment answered 502 once."],
        summary="One thing to mend.",
        residue=[
            Residue(
                "17", SHOWN, {**SHOWN, "awbs": ["AWB1"]}, ("stepwise",), {"PUT /oms/v3/shipment/awb": 2}, "pack it"
            ),
            Residue("18", None, None, ("auto",), {"PUT /oms/v3/shipment/awb": 1}, "look at it"),
        ],
        waivers=[Waived("LIM-2", None, "A. Rao", "Until 4.2.", "2026-12-31", "OPS-12", "applied", "1 check.", ("x",))],
    )


def written(run: Results) -> Any:
    """The run as its file holds it."""
    return json.loads(json.dumps(run.to_json()))


def test_a_whole_run_fits() -> None:
    VALID.validate(written(a_run()))
    SECOND_OPINION.validate(written(a_run()))


def test_what_is_read_is_what_was_written() -> None:
    assert Results.from_json(written(a_run())) == a_run()


def test_results_of_an_earlier_kit_can_be_read() -> None:
    earlier = written(a_run())
    del earlier["waivers"]

    assert Results.from_json(earlier).waivers == []


def test_an_empty_run_fits() -> None:
    run = a_run()
    empty = Results(run.kit, run.run, {**run.target, "profile": {}}, RunVerdict.INCOMPLETE, [])

    VALID.validate(written(empty))


Change = Callable[[dict[str, Any]], Any]

BROKEN: dict[str, Change] = {
    "another schema": lambda r: r.update(schema="selfship-results/2"),
    "unknown member": lambda r: r.update(extra=1),
    "no verdict": lambda r: r.pop("verdict"),
    "a check's verdict on the run": lambda r: r.update(verdict="pass"),
    "unknown verdict": lambda r: r["requirements"][0].update(verdict="passed"),
    "unknown level": lambda r: r["requirements"][0].update(level="MAY"),
    "pass without a check": lambda r: r["requirements"][0].update(checks=0),
    "negative count": lambda r: r["requirements"][0].update(orders=-1),
    "unknown field of a requirement": lambda r: r["requirements"][0].update(notes=""),
    "id of no rule": lambda r: r["requirements"][0].update(id="FWD"),
    "finding that passed": lambda r: r["requirements"][1]["findings"][0].update(verdict="pass"),
    "blocked by nothing": lambda r: r["requirements"][1]["findings"][1].update(blocked_by=None),
    "finding without words": lambda r: r["requirements"][1]["findings"][0].update(message=""),
    "exchange number 0": lambda r: r["requirements"][1]["findings"][0].update(exchanges=[0]),
    "unknown field of a finding": lambda r: r["requirements"][1]["findings"][0].update(hint=""),
    "unknown stability": lambda r: r["requirements"][1]["findings"][0].update(stability="sometimes"),
    "unknown field of evidence": lambda r: r["requirements"][0]["evidence"][0].update(verdict="pass"),
    "unknown field of the dialect": lambda r: r["dialect"][0].update(level="SHOULD"),
    "unknown outcome of a cell": lambda r: r["matrix"][0].update(expected="allow"),
    "cause without a rule": lambda r: r["fix_first"][0].update(requirement=None),
    "latency of no operation": lambda r: r["latency_ms"].update(all={"n": 1, "p50": 1, "p95": 1, "max": 1}),
    "latency without a number": lambda r: r["latency_ms"]["PUT /oms/v3/shipment/status"].pop("p95"),
    "time without offset": lambda r: r["run"].update(started="2026-01-31T11:43:18"),
    "digest cut short": lambda r: r["kit"].update(requirements_digest="sha256:0"),
    "waiver without an owner": lambda r: r["waivers"][0].pop("owner"),
    "waiver that nobody knows the state of": lambda r: r["waivers"][0].update(status="fine"),
    "waiver until some day": lambda r: r["waivers"][0].update(expires="soon"),
    "residue of no write": lambda r: r["residue"][0].update(writes={}),
    "residue without a face": lambda r: r["residue"][0]["before"].pop("awbs"),
    "residue that needs no word": lambda r: r["residue"][1].update(needs=""),
    "unknown role": lambda r: r["target"].update(role="referee"),
    "unknown edition": lambda r: r["target"]["profile"].update(edition="default"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_broken_results_do_not_fit(change: Change) -> None:
    broken = copy.deepcopy(written(a_run()))
    change(broken)

    assert not VALID.is_valid(broken)


def test_the_schema_knows_every_verdict() -> None:
    assert SCHEMA["$defs"]["verdict"]["enum"] == [v.value for v in Verdict]
    assert set(SCHEMA["properties"]["verdict"]["enum"]) == {v.value for v in RunVerdict}
    assert set(SCHEMA["$defs"]["requirement"]["properties"]["level"]["enum"]) == set(get_args(verdict.Level))
    assert set(SCHEMA["$defs"]["cell"]["properties"]["expected"]["enum"]) == set(get_args(lifecycle.Outcome))
    assert SCHEMA["properties"]["schema"]["const"] == results.SCHEMA


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("requirement", RequirementResult),
        ("finding", Finding),
        ("evidence", Evidence),
        ("observation", Observation),
        ("cell", MatrixCell),
        ("cause", Cause),
        ("waiver", Waived),
        ("reference", Reference),
    ],
)
def test_each_object_has_exactly_the_fields_of_its_class(name: str, kind: type[Any]) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}

    assert fields == set(SCHEMA["$defs"][name]["properties"])
    assert fields == set(SCHEMA["$defs"][name]["required"])
    assert SCHEMA["$defs"][name]["additionalProperties"] is False


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
