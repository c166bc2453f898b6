"""What a run found as the annotations that a CI's page shows: GitHub's workflow commands, GitLab's Code Quality.

What a host sent is data: it can end no line and begin no command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selfship.certificate.words import cut, visible
from selfship.results import Finding, RequirementResult, Results
from selfship.verdict import Verdict

MOST = 10
"""Of a kind: GitHub shows no more of one step."""
_LEVELS = {Verdict.FAIL: ("error", "major"), Verdict.ERROR: ("error", "critical"), Verdict.WARN: ("warning", "minor")}
_MESSAGE, _CURL = 600, 1_500


@dataclass(frozen=True)
class Annotation:
    """One broken rule. `level`: GitHub's; `severity`: GitLab's; `same`: how many more findings the rule has."""

    rule: RequirementResult
    finding: Finding
    level: str
    severity: str
    same: int

    @property
    def title(self) -> str:
        return f"{self.rule.id} ({self.rule.level})"

    @property
    def message(self) -> str:
        """What happened, which rule that breaks, and how to see it again."""
        more = f" ({self.same} more of this rule in the certificate)" if self.same else ""
        lines = [cut(" ".join(self.finding.message.split()), _MESSAGE) + more, f"Rule: {self.rule.statement}"]
        if self.finding.curl and len(self.finding.curl) <= _CURL:
            lines.append(" ".join(self.finding.curl.splitlines()))
        return str(visible("\n".join(lines)))


def of_run(results: Results) -> list[Annotation]:
    """The first finding of each broken rule, what to fix first in front."""
    place = {cause.requirement: number for number, cause in reversed(list(enumerate(results.fix_first)))}
    found = list(_found(results))
    return sorted(found, key=lambda one: (one.level != "error", place.get(one.rule.id, len(place))))


def github(results: Results, file: str | None) -> str:
    """Workflow commands, a line each, at most MOST of a level. `file`: of the repository, to pin them to."""
    lines = []
    where = f"file={_property(file)}," if file else ""
    told = of_run(results)
    for level in ("error", "warning"):
        kind = [one for one in told if one.level == level]
        lines += [f"::{level} {where}title={_property(one.title)}::{_data(one.message)}" for one in kind[:MOST]]
        if len(kind) > MOST:
            lines.append(f"::notice::{len(kind) - MOST} more of level {level} in the certificate")
    return "".join(f"{line}\n" for line in lines)


def gitlab(results: Results, file: str) -> str:
    """A Code Quality report as JSON. `file`: of the repository, to pin the findings to."""
    return json.dumps([_quality(one, file) for one in of_run(results)], indent=1, ensure_ascii=False) + "\n"


def _quality(one: Annotation, file: str) -> dict[str, Any]:
    return {
        "description": f"{one.title}: {one.message}",
        "check_name": one.rule.id,
        # The same rule broken by the same check is the same problem, whichever order it was seen on.
        "fingerprint": hashlib.sha256(f"{one.rule.id} {one.finding.check}".encode("utf-8", "replace")).hexdigest(),
        "severity": one.severity,
        "location": {"path": file, "lines": {"begin": 1}},
    }


def _found(results: Results) -> Iterator[Annotation]:
    for row in results.requirements:
        told = [finding for finding in row.findings if finding.verdict in _LEVELS]
        if told:
            level, severity = _LEVELS[told[0].verdict]
            yield Annotation(row, told[0], level, severity, len(told) - 1)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(str(visible(text))).replace(":", "%3A").replace(",", "%2C")
