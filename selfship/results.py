"""What a run found, as data: every report is made from this and from the exchanges."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from selfship.verdict import Level, RunVerdict, Verdict

SCHEMA = "selfship-results/1"


@dataclass(frozen=True)
class Finding:
    """One check that did not simply pass.

    `message`: one sentence, who did what and what was expected. `exchanges`: numbers of the evidence, the telling one
    first. `blocked_by`: the requirement, or the check, whose failure kept this one from being judged.
    `advice`: what would make an untestable check testable.
    """

    check: str
    verdict: Verdict
    message: str
    exchanges: tuple[int, ...] = ()
    curl: str | None = None
    blocked_by: str | None = None
    advice: str | None = None


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

    def to_json(self) -> dict[str, Any]:
        """As `results.json` holds it."""
        return {"schema": SCHEMA, **asdict(self)}
