"""ELI, VAL and the enum of /status: faults in what an item may hold and which orders it may touch."""

from __future__ import annotations

from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock import codes
from selfship.mock.answers import Answer, Tally
from selfship.mock.answers import envelope as enveloped
from selfship.mock.codes import INVALID_ITEM, Refusal
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import Fault, always, both, not_, on, returns, state, when
from selfship.mock.order import Order
from selfship.mock.points import Ask, Hook, Point
from selfship.operations import WRITES

S, E = State, Event


def _read_as(cleaned: str) -> Event | None:
    return next((known for known in Event if known.value == cleaned), None)


def _any_case(event: Event | None, ask: Ask) -> Event | None:
    return event or _read_as(ask.item["orderStatus"].lower())


def _padded(event: Event | None, ask: Ask) -> Event | None:
    return event or _read_as(ask.item["orderStatus"].strip())


def _strange_is_counted(ruling: Ruling, _: Ask) -> Ruling:
    if ruling.message.startswith("orderStatus is not one of"):
        return Ruling(counted=True, applies=False)
    return ruling


def _dp_assigned_is_counted(ruling: Ruling, ask: Ask) -> Ruling:
    if ask.item.get("orderStatus") in ("dp_assigned", "return_dp_assigned") and ask.order is not None:
        return Ruling(counted=True, applies=False)
    return ruling


def _notes_unknown(order: Order | None, ask: Ask) -> Order | None:
    ask.scratch["unknown"] = order is None
    return order


def _unknown_is_counted(ruling: Ruling, ask: Ask) -> Ruling:
    if ask.scratch.get("unknown") and not ruling.counted and ask.item.get("orderId"):
        return Ruling(counted=True, applies=False)
    return ruling


def _unknown_taken(operation: str) -> Fault:
    how = f"counts an unknown order in {operation} as successful"
    also = ((Point.RULING, when(on(operation), _unknown_is_counted)),)
    return Fault(
        f"{operation.lower()}_of_unknown_order", "ELI-3", how, Point.FOUND, _notes_unknown, also, breaks_too=("BAT-1",)
    )


def _optional(name: str, rule: str, operation: str, field: str, default: str, how: str) -> Fault:
    """`field` may be missing: then it is taken to be `default`."""

    def hook(refusal: Refusal | None, ask: Ask) -> Refusal | None:
        if refusal and refusal.message == f"{field} is required":
            ask.item[field] = default
            return None
        return refusal

    return Fault(name, rule, how, Point.VALID, when(on(operation), hook))


def _without_id(ruling: Ruling, _: Ask) -> Ruling:
    return Ruling(counted=True, applies=False) if ruling.message == "orderId is required" else ruling


def _loose(name: str, operation: str, field: str, how: str, kind: type) -> Fault:
    """`field` may be of `kind`, and empty: it is taken as text."""

    def hook(refusal: Refusal | None, ask: Ask) -> Refusal | None:
        value = ask.item.get(field)
        if refusal and refusal.message == f"{field} is not valid" and isinstance(value, kind):
            ask.item[field] = str(value)
            return None
        return refusal

    return Fault(name, "VAL-2", how, Point.VALID, when(on(operation), hook))


def _no_json_is_success(answer: Answer, ask: Ask) -> Answer:
    if answer.status == 400 and answer.content.get("message") == "the body is not JSON":
        return Answer(200, enveloped(ask.operation, Tally(payload=0)))
    return answer


def _trims_garbage(raw: bytes, _: Ask) -> bytes:
    """Reads up to the last bracket, whatever follows."""
    end = raw.rfind(b"]")
    return raw[: end + 1] if end >= 0 else raw


def _empty_body_is_empty_batch(answer: Answer, ask: Ask) -> Answer:
    return Answer(200, enveloped(ask.operation, Tally(payload=0))) if ask.scratch.get("bodyless") else answer


def _notes_empty_body(raw: bytes, ask: Ask) -> bytes:
    ask.scratch["bodyless"] = not raw.strip()
    return raw


def _one_is_a_batch(body: Any, _: Ask) -> Any:
    return [body] if isinstance(body, dict) else body


def _meta_without(name: str) -> Hook:
    def hook(refusal: Refusal | None, ask: Ask) -> Refusal | None:
        meta = ask.item.get("meta")
        refused = isinstance(meta, dict) and name in meta
        return Refusal(INVALID_ITEM, f"meta.{name} is unknown") if refused else refusal

    return hook


def _meta_wanted(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    """Wants `meta` with a failed attempt, where the courier's reason would stand."""
    wanted = ask.item.get("orderStatus") == E.DELIVERY_ATTEMPT_FAILED and "meta" not in ask.item
    return Refusal(INVALID_ITEM, "meta is required") if wanted else refusal


def _marketplace(ask: Ask) -> bool:
    return ask.order is not None and not ask.order.self_ship


def _not_eligible(ruling: Ruling, ask: Ask) -> Ruling:
    """Records the AWB of a marketplace order though the item is refused."""
    if ruling.code == codes.NOT_SELF_SHIP and ask.operation == "awb" and ask.order is not None:
        ask.event = E.AWB
        return Ruling(counted=False, applies=True, code=ruling.code, message=ruling.message)
    return ruling


def _transit(ruling: Ruling, ask: Ask) -> Ruling:
    if not ruling.counted and _marketplace(ask) and both(on("status"), state(S.RETURN_DP_ASSIGNED))(ask):
        taken = ask.event is E.RETURN_BAG_IN_TRANSIT
        return Ruling(counted=True, applies=True, to=S.RETURN_BAG_IN_TRANSIT) if taken else ruling
    return ruling


ENUM = (
    Fault("uppercase_status", "STA-5", "takes a status in upper case", Point.EVENT, when(on("status"), _any_case)),
    Fault("padded_status", "STA-5", "takes a status with spaces around it", Point.EVENT, when(on("status"), _padded)),
    Fault(
        "strange_status_is_counted",
        "STA-5",
        "counts any unknown status as successful",
        Point.RULING,
        when(on("status"), _strange_is_counted),
        breaks_too=("BAT-1",),
    ),
    Fault(
        "dp_assigned_is_a_status",
        "STA-5",
        "counts dp_assigned, which is no value of the enum, as successful",
        Point.RULING,
        when(on("status"), _dp_assigned_is_counted),
        breaks_too=("BAT-1",),
    ),
)

ELIGIBLE = (
    Fault(
        "awb_on_marketplace_order",
        "ELI-1",
        "takes an AWB for an order that is not self-ship",
        Point.ELIGIBLE,
        when(both(on("awb"), not_(returns)), always(True)),
    ),
    Fault(
        "awb_on_marketplace_return",
        "ELI-1",
        "takes an AWB for a return that is not self-ship",
        Point.ELIGIBLE,
        when(both(on("awb"), returns), always(True)),
    ),
    Fault(
        "refused_marketplace_awb_is_recorded",
        "ELI-1",
        "refuses the AWB of an order that is not self-ship, and records it",
        Point.RULING,
        _not_eligible,
        breaks_too=("BAT-1",),
    ),
    Fault(
        "status_on_marketplace_order",
        "ELI-2",
        "takes a status for an order that is not self-ship",
        Point.ELIGIBLE,
        when(both(on("status"), not_(returns)), always(True)),
    ),
    Fault(
        "status_on_marketplace_return",
        "ELI-2",
        "takes a status for a return that is not self-ship, without any AWB",
        Point.ELIGIBLE,
        when(both(on("status"), returns), always(True)),
        ((Point.RULING, _transit),),
    ),
    *(_unknown_taken(operation) for operation in WRITES),
)


VALUES = (
    _optional("awb_without_number", "VAL-1", "awb", "awbNumber", "NONE", "takes Update AWB without an awbNumber"),
    _optional("awb_without_courier", "VAL-1", "awb", "courierName", "Other", "takes Update AWB without a courierName"),
    _optional(
        "status_without_status",
        "VAL-1",
        "status",
        "orderStatus",
        "bag_picked",
        "takes a missing orderStatus for bag_picked",
    ),
    _optional(
        "invoice_without_number",
        "VAL-1",
        "invoiceUpdate",
        "invoiceNumber",
        "NONE",
        "takes an invoice without an invoiceNumber",
    ),
    _optional(
        "invoice_without_type",
        "VAL-1",
        "invoiceUpdate",
        "invoiceType",
        "sale",
        "takes an invoice without an invoiceType for a sale",
    ),
    Fault(
        "item_without_id_is_counted",
        "VAL-1",
        "counts an item without an orderId as successful",
        Point.RULING,
        _without_id,
        breaks_too=("BAT-1",),
    ),
    _loose("awb_number_may_be_a_number", "awb", "awbNumber", "takes a number for awbNumber", int),
    _loose("courier_name_may_be_empty", "awb", "courierName", "takes an empty courierName", str),
    _loose("invoice_number_may_be_empty", "invoiceUpdate", "invoiceNumber", "takes an empty invoiceNumber", str),
    Fault(
        "no_json_is_success",
        "VAL-3",
        "answers a body that is not JSON with an empty success",
        Point.ANSWER,
        when(on(*WRITES), _no_json_is_success),
    ),
    Fault(
        "trailing_garbage_is_ignored",
        "VAL-3",
        "ignores whatever follows the array",
        Point.RAW,
        when(on(*WRITES), _trims_garbage),
    ),
    Fault(
        "no_body_is_success",
        "VAL-3",
        "answers a request without a body with an empty success",
        Point.RAW,
        when(on("awb", "status"), _notes_empty_body),
        ((Point.ANSWER, _empty_body_is_empty_batch),),
    ),
    Fault(
        "one_item_needs_no_array",
        "VAL-4",
        "takes a single item without an array",
        Point.BODY,
        when(on(*WRITES), _one_is_a_batch),
    ),
    Fault(
        "meta_reason_is_refused",
        "VAL-5",
        "refuses a status with meta.reasonCode",
        Point.VALID,
        when(on("status"), _meta_without("reasonCode")),
    ),
    Fault(
        "meta_date_is_refused",
        "VAL-5",
        "refuses a status with meta.promised_delivery_date",
        Point.VALID,
        when(on("status"), _meta_without("promised_delivery_date")),
    ),
    Fault(
        "failed_attempt_wants_meta",
        "VAL-5",
        "refuses delivery_attempt_failed without meta",
        Point.VALID,
        when(on("status"), _meta_wanted),
    ),
)

FAULTS = (*ENUM, *ELIGIBLE, *VALUES)
