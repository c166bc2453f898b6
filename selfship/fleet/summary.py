"""What came of several hosts, as data: one row a host, the rules that part them, and their dialects side by side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from selfship import __version__, archive, found_out
from selfship.errors import UsageError
from selfship.fleet.running import INTERRUPTED, Ended
from selfship.results import Results
from selfship.verdict import RunVerdict, Verdict

SCHEMA = "selfship-hosts/1"
WORST_FIRST = (INTERRUPTED, 3, 2, 1, 4, 0)
"""Exit statuses: a run that was stopped or never was says less than a host that is broken; incomplete comes last."""
QUIET = (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE)
_ID = re.compile(r"\d{6,}")


@dataclass(frozen=True)
class Host:
    """How one host did. `verdict` None: it was not judged, and `said` says why. `folder`: below the summary's own."""

    name: str
    url: str
    folder: str
    exit_status: int
    verdict: RunVerdict | None
    said: str = ""
    wall_s: float = 0.0
    requests: int = 0
    orders: int = 0
    tally: dict[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    latency_ms: float | None = None
    settle_s: float | None = None


@dataclass(frozen=True)
class Answers:
    """A question that the documents leave open, and each host's answer; None where it was not seen."""

    id: str
    question: str
    answers: dict[str, str | None]

    @property
    def parts(self) -> bool:
        """Whether the hosts answer differently."""
        return len(set(self.answers.values())) > 1


@dataclass(frozen=True)
class Rule:
    """A requirement that some host does not simply keep."""

    id: str
    level: str
    statement: str
    verdicts: dict[str, Verdict | None]


@dataclass(frozen=True)
class Summary:
    started: str
    wall_s: float
    exit_status: int
    hosts: list[Host]
    rules: list[Rule]
    dialect: list[Answers]

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "kit": {"version": __version__}, **asdict(self)}


def summed(ended: Sequence[Ended], *, started: str, wall_s: float) -> Summary:
    """The summary of runs that have ended, read from what each has left."""
    read = {one.target.name: _results(one) for one in ended}
    judged = {name: results for name, results in read.items() if results}
    hosts = [_host(one, read[one.target.name]) for one in ended]
    status = min((one.exit_status for one in hosts), key=_rank)
    return Summary(started, wall_s, status, hosts, list(_rules(judged)), _dialect(judged))


def _rank(status: int) -> int:
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0


def _results(one: Ended) -> Results | None:
    try:
        return archive.open_run(one.folder).results
    except UsageError:
        return None


def _host(one: Ended, results: Results | None) -> Host:
    name, url = one.target.name, one.target.url or "the embedded mock"
    if results is None:
        return Host(name, url, name, one.exit_status, None, one.said or "It left no results.")
    answers = [(row["n"], row["p50"]) for row in results.latency_ms.values()]
    count = sum(n for n, _ in answers)
    settle = results.target["profile"].get("settle_seen")
    return Host(
        name,
        str(results.target["url"]),
        name,
        one.exit_status,
        results.verdict,
        "",
        float(results.run["wall_s"]),
        int(results.run["requests"]),
        int(results.run.get("orders", 0)),
        dict(Counter(row.verdict.value for row in results.requirements)),
        tuple(row.id for row in results.requirements if row.verdict is Verdict.FAIL),
        round(sum(n * p50 for n, p50 in answers) / count, 1) if count else None,
        float(settle) if settle is not None else None,
    )


def _rules(judged: dict[str, Results]) -> Iterator[Rule]:
    """Those that any host fails to keep, or to show that it keeps, in the order of the table."""
    rows = {name: {row.id: row for row in results.requirements} for name, results in judged.items()}
    for row in next(iter(judged.values())).requirements if judged else ():
        verdicts = {name: own[row.id].verdict if row.id in own else None for name, own in rows.items()}
        if any(verdict not in QUIET for verdict in verdicts.values()) or len(set(verdicts.values())) > 1:
            yield Rule(row.id, row.level, row.statement, verdicts)


def _dialect(judged: dict[str, Results]) -> list[Answers]:
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    for name, results in judged.items():
        for rule, question, answer in _answers(results):
            row = found.setdefault((rule, question), dict.fromkeys(judged))
            row[name] = _ID.sub("…", answer)
    return [Answers(rule, question, answers) for (rule, question), answers in sorted(found.items())]


def _answers(results: Results) -> Iterator[tuple[str, str, str]]:
    """The switches, whether a profile gave them or the run found them out; then what was observed."""
    profile = results.target["profile"]
    for name, (rule, question) in found_out.SWITCHES.items():
        if profile.get(name) is not None:
            yield rule, question, str(profile[name])
    questions = {question for _, question in found_out.SWITCHES.values()}
    yield from ((row.id, row.question, row.observed) for row in results.dialect if row.question not in questions)
