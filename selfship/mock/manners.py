"""The hooks of the conforming variants that take more than a line: other shapes, statuses and small courtesies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.answers import DROPPED, Answer, Tally, envelope, error
from selfship.mock.codes import Refusal
from selfship.mock.conduct import Ruling, refuse, take
from selfship.mock.points import Ask, Hook
from selfship.operations import OPERATIONS

EVERY = 20
"""Of so many reads, a flaky host has one answered 503."""
EVERY_WRITE = 40
"""Of so many writes, one is lost on the way."""


def refusals_as(status: int) -> Hook:
    """Without an envelope, where nothing of the request was taken."""

    def hook(answer: Answer, ask: Ask) -> Answer:
        tally: Tally | None = ask.envelope
        if tally is None or not tally.failed or tally.success:
            return answer
        first = tally.errors[0]
        return error(status, first["code"], first["message"], details=tally.errors)

    return hook


def status_for(was: int, now: int) -> Hook:
    def hook(answer: Answer, _: Ask) -> Answer:
        answer.status = now if answer.status == was else answer.status
        return answer

    return hook


def too_many_as(status: int) -> Hook:
    def hook(answer: Answer, _: Ask) -> Answer:
        if answer.status == 400 and answer.content["message"].startswith("at most"):
            answer.status = status
        return answer

    return hook


def counts_nothing(answer: Answer, ask: Ask) -> Answer:
    empty = answer.status == 400 and answer.content["message"] == "the array is empty"
    return Answer(200, envelope(ask.operation, Tally(0))) if empty and OPERATIONS[ask.operation].writes else answer


def errors_as_text(tally: Tally, _: Ask) -> Tally:
    tally.errors = [f"{error['orderId']}: {error['code']} {error['message']}" for error in tally.errors]
    return tally


def platform_errors(tally: Tally, _: Ask) -> Tally:
    tally.errors = [
        {
            "identifier": error["orderId"],
            "status": 400,
            "code": error["code"],
            "message": error["message"],
            "exception": "ValidationError",
            "stack_trace": None,
            "meta": {},
        }
        for error in tally.errors
    ]
    return tally


def more_fields(answer: Answer, _: Ask) -> Answer:
    answer.headers["X-Request-Id"] = "7f3c"
    answer.content = _more(answer.content)
    return answer


def _more(content: Any) -> Any:
    if isinstance(content, dict):
        return {"zz_version": 3, **{key: _more(value) for key, value in content.items()}, "zz_links": {"self": None}}
    return [_more(entry) for entry in content] if isinstance(content, list) else content


def with_charset(answer: Answer, _: Ask) -> Answer:
    answer.media = f"{answer.media.title()}; charset=UTF-8" if answer.media.endswith("json") else answer.media.upper()
    return answer


def empty_as_404(answer: Answer, ask: Ask) -> Answer:
    empty = ask.operation == "shipment" and answer.status == 200 and answer.content == []
    return error(404, "NOT_FOUND", "no orders") if empty else answer


def token_as(name: str) -> Hook:
    def hook(answer: Answer, ask: Ask) -> Answer:
        if ask.operation == "token" and answer.status == 200:
            answer.content = {name: answer.content["access_token"], "callStatus": "SUCCESS"}
        return answer

    return hook


def token_nested(answer: Answer, ask: Ask) -> Answer:
    if ask.operation == "token" and answer.status == 200:
        answer.content = {"status": "success", "data": {"token": answer.content["access_token"], "expires_in": 3600}}
    return answer


def token_as_text(answer: Answer, ask: Ask) -> Answer:
    if ask.operation == "token" and answer.status == 200:
        return Answer(200, answer.content["access_token"].encode(), "text/plain")
    return answer


def unavailable_once(answer: Answer | None, ask: Ask) -> Answer | None:
    """Of the reads every twentieth, but never the same one twice: asked again, it is served."""
    if ask.operation not in ("shipment", "info"):
        return answer
    asked = (ask.operation, *sorted(ask.query.items()))
    served: set[Any] = ask.memory.setdefault("unavailable", set())
    ask.memory["reads"] = ask.memory.get("reads", 0) + 1
    if ask.memory["reads"] % EVERY or asked in served:
        return answer
    served.add(asked)
    busy = error(503, "UNAVAILABLE", "try again")
    busy.headers["Retry-After"] = "1"
    return busy


def _one_of_many(ask: Ask) -> bool:
    ask.memory["writes"] = ask.memory.get("writes", 0) + 1
    return bool(ask.memory["writes"] % EVERY_WRITE == 0)


def dropped_before(answer: Answer | None, ask: Ask) -> Answer | None:
    writes = OPERATIONS[ask.operation].writes
    return Answer(DROPPED, None) if writes and _one_of_many(ask) else answer


def dropped_after(answer: Answer, ask: Ask) -> Answer:
    writes = ask.operation in OPERATIONS and OPERATIONS[ask.operation].writes
    return Answer(DROPPED, None) if writes and _one_of_many(ask) else answer


def shown_in_utc(shown: dict[str, Any], _: Ask) -> dict[str, Any]:
    return {
        **shown,
        "orderDate": shown["orderDate"].replace("+00:00", ".000Z"),
        "modifiedDate": f"{shown['modifiedDate']}Z",
    }


def days_in_utc(query: dict[str, str], _: Ask) -> dict[str, str]:
    moments = {"orderDateFrom": "T00:00:00+00:00", "orderDateTo": "T23:59:59+00:00"}
    return {name: text + moments[name] if name in moments and len(text) == 10 else text for name, text in query.items()}


def end_exclusive(query: dict[str, str], _: Ask) -> dict[str, str]:
    text = query.get("orderDateTo", "")
    if len(text) != 10:
        return query
    try:
        day = datetime.fromisoformat(text) - timedelta(seconds=1)
    except ValueError:
        return query
    return {**query, "orderDateTo": day.isoformat()}


def no_repetition(ruling: Ruling, ask: Ask) -> Ruling:
    again = ask.item.get("orderId") in ask.ids[: ask.index]
    return refuse("DUPLICATE", "the order stands in this request already") if again else ruling


def repush_taken(ruling: Ruling, ask: Ask) -> Ruling:
    same = ask.operation == "status" and ask.order is not None and ask.item.get("orderStatus") == ask.order.state
    return Ruling(counted=True, applies=False) if same and ask.event is not None else ruling


def confirm_again_taken(ruling: Ruling, ask: Ask) -> Ruling:
    past = ask.event is Event.CONFIRM and ask.order is not None and not ask.order.is_return
    again = past and ask.order is not None and ask.order.state not in (State.PLACED, State.CANCELLED)
    return Ruling(counted=True, applies=False) if again else ruling


def attempts_in_any_order(events: tuple[Event, ...], states: tuple[State, ...]) -> Hook:
    """Each of `events` leads to the state of its own name from any of `states`."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if ruling.counted or ask.event not in events or ask.order is None or ask.order.state not in states:
            return ruling
        return take(State(ask.event.value))

    return hook


def out_of_strict_order(ask: Ask) -> bool:
    """What the documents leave open once an order is out for delivery."""
    if ask.order is None:
        return False
    failed = ask.order.state is State.DELIVERY_ATTEMPT_FAILED
    tried = failed or ask.order.state in (State.OUT_FOR_DELIVERY, State.DELIVERY_REATTEMPT_REQUESTED)
    early = failed and ask.event in (Event.OUT_FOR_DELIVERY, Event.DELIVERY_DONE)
    return early or (tried and ask.event is Event.RTO_BAG_DELIVERED)


def loose_auto_dispatch(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    if refusal is None or not refusal.message.startswith("autoDispatch"):
        return refusal
    given = ask.item.get("autoDispatch", False)
    if given not in ("true", "false", False):
        return refusal
    ask.item["autoDispatch"] = given == "true"
    return None


def printed_once_invoiced(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    invoiced = ask.order is not None and ask.order.invoice_number is not None
    return None if refusal and refusal.code == "IN403" and invoiced else refusal
