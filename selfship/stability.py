"""Is a rule broken always, sometimes, or is the host only late? Failing checks are tried again where that is safe.

A second try never changes the verdict of a check that was judged. A MUST that was seen broken once, with the exchanges
that show it, is broken: the finding stays `fail` and says that it is flaky. Where the rules themselves ask for
patience, a check has had it before it accuses: settle ("accepted"), the repetition of 429, of 503 with Retry-After and
of an expired token ("neither"), settled reads (FET-11, INF-2), listings walked again in peace (FET-3, FET-6). So a
change that shows after settle is still not accepted, and is said to be late. The one check that a second try can judge
is one that was never judged: a request of it got no answer at all.

What is tried: for each failing requirement, in the order of *fix this first*, the scenario that its evidence comes
from, at most CAUSES of them, TRIES times, after all else has been judged, so that no other scenario needs the orders.
All failing checks that rest on what was played again are judged again. No try starts once a quarter of the run's
time is used up. What is safe: reads, always. What spends orders: on a host at hand as far as they last; elsewhere few,
and only where no scenario lacked any; none, where orders had to be shared out. `selfship prove` has it off: it cannot
change what a fault is laid at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from selfship import expect
from selfship.itinerary import Key
from selfship.judging import SCENARIO, Bench, Check, blame
from selfship.operations import OPERATIONS
from selfship.results import Cause
from selfship.run import Run
from selfship.scenario import TRIED, Recording
from selfship.verdict import Verdict

TRIES = 2
CAUSES = 12
SHARE, LEAST_S = 0.25, 3.0
FEW, MOST = 2, 6
"""Orders that one try, and all tries, may spend on a host that is not at hand."""
BROKEN = (Verdict.FAIL, Verdict.WARN)


@dataclass
class Trial:
    """A failing check and the scenarios that its evidence comes from. `failed` of `seen` times, the first included."""

    check: Check
    keys: tuple[Key, ...]
    failed: int = 1
    seen: int = 1

    def note(self, verdict: Verdict) -> None:
        """One more judgement; what could not be judged does not count."""
        if verdict in (*BROKEN, Verdict.PASS):
            self.seen += 1
            self.failed += verdict in BROKEN

    @property
    def words(self) -> str | None:
        if self.seen == 1:
            return None
        return "deterministic" if self.failed == self.seen else f"flaky {self.failed} of {self.seen}"


class Stability:
    """The second tries of one run. `causes` as results.json ranks them; `checks` are all failing ones, laid."""

    def __init__(self, run: Run, bench: Bench, checks: Sequence[Check], causes: Sequence[Cause]) -> None:
        self.run, self.bench = run, bench
        self._known = run.known()
        self._recordings = {one.scenario: one for one in run.recordings()}
        self._shared = run.allotment.shared
        self._scarce = self._shared or any(one.missing for one in self._recordings.values())
        self._spent = 0
        self.trials = [self._trial(check) for check in checks if _worth(check)]
        self.plays = self._chosen(causes)

    def tries(self) -> Iterator[tuple[Trial, Mapping[Key, Recording]]]:
        """Plays what is to be tried again; yields each trial that a test can judge, with its new recordings."""
        until = time.monotonic() + max(LEAST_S, SHARE * self.run.seconds)
        for _ in range(TRIES if self.plays else 0):
            played = self.run.play_again(self.plays, until)
            for trial in self.trials:
                own = {key: played[key] for key in trial.keys if key in played and not played[key].crashed}
                if not own or len(own) < len(trial.keys):
                    continue
                if trial.check.id.startswith(SCENARIO):
                    _judge_step(trial, own)
                else:
                    yield trial, own

    def judged(self, trial: Trial, again: Sequence[Check]) -> None:
        """What the second judgement of a check said."""
        same = [one for one in again if one.requirement == trial.check.requirement] or again[:1]
        for one in same[:1]:
            if trial.check.verdict is Verdict.BLOCKED:
                self._replace(trial, one)
            else:
                trial.note(one.verdict)

    def tell(self) -> None:
        """Puts on the bench what is known of each failing check, for the findings to say."""
        for trial in self.trials:
            late = self.run.host.overdue.by(trial.check.exchanges)
            words = f"late by {max(late, 0.1):.1f} s" if late is not None else trial.words
            if words and trial.check.verdict in BROKEN:
                self.bench.stability[trial.check.id] = words

    def _replace(self, trial: Trial, check: Check) -> None:
        """A check that a lost answer had kept from being judged is judged by the first try that was answered."""
        if check.verdict is not Verdict.BLOCKED and trial.check in self.bench.checks:
            self.bench.checks[self.bench.checks.index(trial.check)] = check
            trial.check = check

    def _trial(self, check: Check) -> Trial:
        names = self._names(check)
        tried = next((kept for name in names if (kept := self._recordings[name].kept.get(TRIED))), None)
        if tried:
            # The scenario has seen to it by itself.
            return Trial(check, (), *tried)
        return Trial(check, tuple(self._known[name] for name in names))

    def _names(self, check: Check) -> list[str]:
        """The scenarios of the check's evidence; of one that judges the run's whole traffic, the shortest will do."""
        exchanges = self.run.recorder.exchanges
        names = (exchanges[seq - 1].scenario for seq in check.exchanges if 0 < seq <= len(exchanges))
        found = [name for name in dict.fromkeys(names) if name in self._known and name in self._recordings]
        if check.rests_on:
            return [name for name in found if name in check.rests_on]
        return sorted(found, key=self._length)[:1]

    def _length(self, name: str) -> int:
        return len(self._recordings[name].exchanges)

    def _chosen(self, causes: Sequence[Cause]) -> list[Key]:
        """What is played again: for each cause what the failing check rests on that takes the fewest requests."""
        keys: dict[Key, None] = {}
        for trial in [trial for trial in self.trials if trial.check.verdict is Verdict.BLOCKED][:CAUSES]:
            keys.update(dict.fromkeys(trial.keys if self._safe(trial, keys) else ()))
        for cause in causes[:CAUSES]:
            of_rule = [trial for trial in self.trials if trial.check.requirement == cause.requirement]
            of_rule.sort(key=lambda trial: sum(self._length(self._name(key)) for key in trial.keys))
            safe = next((trial for trial in of_rule if self._safe(trial, keys)), None)
            keys.update(dict.fromkeys(safe.keys if safe else ()))
        return list(keys)

    def _safe(self, trial: Trial, chosen: Mapping[Key, None]) -> bool:
        if not trial.keys:
            return False
        if self.run.host.at_hand and not self._shared:
            return True
        spends = sum(self._spends(name) for name in (self._name(key) for key in trial.keys if key not in chosen))
        if spends and (self._scarce or spends > FEW or (self._spent + spends) * TRIES > MOST):
            return False
        self._spent += spends
        return True

    def _spends(self, name: str) -> int:
        """Orders that playing a scenario once more would change."""
        recording = self._recordings.get(name)
        exchanges = self.run.recorder.exchanges
        writes = recording and any(OPERATIONS[exchanges[seq - 1].operation].writes for seq in recording.exchanges)
        return len(set(recording.orders)) if recording and writes else 0

    def _name(self, key: Key) -> str:
        return next(name for name, known in self._known.items() if known == key)


def _worth(check: Check) -> bool:
    return check.verdict in BROKEN or (check.verdict is Verdict.BLOCKED and check.blocked_by == expect.NO_ANSWER)


def _judge_step(trial: Trial, played: Mapping[Key, Recording]) -> None:
    """A step that broke a scenario and that no check claims: broken again, or gone through this time."""
    for recording in played.values():
        if recording.broken:
            same = blame(recording.broken) == trial.check.requirement
            trial.note(Verdict.FAIL if same else Verdict.BLOCKED)
        elif not (recording.missing or recording.passed_by):
            trial.note(Verdict.PASS)
