"""What a run found, as data: every report is made from this and from the exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self, TypeVar

from selfship.verdict import Level, RunVerdict, Verdict

SCHEMA = "selfship-results/1"
NO_CHECK = "none"
"""In place of a check's id: none of the requirement was selected."""
T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """One check that did not simply pass.

    `message`: one sentence, who did what and what was expected. `exchanges`: numbers of the evidence, the telling one
    first. `blocked_by`: the requirement, or the check, whose failure kept this one from being judged.
    `advice`: what would make an untestable check testable. `stability` of a failing check that was tried again:
    `deterministic`, `flaky 1 of 3` or `late by 0.4 s`.
    """

    check: str
    verdict: Verdict
    message: str
    exchanges: tuple[int, ...] = ()
    curl: str | None = None
    blocked_by: str | None = None
    advice: str | None = None
    stability: str | None = None


@dataclass(frozen=True)
class Evidence:
    """One check that passed: its claim, and the exchanges that show it."""

    check: str
    title: str
    exchanges: tuple[int, ...] = ()


@dataclass
class RequirementResult:
    """One row of the certificate's table. `checks` counts the checks that exist, whatever became of them."""

    id: str
    level: Level
    group: str
    statement: str
    source: str
    verdict: Verdict
    checks: int = 0
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    orders: int = 0
    requests: int = 0


@dataclass(frozen=True)
class Observation:
    """A row of the dialect: what the documents leave open, and how this host answered."""

    id: str
    question: str
    observed: str
    exchanges: tuple[int, ...] = ()


@dataclass(frozen=True)
class MatrixCell:
    """One state × event of the picture. `expected` is the lifecycle table's outcome; `verdict` None: not probed."""

    state: str
    event: str
    expected: str
    rule: str | None
    verdict: Verdict | None
    observed: str = ""
    exchanges: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cause:
    """A failure that explains others: what to mend first. `unlocks`: how many checks rest on it."""

    requirement: str
    check: str
    message: str
    unlocks: int


@dataclass(frozen=True)
class Waived:
    """A waiver of this run, and what came of it.

    `requirement` or `check`: what it names; a check's `*` stands for anything. `expires`: its last day, ISO.
    `status`: `applied`; `expired` or `stale`, which fail the gate; `untried` where nothing it names was judged.
    `covers`: the checks that it excuses here. `words`: the same for people.
    """

    requirement: str | None
    check: str | None
    owner: str
    reason: str
    expires: str
    ticket: str
    status: str
    words: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """What the kit's own mock answers to the request of `exchange`, after the same calls; else `unknown` says why not.

    `media_type` and `body` are those of its answer, the host's names of orders in place of its own.
    """

    exchange: int
    status: int | None = None
    media_type: str = ""
    body: str = ""
    unknown: str | None = None


@dataclass(frozen=True)
class Residue:
    """An order that the run wrote to: how it was first and last seen, by which scenarios, and what it needs now.

    `writes`: how often each operation named it. `needs` begins with `nothing` where nobody has anything to do.
    """

    order: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    scenarios: tuple[str, ...]
    writes: dict[str, int]
    needs: str


@dataclass
class Results:
    """A whole run, in the shape of `contracts/results.schema.json`."""

    kit: dict[str, Any]
    run: dict[str, Any]
    target: dict[str, Any]
    verdict: RunVerdict
    requirements: list[RequirementResult]
    dialect: list[Observation] = field(default_factory=list)
    latency_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    matrix: list[MatrixCell] = field(default_factory=list)
    fix_first: list[Cause] = field(default_factory=list)
    instability: list[str] = field(default_factory=list)
    summary: str = ""
    waivers: list[Waived] = field(default_factory=list)
    reference: list[Reference] = field(default_factory=list)
    residue: list[Residue] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As `results.json` holds it."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The reverse. KeyError, TypeError or ValueError where `data` is not what `to_json` wrote, now or earlier."""
        values = {one.name: data[one.name] for one in fields(cls) if one.name in data}
        values["verdict"] = RunVerdict(data["verdict"])
        values["requirements"] = [_requirement(row) for row in data["requirements"]]
        values["dialect"] = [_of(Observation, row) for row in data.get("dialect", ())]
        values["matrix"] = [_of(MatrixCell, row) for row in data.get("matrix", ())]
        values["fix_first"] = [_of(Cause, row) for row in data.get("fix_first", ())]
        values["residue"] = [_of(Residue, row) for row in data.get("residue", ())]
        values["waivers"] = [_of(Waived, row) for row in data.get("waivers", ())]
        values["reference"] = [_of(Reference, row) for row in data.get("reference", ())]
        return cls(**values)


def _requirement(row: Mapping[str, Any]) -> RequirementResult:
    findings, evidence = [_of(Finding, one) for one in row["findings"]], [_of(Evidence, one) for one in row["evidence"]]
    return _of(RequirementResult, {**row, "findings": findings, "evidence": evidence})


def _of(kind: type[T], row: Mapping[str, Any]) -> T:
    """What a newer kit added is left out; verdicts and numbers of exchanges get their own types."""
    values = {one.name: row[one.name] for one in fields(kind) if one.name in row}  # type: ignore[arg-type] # a dataclass
    if values.get("verdict") is not None:
        values["verdict"] = Verdict(values["verdict"])
    for name in ("exchanges", "covers", "scenarios"):
        if name in values:
            values[name] = tuple(values[name])
    return kind(**values)
