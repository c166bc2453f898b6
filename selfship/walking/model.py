"""What the rules say of the next event on one order of a walk: the lifecycle table, and the way that led there.

The table alone cannot say it all: a second AWB, the edition, what the host does by itself, and rules that speak of the
way an order went. Where the rules are silent, or only advise, a walk judges nothing. Sends nothing, knows no host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selfship import lifecycle
from selfship.lifecycle import AUTOMATIC, JOURNEY_OF, NDR_EVENTS, SWITCHED, Cell, Event, Journey, State
from selfship.ways import AWB_EVENTS

ALPHABET = tuple(event for event in Event if event is not Event.CANCEL_SOME)
"""What a walk fires. Of a part of an order only some orders have one: the matrix probes that."""

_CURRENT_BY_ITSELF = {
    (State.RTO_BAG_ACCEPTED, Event.RTO_BAG_DELIVERED),
    (State.CREDIT_NOTE_GENERATED, Event.RTO_BAG_DELIVERED),
    (State.CREDIT_NOTE_GENERATED, Event.RETURN_BAG_DELIVERED),
    (State.RETURN_ACCEPTED, Event.RETURN_BAG_DELIVERED),
}
"""Where automatic steps leave the last pushed status the current one, and of that STA-13 speaks."""


@dataclass(frozen=True)
class Reading:
    """How a host reads the documents: edition and switches (None while unknown); `advice`: rules that only advise."""

    edition: str | None = "extended"
    switches: Mapping[str, str | None] = field(default_factory=dict)
    advice: frozenset[str] = frozenset()

    @property
    def automatic(self) -> bool:
        """Whether the host ends a return by itself."""
        return "auto" in (self.switches.get("credit_note"), self.switches.get("rto_acceptance"))


@dataclass
class Model:
    """One order of a walk, as far as it was led. `lost`: its state is no longer known, so nothing is judged of it."""

    state: State
    awb: bool = False
    lost: bool = False
    history: list[Event] = field(default_factory=list)

    @property
    def is_return(self) -> bool:
        return JOURNEY_OF[self.state] is Journey.RETURN and Event.RTO_BAG_DELIVERED not in self.history

    def cell(self, event: Event, reading: Reading) -> Cell:
        """What a conforming host does with `event` now; an `observe` cell where nothing is to be judged."""
        entry = lifecycle.cell(self.state, event)
        judged = not (
            self.lost
            or (event in NDR_EVENTS and reading.edition != "extended")
            or (entry.needs_awb and not self.awb)
            or (event in AWB_EVENTS and entry.outcome != "refuse" and self.awb)
            or (event is Event.CREDIT_NOTE and entry.outcome == "refuse" and not self.is_return)
            or (reading.automatic and (self.state, event) in _CURRENT_BY_ITSELF)
            or entry.rule in reading.advice
        )
        return entry if judged else Cell("observe", entry.rules)

    def take(self, event: Event, cell: Cell, reading: Reading) -> None:
        """`event` was taken as `cell` says: on to where the host's automatic steps lead from there."""
        self.history.append(event)
        self.awb = self.awb or event in AWB_EVENTS
        state = cell.to or self.state
        while True:
            if state in AUTOMATIC:
                state = AUTOMATIC[state]
                continue
            switch, then = SWITCHED.get(state, (None, state))
            setting = "manual" if switch is None else reading.switches.get(switch)
            # Nobody knows yet whether this host goes on by itself.
            self.lost = self.lost or setting is None
            if setting != "auto":
                break
            state = then
        self.state = state

    def broken_rule(self, event: Event, cell: Cell) -> tuple[str, bool]:
        """The rule that the opposite of `cell` breaks here, and whether it is the cell's own: some speak of the way."""
        tried = Event.AUTO_DISPATCH in self.history
        if tried and self.state is State.RETURN_DP_ASSIGNED and event not in AWB_EVENTS:
            return "AUT-3", False
        if tried and self.history[-1] is Event.AUTO_DISPATCH and event is Event.DELIVERY_DONE:
            return "AUT-2", False
        if self.history[-1:] == [Event.INVOICE] and cell.outcome == "accept":
            # On an order that was found in dp_assigned it is taken: this one never got there by itself.
            return "FWD-2", False
        return cell.rule or "", True
