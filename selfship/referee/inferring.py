"""What a recording lets one know: how each order stood when an item reached it, inferred from what the host answered.

Where more than one state is possible all are kept, so that nobody is accused on a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from selfship import answers
from selfship.answers import Kind
from selfship.lifecycle import COARSE, JOURNEY_OF, Event, Journey, State, cell
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.referee.calls import Auth, Call, Facts, Item, event_in, items_of, onward
from selfship.referee.journal import Mask, moment
from selfship.referee.plan import PartnerPlan
from selfship.referee.recording import Heard
from selfship.tokens import find_token

_TOKEN_NAMES = ("token", "access_token", "accesstoken", "x-access-token", "x_access_token", "authtoken")
_SHORTEST = 8
_LEADS_TO = {
    Event.PACK: State.BAG_PACKED,
    Event.DISPATCH: State.HANDED_OVER_TO_DG,
    Event.CREDIT_NOTE: State.CREDIT_NOTE_GENERATED,
    Event.CONFIRM: State.BAG_CONFIRMED,
    Event.INVOICE: State.BAG_INVOICED,
}
"""Where an event leads that the table leaves open in that state, and the host takes all the same."""
_FORWARD = frozenset(state for state, journey in JOURNEY_OF.items() if journey is not Journey.RETURN)
_RETURN = frozenset(state for state, journey in JOURNEY_OF.items() if journey is Journey.RETURN)


@dataclass
class Known:
    """What is known of one order so far: the states that it can be in, empty where nothing is known.

    `told`: those to which the last item led that the host took.
    """

    states: frozenset[State] = frozenset()
    told: frozenset[State] = frozenset()
    is_return: bool | None = None
    self_ship: bool | None = None
    awb: str | None = None
    courier: str | None = None
    auto: bool = False

    def learn(self, shown: frozenset[State]) -> None:
        """A read shows one of these. A host may show late what it has taken: then that stays possible."""
        if self.told & shown:
            self.told &= shown
            self.states = self.told
        else:
            self.states = self.told | (self.states & shown or shown)

    def facts(self) -> Facts:
        states = tuple(state for state in State if state in self.states)
        return Facts(states, self.is_return, self.self_ship, self.awb, self.courier, self.auto)


@dataclass
class Tracker:
    """Turns recorded calls, in the order in which they were made, into calls for the judge; masks their secrets."""

    orders: dict[str, Known] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)
    issued: set[str] = field(default_factory=set)
    _mask: Mask = field(default_factory=lambda: Mask(PartnerPlan(), "", ""))

    def call(self, heard: Heard, seq: int) -> Call:
        token = next((value for name, value in heard.headers if name.lower() == TOKEN_HEADER), "")
        query = parse_qsl(urlsplit(heard.url).query)
        new = find_token(heard.answer) if heard.operation == "token" and _ok(heard) else None
        bearer = next((value.partition(" ")[2] for name, value in heard.headers if name.lower() == "authorization"), "")
        elsewhere = (
            [value for name, value in query if self._is_token(name, value)] if heard.operation != "token" else []
        )
        password = [value for name, value in query if name.lower() == "password"]
        secrets = [text for text in (token, new, bearer, *elsewhere, *password) if text and len(text) >= _SHORTEST]
        begun = heard.begun or 0.0
        call = Call(
            self._mask.exchange(
                secrets,
                seq=seq,
                started=moment(begun),
                scenario="recording",
                step="",
                operation=heard.operation,
                method=heard.method,
                url=heard.url,
                request_headers=heard.headers,
                request_body=heard.body,
                status=heard.status,
                response_headers=heard.answer_headers,
                response_body=heard.answer,
                elapsed_ms=heard.elapsed_ms,
                error=None if heard.status else "timeout",
            ),
            heard.operation,
            begun,
            begun + heard.elapsed_ms / 1000,
            self._auth(heard, token),
            (*(["query"] if elsewhere else []), *(["authorization"] if bearer in self._tokens() else [])),
            connection=heard.connection,
        )
        if new:
            self.issued.add(new)
        if OPERATIONS[heard.operation].writes:
            call = replace(call, items=tuple(self._items(call)))
        self._learn(call)
        return call

    def _tokens(self) -> set[str]:
        return self.good | self.issued

    def _is_token(self, name: str, value: str) -> bool:
        return value in self._tokens() or (name.lower() in _TOKEN_NAMES and len(value) >= _SHORTEST)

    def _auth(self, heard: Heard, token: str) -> Auth:
        """As far as the answer tells: a token that worked before and is then answered 401 has expired."""
        if heard.operation == "token" or heard.status is None:
            return "none"
        if heard.status == 401 and not token:
            # A recording may leave the header out of every call: only if it has it elsewhere was it missing here.
            return "missing" if self.good else "none"
        if heard.status == 401:
            return "expired" if token in self._tokens() else "none"
        if not token:
            return "none"
        if heard.status < 500 and heard.status != 403:
            self.good.add(token)
            return "good"
        return "none"

    def _items(self, call: Call) -> Iterable[Item]:
        bodies = items_of(call.exchange.sent)
        taken = _taken(call, bodies)
        for body, was_taken in zip(bodies, taken, strict=True):
            order_id, event = body.get("orderId"), event_in(call.operation, body)
            if not isinstance(order_id, str):
                yield Item(order_id, body, event, None, was_taken)
                continue
            known = self.orders.setdefault(order_id, Known())
            yield Item(order_id, body, event, known.facts(), was_taken)
            if event is not None and was_taken is not False:
                _moved(known, event, body, sure=was_taken is True)

    def _learn(self, call: Call) -> None:
        for shown in call.shown:
            known = self.orders.setdefault(shown.order_id, Known())
            if shown.is_return is not None:
                known.is_return = shown.is_return
            if shown.self_ship is not None:
                known.self_ship = shown.self_ship
            if shown.awbs:
                known.awb, known.courier = shown.awbs[-1], shown.courier
            elif shown.awbs is not None and not known.awb:
                known.awb = known.courier = ""
            states = _named(shown.status, known.is_return)
            if shown.awbs == ():
                states -= {State.RETURN_BAG_IN_TRANSIT}
            known.learn(states)


def _ok(heard: Heard) -> bool:
    return heard.status is not None and 200 <= heard.status < 300


def _named(status: str, is_return: bool | None) -> frozenset[State]:
    """The states that a coarse status can mean; empty where nobody knows."""
    found = frozenset(state for state, names in COARSE.items() if status in names)
    if is_return is None:
        return found
    # A credit note, and a delivered return, end an RTO as well.
    return found & (_RETURN if is_return else _FORWARD | {State.CREDIT_NOTE_GENERATED})


def _moved(known: Known, event: Event, body: Mapping[str, Any], *, sure: bool) -> None:
    """Where a taken event has led; where it may have, what was possible before stays possible."""
    # What the host took tells where the order was: where that is documented, if it may have been there.
    apt = [state for state in known.states if cell(state, event).outcome == "accept"] or known.states
    after = frozenset(then for state in apt for then in onward(_to(state, event, known)))
    known.states = after if sure else known.states | after
    known.told = after if sure else frozenset()
    if event in (Event.AWB, Event.AUTO_DISPATCH):
        known.auto |= event is Event.AUTO_DISPATCH and known.is_return is False and sure
        known.awb, known.courier = (body.get("awbNumber"), body.get("courierName")) if sure else (None, None)


def _to(state: State, event: Event, known: Known) -> State | None:
    if (to := cell(state, event).to) is not None:
        return to
    if event is Event.AUTO_DISPATCH and known.is_return is False:
        return State.BAG_PICKED
    if event is Event.ACCEPT_RETURN:
        return State.RETURN_ACCEPTED if known.is_return else State.RTO_BAG_ACCEPTED
    if event in (Event.AWB, Event.AUTO_DISPATCH):
        return state
    if event in (Event.CANCEL, Event.CANCEL_SOME):
        return None
    return _LEADS_TO.get(event) or State(event.value)


def _taken(call: Call, bodies: list[Mapping[str, Any]]) -> list[bool | None]:
    """Of each item whether it was taken; None where the answer does not say."""
    answer = answers.read(call.exchange, len(bodies))
    if answer.kind is Kind.ACCEPTED:
        return [True] * len(bodies)
    if answer.kind is Kind.REFUSED:
        return [False] * len(bodies)
    if answer.kind is not Kind.PARTIAL or answer.envelope is None:
        return [None] * len(bodies)
    told = set(answers.texts(answer.envelope.errors))
    named = [any(str(body.get("orderId")) in text for text in told) for body in bodies]
    if sum(named) == answer.failed:
        return [not one for one in named]
    return [None] * len(bodies)
