"""The kill table: what became of each case, and whether that is good enough. Knows no process and no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from selfship import requirements
from selfship.proving.cases import Case
from selfship.proving.outcome import Outcome
from selfship.proving.sides import WORDS, Side, Words
from selfship.verdict import RunVerdict

Fate = Literal["killed", "survived", "error"]
LOUD = ("fail", "warn")

TRULY_SATISFIED: Mapping[str, Mapping[str, str]] = {
    "canned_success": {
        "CON-1": "every operation is answered at its method and path",
        "CON-8": "it never answers 5xx",
        "AUTH-1": "it gives a token for the right credentials, and takes that token",
        "FET-7": "the one order that it shows says is_self_ship, as a boolean",
    },
    "reads_only": {
        "AGG-1": "it polls, with its token in the header alone",
        "AGG-16": "each of its reads names the location",
    },
    "reads_one_status": {
        "AGG-1": "it polls, with its token in the header alone",
        "AGG-16": "each of its reads names the location",
    },
}
"""MUSTs that a null host's answers, or a null client's calls, satisfy in truth, and how: passing them is earned."""


@dataclass(frozen=True)
class FaultRow:
    """`own`: the verdict of the fault's own rule. `strays`: other rules that fail or warn, unexplained."""

    case: Case
    level: str
    fate: Fate
    own: str
    strays: tuple[str, ...]
    outcome: Outcome

    @property
    def laid_right(self) -> bool:
        return self.fate == "killed" and self.own in (("fail",) if self.level == "MUST" else LOUD)


@dataclass(frozen=True)
class VariantRow:
    """`accused`: MUSTs that fail though the host conforms. `warned`: SHOULDs that warn, which a host may earn.

    `unjudged`: MUSTs of which the run says nothing.
    """

    case: Case
    accused: tuple[str, ...]
    warned: tuple[str, ...]
    unjudged: tuple[str, ...]
    as_expected: bool
    outcome: Outcome


@dataclass(frozen=True)
class NullRow:
    """`praised`: MUSTs that pass and that its answers do not satisfy. `earned`: those that they do."""

    case: Case
    praised: tuple[str, ...]
    earned: tuple[str, ...]
    outcome: Outcome

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules that it earned, each with how."""
        return tuple(f"{rule} ({TRULY_SATISFIED[self.case.name][rule]})" for rule in self.earned)


@dataclass(frozen=True)
class Target:
    """One goal of the kit, the figure it reached, and whether that will do. None: not proven by this subset."""

    goal: str
    figure: str
    holds: bool | None


@dataclass(frozen=True)
class KillTable:
    """Everything that was proven. `plain` is the control: what it fails, no fault can be killed by."""

    plain: Outcome | None
    faults: Sequence[FaultRow] = ()
    variants: Sequence[VariantRow] = ()
    nulls: Sequence[NullRow] = ()
    rules: Sequence[str] = field(default_factory=tuple)
    side: Side = "host"

    @property
    def words(self) -> Words:
        return WORDS[self.side]

    def of_level(self, level: str) -> list[FaultRow]:
        return [row for row in self.faults if row.level == level]

    @property
    def killed(self) -> list[FaultRow]:
        return [row for row in self.faults if row.fate == "killed"]

    @property
    def errors(self) -> list[Outcome]:
        return [row.outcome for row in self.rows if broken(row.outcome)]

    @property
    def rows(self) -> list[FaultRow | VariantRow | NullRow]:
        """All but the plain host."""
        return [*self.faults, *self.variants, *self.nulls]


def broken(outcome: Outcome) -> bool:
    """Whether the kit, not the host, is what went wrong."""
    return outcome.verdict is None or outcome.verdict == RunVerdict.ERROR


def table(outcomes: Mapping[Case, Outcome]) -> KillTable:
    """The kill table of these outcomes, in their order."""
    of_kind = {
        kind: [(case, out) for case, out in outcomes.items() if case.kind == kind]
        for kind in ("plain", "fault", "variant", "null")
    }
    plain = next((outcome for _, outcome in of_kind["plain"]), None)
    noise = set(plain.with_verdict(*LOUD)) if plain else set()
    side: Side = next((case.side for case in outcomes), "host")
    return KillTable(
        plain,
        [_fault(case, outcome, noise) for case, outcome in of_kind["fault"]],
        [_variant(case, outcome) for case, outcome in of_kind["variant"]],
        [_null(case, outcome) for case, outcome in of_kind["null"]],
        tuple(one.id for one in requirements.load().values() if one.side == side),
        side,
    )


def _fault(case: Case, outcome: Outcome, noise: set[str]) -> FaultRow:
    rule = case.rule or ""
    level = requirements.load()[rule].level
    own = outcome.rules.get(rule, "")
    # What the plain host fails as well is not the fault's doing.
    telling = [one for one in outcome.with_verdict(*LOUD) if one not in noise]
    accused = [one for one in telling if outcome.rules[one] == "fail"]
    if broken(outcome):
        fate: Fate = "error"
    elif level == "MUST":
        fate = "killed" if outcome.verdict == RunVerdict.NONCONFORMING and accused else "survived"
    else:
        fate = "killed" if rule in telling else "survived"
    strays = tuple(one for one in telling if one != rule and one not in case.also)
    return FaultRow(case, level, fate, own, strays, outcome)


def _variant(case: Case, outcome: Outcome) -> VariantRow:
    expected = RunVerdict.INCOMPLETE if case.incomplete else RunVerdict.CONFORMING
    return VariantRow(
        case,
        tuple(outcome.with_verdict("fail")),
        tuple(outcome.with_verdict("warn")),
        tuple(_musts(outcome.with_verdict("blocked", "not_testable", "error"))),
        outcome.verdict == expected,
        outcome,
    )


def _null(case: Case, outcome: Outcome) -> NullRow:
    musts = _musts(outcome.with_verdict("pass"))
    truly = TRULY_SATISFIED.get(case.name, {})
    return NullRow(
        case,
        tuple(rule for rule in musts if rule not in truly),
        tuple(rule for rule in musts if rule in truly),
        outcome,
    )


def _musts(rules: Sequence[str]) -> list[str]:
    return [rule for rule in rules if requirements.load()[rule].level == "MUST"]


def targets(found: KillTable) -> list[Target]:
    """The goals of the kit, each with the figure reached."""
    musts, shoulds = found.of_level("MUST"), found.of_level("SHOULD")
    killed, must_kills = found.killed, [row for row in musts if row.fate == "killed"]
    should_kills = [row for row in shoulds if row.fate == "killed"]
    right = [row for row in killed if row.laid_right]
    most = max((len(row.strays) for row in killed), default=0)
    accused = [row for row in found.variants if row.accused]
    odd = [row for row in found.variants if not row.as_expected]
    praised = sum(len(row.praised) for row in found.nulls)
    plain = found.plain is not None and found.plain.verdict == RunVerdict.CONFORMING
    who = found.side
    return [
        Target(f"the plain {who} conforms", found.plain.verdict or "error" if found.plain else "not run", plain),
        _share("MUST faults killed: all of them", len(must_kills), len(musts), 1.0),
        _share("SHOULD faults killed: 95 %", len(should_kills), len(shoulds), 0.95),
        _share("kills laid at the broken rule: 95 %", len(right), len(killed), 0.95),
        Target("other rules accused for one fault: one at most", str(most), most <= 1 if killed else None),
        Target("conforming variants with a failed MUST: none", str(len(accused)), _all(found.variants, not accused)),
        Target("variants with another verdict than expected: none", str(len(odd)), _all(found.variants, not odd)),
        Target(f"MUSTs that null {who}s pass undeservedly: none", str(praised), _all(found.nulls, not praised)),
        Target("cases that could not be judged: none", str(len(found.errors)), not found.errors),
    ]


def _share(goal: str, part: int, whole: int, at_least: float) -> Target:
    figure = f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none"
    return Target(goal, figure, part >= at_least * whole if whole else None)


def _all(rows: Sequence[object], holds: bool) -> bool | None:
    return holds if rows else None
