"""A refereed client's run, made by hand as `sample_run` makes those of hosts; and one that the mock was asked about."""

from __future__ import annotations

from selfship import requirements
from selfship.exchanges import curl
from selfship.results import Cause, Evidence, Finding, Reference, RequirementResult, Results
from selfship.verdict import Verdict, of_run
from tests import sample_run
from tests.sample_run import Sample, Wire


def client() -> Sample:
    """A client that sends 21 items, pushes what is refused, and was never put to some tests."""
    wire = Wire()
    many = wire.push("bag_picked", 400, failed=21, items=21)
    again = wire.push("bag_picked", failed=1)
    rows = [
        RequirementResult(
            rule.id, rule.level, rule.group, rule.statement, rule.source, Verdict.PASS, 1,
            evidence=[Evidence(rule.id, "Every request of the session.", (2,))], orders=3, requests=2,
        )
        for rule in requirements.load().values()
        if rule.side == "client"
    ]  # fmt: skip
    broken = Finding("AGG-3", Verdict.FAIL, "A request held 21 items, 20 is the limit.", (many.seq,), curl(many))
    advice = Finding("AGG-12", Verdict.NOT_TESTABLE, "No 429 was met.", advice="Run a scenario with a 429.")
    for row in rows:
        for finding in (broken, advice):
            if row.id == finding.check:
                row.verdict, row.findings, row.evidence = finding.verdict, [finding], []
    results = Results(
        kit={"version": "0.1.0", "requirements_digest": requirements.digest(), "suites_digest": "sha256:" + "5e" * 32},
        run={"id": "referee", "started": "2026-03-02T09:30:00+00:00", "wall_s": 60.5, "requests": 2,
             "narrowed": False, "seed": 0},
        target={"url": sample_run.HOST, "role": "client", "profile": {"partner": "Swift Couriers"}},
        verdict=of_run(((row.level, row.verdict) for row in rows), narrowed=False),
        requirements=rows,
        fix_first=[Cause("AGG-3", "AGG-3", broken.message, 0)],
    )  # fmt: skip
    assert again.seq == 2
    return results, wire.exchanges


def answered_by_the_mock() -> Sample:
    """The run with failures, its first one beside the mock's answer, its second one without."""
    results, exchanges = sample_run.nonconforming()
    (many, *_), (early, *_) = (
        next(row.findings[0].exchanges for row in results.requirements if row.id == rule) for rule in ("LIM-2", "STA-1")
    )
    body = '{"data": {"payload_count": 21, "success_count": 20, "failed_count": 1, "errors": []}}'
    results.reference = [
        Reference(many, 200, "application/json", body),
        Reference(early, unknown="The order was first seen as TRANSIT, which several states may show."),
    ]
    return results, exchanges


ALL = {**sample_run.ALL, "nonconforming": answered_by_the_mock, "client": client}
"""All samples, of hosts and clients."""
