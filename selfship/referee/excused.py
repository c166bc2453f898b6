"""Waivers of a client's broken rules: the same files, and the same account of each, as for a host's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from selfship.judging import Check
from selfship.results import Finding, RequirementResult, Waived
from selfship.verdict import worst
from selfship.waiving import excusing
from selfship.waiving.file import Waiver

MORE = "[and more]"
"""Stands for the breaches of a rule that were counted and not kept: who waives by check names them as well, or none."""


def under(
    rows: Sequence[RequirementResult], waivers: Sequence[Waiver], today: date, counted: Collection[str] = ()
) -> tuple[list[RequirementResult], list[Waived]]:
    """The rows, what a waiver names as `waived`, and what became of each waiver.

    `counted`: the rules that were broken more often than their findings say.
    """
    checks = {row.id: list(_checks(row, more=row.id in counted)) for row in rows}
    found = [_row(row, excusing.excused(checks[row.id], waivers, today)) for row in rows]
    every = [check for each in checks.values() for check in each]
    return found, excusing.accounts(every, waivers, today, narrowed=False)


def _checks(row: RequirementResult, *, more: bool) -> Iterator[Check]:
    """A check for each finding, as waivers name them; one where a rule was kept."""
    name = f"referee::{row.id}"
    if not row.findings:
        yield Check(name, "", row.id, row.verdict)
    for finding in row.findings:
        yield Check(finding.check, "", row.id, finding.verdict, finding.message)
    if more:
        yield Check(f"{name}{MORE}", "", row.id, row.verdict)


def _row(row: RequirementResult, checks: Sequence[Check]) -> RequirementResult:
    if row.findings:
        row.findings = [_told(finding, check) for finding, check in zip(row.findings, checks, strict=False)]
        row.verdict = worst(check.verdict for check in checks)
    return row


def _told(finding: Finding, check: Check) -> Finding:
    return replace(finding, verdict=check.verdict, message=check.message)
