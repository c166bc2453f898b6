"""Which hosts the suites are run against: the mock as it is, with each fault, as each variant, and each null host.

What a case is, and which are asked for, is the same for clients: those are listed in `contestants.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from selfship import requirements
from selfship.errors import UsageError
from selfship.mock.faults import GROUPS, catalogue
from selfship.mock.null import null_hosts
from selfship.mock.variants import variants
from selfship.nearest import hint
from selfship.proving.sides import Side

Kind = Literal["plain", "fault", "variant", "null"]
KINDS: tuple[Kind, ...] = ("plain", "fault", "variant", "null")
SETTLE_S = 0.3
"""Of a mock that applies at once: what does not show by then never will. A variant may need longer."""


@dataclass(frozen=True)
class Case:
    """One host, or one client. `rule`, of a fault: what it breaks; `also`: rules that it breaks as well, in truth.

    `switches` are what the tester's profile says other than the mock's own. `incomplete`: orders are so scarce that a
    MUST must stay unjudged. `source` is the file that makes this case special, in the mock's package or the clients'.
    """

    kind: Kind
    name: str
    how: str
    rule: str | None = None
    also: tuple[str, ...] = ()
    switches: tuple[tuple[str, Any], ...] = ()
    population: str | None = None
    incomplete: bool = False
    source: str = ""
    # Not among what its digest is made of: it came later, and says nothing new of a host.
    side: Side = field(default="host", repr=False)

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.name}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def every() -> list[Case]:
    """All cases: the plain host first, then faults group by group, variants, null hosts."""
    return [_plain(), *_faults(), *_variants(), *_nulls()]


def _plain() -> Case:
    return Case("plain", "plain", "the mock as it is")


def _faults() -> Iterable[Case]:
    files = {fault.name: f"faults/{group}.py" for group, faults in GROUPS.items() for fault in faults}
    for fault in catalogue():
        yield Case("fault", fault.name, fault.how, fault.rule, fault.breaks_too, source=files[fault.name])


def _variants() -> Iterable[Case]:
    for variant in variants():
        switches = tuple(sorted(variant.switches.items()))
        scarce = variant.population is not None
        yield Case("variant", variant.name, variant.how, None, (), switches, variant.population, scarce, "variants.py")


def _nulls() -> Iterable[Case]:
    return (Case("null", host.name, host.how, source="null.py") for host in null_hosts())


@dataclass(frozen=True)
class Wanted:
    """What the user asked for: globs of names by kind, ids of rules, kinds. Nothing asked is everything."""

    faults: Sequence[str] = ()
    rules: Sequence[str] = ()
    variants: Sequence[str] = ()
    nulls: Sequence[str] = ()
    kinds: Sequence[str] = ()

    @property
    def whole(self) -> bool:
        return not (self.faults or self.rules or self.variants or self.nulls or self.kinds)

    def takes(self, case: Case) -> bool:
        globs = {"fault": self.faults, "variant": self.variants, "null": self.nulls}.get(case.kind, ())
        named = any(_fits(case, glob) for glob in globs)
        # Without the plain host a kill proves nothing.
        return self.whole or case.kind == "plain" or named or case.kind in self.kinds or case.rule in self.rules


def _fits(case: Case, glob: str) -> bool:
    # A fault is also found by its rule: --fault 'STA-*'.
    return fnmatchcase(case.name, glob) or (case.rule is not None and fnmatchcase(case.rule, glob))


def select(
    wanted: Wanted, among: Sequence[Case] | None = None, known_by: str = ": `selfship mock --list` names them"
) -> list[Case]:
    """The cases asked for. UsageError for a name, a rule or a glob that fits none; `known_by` says where names are."""
    known = every() if among is None else list(among)
    for option, kind, globs in (
        ("--fault", "fault", wanted.faults),
        ("--variant", "variant", wanted.variants),
        ("--null", "null", wanted.nulls),
    ):
        names = [case.name for case in known if case.kind == kind]
        for glob in globs:
            if not any(_fits(case, glob) for case in known if case.kind == kind):
                raise UsageError(f"{option} {glob} fits no {kind}{known_by}{hint(glob, names)}")
    for rule in wanted.rules:
        if rule not in requirements.load():
            raise UsageError(f"--rule {rule}: there is no such requirement{hint(rule, list(requirements.load()))}")
        if not any(case.rule == rule for case in known):
            raise UsageError(f"--rule {rule}: no fault breaks it, so there is nothing to prove: add one.")
    return [case for case in known if wanted.takes(case)]
