"""The certificate's model: everything that the template shows, already chosen, counted and cut.

Decides what a reader sees and in which words; the template decides only where. Reads the results and the exchanges,
and nothing else, so that a certificate can be made again from a run's folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfship import found_out, frugality, residue
from selfship.certificate import findings, journeys, latency, matrix, reason, sweeps, table
from selfship.certificate.exhibits import Allowance, by_seq
from selfship.certificate.words import RUN_VERDICTS, VERDICTS, Word, count, moment, number, seconds
from selfship.exchanges import Exchange
from selfship.results import Observation, RequirementResult, Residue, Results
from selfship.verdict import Verdict

_CAUSES = 10
_RESIDUE = 200
_SWITCHES = ("edition", "invoicing", "credit_note", "rto_acceptance", "auth")
_NAMES = {"settle": "settle, at most", "settle_seen": "settle, as seen", "name": "profile"}
_UNITS = {"settle": " s", "settle_seen": " s", "timeout": " s", "rate": " requests a second"}


@dataclass(frozen=True)
class Page:
    """All of the certificate, section by section, in the order of the page."""

    results: Results
    verdict: Word
    sentence: str
    footnotes: list[str]
    tally: list[tuple[Word, int]]
    facts: list[tuple[str, str]]
    switches: list[tuple[str, str, bool]]
    to_paste: list[str]
    fix_first: list[tuple[Any, str | None]]
    diagrams: list[journeys.Diagram]
    diagram_words: list[Word]
    grid: matrix.Grid
    limits: list[sweeps.Sweep]
    batches: list[sweeps.Sweep]
    errors: list[findings.Case]
    failures: list[findings.Case]
    warnings: list[findings.Case]
    waived: list[findings.Case]
    blocked: list[findings.Unjudged]
    not_testable: list[findings.Unjudged]
    groups: list[table.Group]
    bars: list[latency.Bar]
    dialect: list[Observation]
    evidence_at: Mapping[int, str]
    residue: list[Residue]
    left_open: int

    @property
    def limit_words(self) -> list[Word]:
        return sweeps.words(self.limits)

    @property
    def batch_words(self) -> list[Word]:
        return sweeps.words(self.batches)


def build(results: Results, exchanges: Sequence[Exchange]) -> Page:
    """The model of one run's certificate."""
    known = by_seq(exchanges)
    words = Allowance(findings.WORDS)
    rows = results.requirements
    failures = findings.cases(rows, Verdict.FAIL, words)
    errors = findings.cases(rows, Verdict.ERROR, words)
    warnings = findings.cases(rows, Verdict.WARN, words)
    waived = findings.cases(rows, Verdict.WAIVED, words)
    cases = [*failures, *errors, *warnings, *waived]
    told = {one.exchange: one for one in results.reference}
    findings.illustrate(cases, known, told, Allowance(findings.EVIDENCE))
    is_host = results.target.get("role", "host") == "host"
    diagrams = journeys.diagrams(matrix.merged(results.matrix), rows, _profile(results)) if is_host else []
    grid = matrix.grid(results.matrix, cases, [row.id for row in rows])
    return Page(
        results=results,
        verdict=RUN_VERDICTS[results.verdict],
        sentence=reason.sentence(results),
        footnotes=reason.footnotes(results),
        tally=_tally(rows),
        facts=_facts(results),
        switches=_switches(results),
        to_paste=found_out.lines(_profile(results)),
        fix_first=[(cause, findings.of_rule(cause.requirement, cases)) for cause in results.fix_first[:_CAUSES]],
        diagrams=diagrams,
        diagram_words=journeys.words(diagrams),
        grid=grid,
        limits=sweeps.sweeps("LIM", rows, cases),
        batches=sweeps.sweeps("BAT", rows, cases),
        errors=errors,
        failures=failures,
        warnings=warnings,
        waived=waived,
        blocked=findings.unjudged(rows, Verdict.BLOCKED),
        not_testable=findings.unjudged(rows, Verdict.NOT_TESTABLE),
        groups=table.groups(rows, cases, grid, known),
        bars=latency.bars(results.latency_ms),
        dialect=results.dialect,
        evidence_at=_evidence_at(cases),
        residue=results.residue[:_RESIDUE],
        left_open=sum(not residue.is_over(row.needs) for row in results.residue),
    )


def _tally(rows: Sequence[RequirementResult]) -> list[tuple[Word, int]]:
    counted = Counter(row.verdict for row in rows)
    return [(VERDICTS[verdict], counted[verdict]) for verdict in Verdict if counted[verdict]]


def _profile(results: Results) -> Mapping[str, object]:
    profile = results.target.get("profile")
    return profile if isinstance(profile, Mapping) else {}


def _facts(results: Results) -> list[tuple[str, str]]:
    run, kit, target = results.run, results.kit, results.target
    role = str(target.get("role", "host"))
    facts = [
        ("Tested", _tested(results)),
        ("Role", {"host": "host: it serves the API", "client": "client: it calls the API"}.get(role, role)),
        ("Started", moment(run.get("started", ""))),
        ("Took", f"{seconds(float(run.get('wall_s', 0)))}, {_effort(run)}"),
        ("Resumed", _resumed(run)),
        ("Pace", " ".join((run.get("pace") or {}).get("said", []))),
        ("Orders", frugality.sentence(run.get("frugality") or {})),
        ("Scope", _scope(run)),
        ("Shards", _shards(run)),
        ("Kit", f"selfship {kit.get('version', '')}"),
        ("Seed", str(run.get("seed", ""))),
        ("Run", str(run.get("id", ""))),
        ("Requirements", str(kit.get("requirements_digest", ""))),
        ("Suites", str(kit.get("suites_digest", ""))),
        ("Kill rate", _kill_rate(kit.get("kill_rate"))),
        ("Kill table", str((kit.get("kill_rate") or {}).get("kill_table", ""))),
    ]
    return [(name, value) for name, value in facts if value]


def _tested(results: Results) -> str:
    """Who was tested: a host by its address, a client by its name at the referee's."""
    url, partner = str(results.target.get("url", "")), _profile(results).get("partner")
    return f"{partner}, as it called {url}" if results.target.get("role") == "client" and partner else url


def _kill_rate(told: Mapping[str, Any] | None) -> str:
    """What the kit's checks are known to catch, or that nobody has measured it."""
    if not told:
        return "not on record for this kit: what its checks catch was not measured"
    when = f"proved on {moment(told['recorded'])}"
    return f"{told['sentence']} ({when}{', with an earlier state of this kit' if told['stale'] else ''})"


def _scope(run: Mapping[str, Any]) -> str:
    if shard := run.get("shard"):
        return f"shard {shard['number']} of {shard['of']}: certifies nothing until it is merged with the others"
    return "narrowed to some checks: certifies nothing" if run.get("narrowed") else "every rule of its side"


def _shards(run: Mapping[str, Any]) -> str:
    """Of a run that was merged from shards: which, and which of them were not there."""
    shards = run.get("shards")
    if not shards:
        return ""
    missing = ", ".join(map(str, shards["missing"]))
    without = f"; without {missing} of {shards['of']}" if missing else ""
    return f"merged from {count(len(shards['runs']), 'run')} side by side{without}"


def _resumed(run: Mapping[str, Any]) -> str:
    told = run.get("resumed")
    if not told:
        return ""
    taken = f"{count(told['scenarios'], 'scenario')} and {count(told['requests'], 'request')}"
    return f"{moment(told['at'])}, from run {told['from']}, with {taken} of it"


def _effort(run: Mapping[str, Any]) -> str:
    requests = count(int(run.get("requests", 0)), "request")
    return f"{requests}, {count(int(run['orders']), 'order')}" if run.get("orders") else requests


def _switches(results: Results) -> list[tuple[str, str, bool]]:
    """Name, value, and whether the run had to find it out."""
    profile = _profile(results)
    detected = profile.get("detected")
    return [
        (
            _NAMES.get(name, name.replace("_", " ")),
            _said(name, value),
            isinstance(detected, Mapping) and name in detected,
        )
        for name, value in profile.items()
        if not isinstance(value, Mapping | list) and (value is not None or name in _SWITCHES)
    ]


def _said(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "rate" and not value:
        return "no limit"
    if isinstance(value, int | float):
        return number(value) + _UNITS.get(name, "")
    return "not known" if value is None else str(value)


def _evidence_at(cases: Sequence[findings.Case]) -> dict[int, str]:
    """Where each exchange is first shown."""
    found: dict[int, str] = {}
    for case in cases:
        for shown in case.shown:
            for one in shown.exhibits:
                found.setdefault(one.seq, findings.anchor(shown.anchor, f"x{one.seq}"))
    return found
