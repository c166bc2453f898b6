"""Whether the files of a run fit each other, and what they say of themselves.

Nothing is taken from where it is told if it can be worked out from somewhere else: verdicts follow from findings,
findings from exchanges, the certificate from both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfship import __version__, certificate, judging, requirements
from selfship.archive import Archived
from selfship.certificate import junit
from selfship.errors import UsageError
from selfship.exchanges import Exchange, curl
from selfship.referee.report import judge_digest
from selfship.results import Evidence, Finding, RequirementResult, Results
from selfship.signing.rejudging import judged_again
from selfship.verdict import Verdict, of_run, worst

SHOWN = 5


@dataclass(frozen=True)
class Point:
    """One thing that was looked at. `holds` None: it could not be, `words` say why."""

    holds: bool | None
    words: str


def points(run: Archived) -> Iterator[Point]:
    """Every point at which files of the run could be at odds."""
    yield from _verdicts(run.results)
    yield from _evidence(run)


def _verdicts(results: Results) -> Iterator[Point]:
    of_host = results.target.get("role", "host") == "host"
    wrong = [row.id for row in results.requirements if not _adds_up(row, named=of_host)]
    if wrong:
        yield Point(False, f"The verdict does not follow from the findings: {some(wrong)}.")
    narrowed = bool(results.run.get("narrowed"))
    verdict = of_run(((row.level, row.verdict) for row in results.requirements), narrowed=narrowed)
    if verdict is not results.verdict:
        yield Point(False, f"The run's verdict is {results.verdict}, but its rules make it {verdict}.")
    if not wrong and verdict is results.verdict:
        yield Point(True, f"The verdicts of {len(results.requirements)} rules and of the run follow from the findings.")
    yield _table(results)


def _adds_up(row: RequirementResult, *, named: bool) -> bool:
    """Whether the verdict is the worst of the row's checks; `named`: each check of the row is named in it."""
    verdicts = [one.verdict for one in row.findings] + ([Verdict.PASS] if row.evidence else [])
    counted = len(row.findings) + len(row.evidence)
    told = not named or row.checks in (counted, 0) or any(one.check == "pre-flight" for one in row.findings)
    return worst(verdicts) is row.verdict and told


def _table(results: Results) -> Point:
    if results.kit.get("requirements_digest") != requirements.digest():
        return Point(None, "It was judged by another table of requirements than this kit's, which is not compared.")
    side = results.target.get("role", "host")
    known = {one.id: (one.level, one.statement) for one in requirements.load().values() if one.side == side}
    told = {row.id: (row.level, row.statement) for row in results.requirements}
    if other := [name for name in {**known, **told} if known.get(name) != told.get(name)]:
        return Point(False, f"The rules are not those of the table that the run names: {some(other)}.")
    return Point(True, f"All {len(known)} rules of the {side}'s side are there, with the words of the table.")


def _evidence(run: Archived) -> list[Point]:
    try:
        return list(_on_exchanges(run, run.exchanges()))
    except UsageError as problem:
        return [Point(False, str(problem))]
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        return [Point(False, f"exchanges.har holds what no run of this kit records ({type(odd).__name__}: {odd}).")]


def _on_exchanges(run: Archived, exchanges: Sequence[Exchange]) -> Iterator[Point]:
    results = run.results
    of_host = results.target.get("role", "host") == "host"
    yield _numbers(results, exchanges)
    yield from _cited(results, exchanges)
    if of_host and judging.latency(exchanges) != results.latency_ms:
        yield Point(False, "The latencies are not those of exchanges.har.")
    if not same_kit(results):
        words = f"It was made by another kit than this ({__version__}): its exchanges are not judged again."
        yield Point(None, words)
        return
    if of_host:
        yield _judged_again(results, exchanges)
    else:
        yield Point(None, "A client's exchanges are not judged again: what they should be rests on its session.")
    yield from _drawn_again(run, exchanges)


def same_kit(results: Results) -> bool:
    """Whether this very kit, with what it judges by, made the run."""
    kit = results.kit
    of_host = results.target.get("role", "host") == "host"
    own = (__version__, requirements.digest(), judging.suites_digest() if of_host else judge_digest())
    return (kit.get("version"), kit.get("requirements_digest"), kit.get("suites_digest")) == own


def of_one_session(results: Results) -> bool:
    """Whether one session of pytest judged the run: no client's was, nor one that was merged."""
    return results.target.get("role", "host") == "host" and "shards" not in results.run


def _numbers(results: Results, exchanges: Sequence[Exchange]) -> Point:
    numbers = [one.seq for one in exchanges]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) != results.run.get("requests"):
        said = results.run.get("requests")
        return Point(False, f"exchanges.har holds {len(numbers)} exchanges, not the run's {said} from 1 on.")
    return Point(True, f"All {len(numbers)} exchanges are there, without a gap.")


def _cited(results: Results, exchanges: Sequence[Exchange]) -> Iterator[Point]:
    known = {one.seq: one for one in exchanges}
    wrong: Counter[str] = Counter()
    cited = 0
    for row in results.requirements:
        for one in _told(row):
            cited += len(one.exchanges)
            bad = any(seq not in known for seq in one.exchanges)
            if bad or (isinstance(one, Finding) and not _curl_fits(one, known)):
                wrong[row.id] += 1
    if wrong:
        yield Point(False, f"Evidence that exchanges.har does not hold, or holds otherwise: {some(list(wrong))}.")
    else:
        yield Point(True, f"Each of the {cited} pieces of evidence is in exchanges.har.")


def _told(row: RequirementResult) -> list[Finding | Evidence]:
    return [*row.findings, *row.evidence]


def _curl_fits(finding: Finding, known: dict[int, Exchange]) -> bool:
    return finding.curl is None or any(curl(known[seq]) == finding.curl for seq in finding.exchanges)


def _judged_again(results: Results, exchanges: Sequence[Exchange]) -> Point:
    held = {(row.id, one.check) for row in results.requirements for one in row.evidence}
    told = {one.check for row in results.requirements for one in row.findings}
    again = judged_again(exchanges, results.target["profile"])
    wrong = [
        one.check
        for one in again
        for rule in one.requirements
        if (one.words is not None and (rule, one.check) in held) or (one.words is None and _broken(results, one.check))
    ]
    if wrong:
        return Point(False, f"Judged again, the exchanges say otherwise: {some(wrong)}.")
    compared = [
        one for one in again if one.check in told or any((rule, one.check) in held for rule in one.requirements)
    ]
    return Point(True, f"{len(compared)} checks of the traffic, judged again from exchanges.har, say the same.")


def _broken(results: Results, check: str) -> bool:
    verdicts = (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
    return any(one.check == check and one.verdict in verdicts for row in results.requirements for one in row.findings)


def _drawn_again(run: Archived, exchanges: Sequence[Exchange]) -> Iterator[Point]:
    """What is drawn from results and exchanges, drawn once more."""
    results = run.results
    cited = {seq for row in results.requirements for one in _told(row) for seq in one.exchanges}
    shown = exchanges if results.target.get("role", "host") == "host" else [x for x in exchanges if x.seq in cited]
    again = {
        "certificate.html": certificate.render(results, shown),
        "badge.svg": certificate.badge(results),
        "summary.md": certificate.summary(results),
        # Of one session of pytest, this is pytest's own.
        **({} if of_one_session(results) else {"junit.xml": junit.render(results)}),
    }
    there = {name: text for name, text in again.items() if (run.folder / name).is_file()}
    for name, text in there.items():
        drawn = text.encode("utf-8", "replace").decode("utf-8")
        if (run.folder / name).read_text(encoding="utf-8", errors="replace") != drawn:
            yield Point(False, f"{name} does not show what results.json and exchanges.har hold.")
            return
    yield Point(True, f"{', '.join(there)}: they show what results.json and exchanges.har hold, to the letter.")


def some(names: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
