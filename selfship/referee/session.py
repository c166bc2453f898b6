"""A session of the referee: its folder, its partners, when it is over, and the files that it leaves.

Everything of a session is in its folder, so that it can be stopped, or killed, and taken up again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from selfship import secrecy
from selfship.credentials import Credentials, Secrets
from selfship.errors import UsageError
from selfship.referee import plan as plans
from selfship.referee.partner import Partner
from selfship.referee.plan import PartnerPlan, Plan
from selfship.referee.rules.ending import Reason

FILE = "session.json"
DEMO = ("demo", "demo")
"""Credentials that everybody knows, for a referee that nobody gave any: it listens on this machine alone."""


class Session:
    """`idle`: seconds without anything moving, after which it ends once the client has called."""

    def __init__(self, plan: Plan, folder: Path, environ: Mapping[str, str], *, idle: float) -> None:
        self.plan, self.folder = plan, folder
        # A client that keeps to a long interval is not idle between two polls.
        self.idle = max(idle, plan.poll_interval * 3)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.started = _noted(plan, folder)
            self.partners = [
                Partner(plan, own, credentials(own, environ, alone=len(plan.partners) == 1), self._of(own))
                for own in plan.partners
            ]
        except OSError as problem:
            raise UsageError(
                f"{folder} cannot hold a session ({problem.strerror or problem}): name another folder with --out."
            ) from None
        _told_apart(self.partners)
        # Names of the scenario's own are no leak, even where somebody uses one as user name.
        secrecy.say_openly(plan.name, *(own.name for own in plan.partners))
        self._since = time.monotonic()
        self.ended: Reason = "stopped"
        now = self.partners[0].now()
        for partner in self.partners:
            # Time that nobody served is not the client's.
            partner.last_call = partner.moved = now if partner.has_called else 0.0

    def _of(self, own: PartnerPlan) -> Path:
        return self.folder / "partners" / own.name

    def reports(self, partner: Partner) -> Path:
        """Where a partner's certificate goes: the session's folder, where it is the only one."""
        return self.folder if len(self.partners) == 1 else self.folder / partner.own.name

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def over(self) -> bool:
        """Whether the session has ended by itself; then `ended` says how."""
        states = [self._state(partner) for partner in self.partners]
        if not all(states):
            return False
        self.ended = "idle" if "idle" in states else "finished"
        return True

    def _state(self, partner: Partner) -> Reason | None:
        if not partner.has_called:
            return None
        now, grace = partner.now(), self.plan.grace
        if partner.finished_at is not None:
            quiet = now - max(partner.last_call, partner.finished_at) >= grace
            # A client that polls on for ever is done all the same, once it had time for one push too many.
            done = now - partner.finished_at >= max(3 * grace, grace + 3 * self.plan.poll_interval)
            return "finished" if quiet or done else None
        return "idle" if now - partner.moved >= self.idle else None

    def close(self) -> None:
        for partner in self.partners:
            partner.close()


def open_folder(folder: Path) -> Plan:
    """The scenario of the session in `folder`. UsageError where it holds none."""
    try:
        noted = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return plans.under(plans.read(noted["scenario"], noted["name"]), noted["switches"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} holds no session of the referee: give the folder of one with --session.") from None


def credentials(own: PartnerPlan, environ: Mapping[str, str], *, alone: bool) -> tuple[str, str]:
    """User name and password of a partner, from the environment; the demo's where it is alone and none are set."""
    found = Credentials.read(Secrets(username=own.username, password=own.password), environ)
    if found.username and found.password:
        return found.username, found.password
    if found.username or found.password:
        raise UsageError(f"Set both {own.username} and {own.password} for the referee, or neither: then it takes demo.")
    if alone:
        return DEMO
    raise UsageError(f"Partner {own.name} has no credentials: set {own.username} and {own.password}.")


def _told_apart(partners: list[Partner]) -> None:
    names = [partner.tokens.credential.username for partner in partners]
    if len(set(names)) < len(names):
        raise UsageError("Two partners have the same user name: give each its own, by it they are told apart.")


def _switches(plan: Plan) -> dict[str, str]:
    return {name: getattr(plan, name) for name in ("edition", "credit_note", "rto_acceptance")}


def _noted(plan: Plan, folder: Path) -> float:
    """When the session first started, in seconds of the epoch; notes it, with its scenario, if that is now."""
    path = folder / FILE
    if path.exists():
        return float(json.loads(path.read_text(encoding="utf-8"))["started"])
    started = time.time()
    note = {
        "name": plan.name,
        "started": started,
        "scenario": plan.text,
        "switches": _switches(plan),
    }
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(note, indent=1), encoding="utf-8")
    draft.replace(path)
    return started


def taken(folder: Path) -> bool:
    """Whether `folder` holds a session already."""
    return (folder / FILE).exists()
