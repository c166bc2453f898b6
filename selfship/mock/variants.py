"""Hosts that differ from the plain mock and conform all the same: no MUST may be held against any of them.

Each takes another reading of what the documents leave open. `switches` is what the tester of such a host would write
in its profile, where the difference has a switch; None leaves one open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from selfship.errors import UsageError
from selfship.lifecycle import NDR_EVENTS, Event, State
from selfship.mock import manners
from selfship.mock.conduct import TAKEN_WITHOUT_AWB
from selfship.mock.faults.fault import always, both, event, not_, on, refuses, returns, state, takes, when
from selfship.mock.points import Ask, Hook, Point
from selfship.mock.settings import MockSettings
from selfship.nearest import hint

S, E = State, Event
_ON_THE_WAY = (S.BAG_PICKED, S.OUT_FOR_DELIVERY, S.DELIVERY_ATTEMPT_FAILED, S.DELIVERY_REATTEMPT_REQUESTED)
_OWN_NAMES = {
    S.OUT_FOR_DELIVERY: "OUT_FOR_DELIVERY",
    S.DELIVERY_ATTEMPT_FAILED: "DELIVERY_FAILED",
    S.DELIVERY_REATTEMPT_REQUESTED: "REATTEMPT",
    S.RETURN_BAG_IN_TRANSIT: "RETURN_IN_TRANSIT",
}


@dataclass(frozen=True)
class Variant:
    """`settings` override the mock's own; `population` where it needs other orders than the usual ones."""

    name: str
    how: str
    hooks: tuple[tuple[Point, Hook], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)
    population: str | None = None


def _has_awb(ask: Ask) -> bool:
    return ask.order is not None and bool(ask.order.awb)


def _has_invoice(ask: Ask) -> bool:
    return ask.order is not None and ask.order.invoice_number is not None


def _own_name(status: str, ask: Ask) -> str:
    return _OWN_NAMES.get(ask.order.state, status) if ask.order else status


def _set(name: str, how: str, switches: Mapping[str, Any] | None = None, **settings: Any) -> Variant:
    """A variant that is only a matter of settings."""
    return Variant(name, how, settings=settings, switches=settings if switches is None else switches)


def _one(name: str, how: str, point: Point, hook: Hook) -> Variant:
    return Variant(name, how, ((point, hook),))


_ANSWERING = (
    _one(
        "refusals_are_400", "answers 400 where nothing of a request was taken", Point.ANSWER, manners.refusals_as(400)
    ),
    _one(
        "refusals_are_422", "answers 422 where nothing of a request was taken", Point.ANSWER, manners.refusals_as(422)
    ),
    _one("too_many_is_413", "answers 413 to more than 20 items", Point.ANSWER, manners.too_many_as(413)),
    _one("empty_batch_is_counted", "counts an empty array 0 in an envelope", Point.ANSWER, manners.counts_nothing),
    _one(
        "no_token_is_403",
        "answers 403 where the token is missing or unknown",
        Point.ANSWER,
        manners.status_for(401, 403),
    ),
    _one("errors_are_text", "writes errors as strings", Point.ENVELOPE, manners.errors_as_text),
    _one(
        "errors_of_another_shape",
        "writes errors as the platform behind the host does",
        Point.ENVELOPE,
        manners.platform_errors,
    ),
    _one("extra_fields", "adds fields of its own to everything", Point.ANSWER, manners.more_fields),
    _one(
        "charset_in_media_types",
        "writes media types with a charset, in other letters",
        Point.ANSWER,
        manners.with_charset,
    ),
    _one("empty_listing_is_404", "answers 404 where a listing is empty", Point.ANSWER, manners.empty_as_404),
    _one("token_as_auth_token", "calls the token authToken", Point.ANSWER, manners.token_as("authToken")),
    _one("token_nested", "nests the token in an object", Point.ANSWER, manners.token_nested),
    _one("token_as_text", "answers with the bare token as text", Point.ANSWER, manners.token_as_text),
    Variant("flaky_reads", "answers some reads 503 with Retry-After once", ((Point.BEFORE, manners.unavailable_once),)),
    Variant(
        "dates_in_utc",
        "writes dates with a Z, and reads days as days of UTC",
        ((Point.SHOWN, manners.shown_in_utc), (Point.QUERY, manners.days_in_utc)),
    ),
    _one("window_ends_before_the_day", "takes orderDateTo as exclusive", Point.QUERY, manners.end_exclusive),
    _one("newest_first", "lists the newest order first", Point.LISTING, lambda orders, _: orders[::-1]),
)

_APPLYING = (
    _one("all_or_nothing", "takes a batch whole or not at all", Point.WHOLE, always(True)),
    Variant(
        "all_or_nothing_409",
        "refuses a whole batch with 409 for one bad item",
        ((Point.WHOLE, always(True)), (Point.ANSWER, manners.refusals_as(409))),
    ),
    _set("applies_later", "applies what it took half a second later", {"settle": 5.0}, settle=0.5),
    _set("assigns_later", "assigns the courier half a second after the invoice", {"settle": 5.0}, automatic=0.5),
    _one(
        "repeated_orders_refused",
        "refuses a second item of an order in one request",
        Point.RULING,
        manners.no_repetition,
    ),
    _one("repush_taken", "takes the current status again, unchanged", Point.RULING, manners.repush_taken),
    _one("confirm_again_taken", "takes a second Confirm, unchanged", Point.RULING, manners.confirm_again_taken),
)

_READING = (
    _set("strict_edition", "knows the five values of the older documents", edition="strict"),
    _set("auto_invoicing", "invoices a confirmed order by itself", invoicing="auto"),
    _set("auto_credit_note", "makes the credit note of an accepted return by itself", credit_note="auto"),
    _set("auto_rto_acceptance", "accepts a delivered RTO by itself", rto_acceptance="auto"),
    _set(
        "all_automatic",
        "invoices, accepts and credits by itself",
        invoicing="auto",
        credit_note="auto",
        rto_acceptance="auto",
    ),
    _set(
        "own_steps_soon",
        "invoices, accepts and credits by itself half a second later, and takes each from a client that comes first",
        {"settle": 5.0, "invoicing": None, "credit_note": None, "rto_acceptance": None},
        invoicing="auto",
        credit_note="auto",
        rto_acceptance="auto",
        automatic=0.5,
    ),
    _set("location_credentials", "issues credentials for one location", auth="location"),
    _set("small_pages", "answers five orders a page at most", page_size=5),
    _set("pages_from_zero", "numbers its pages from 0", {}, first_page=0),
    _one(
        "accepted_is_completed",
        "calls an accepted return RETURN_COMPLETED",
        Point.STATUS,
        when(state(S.RETURN_ACCEPTED, S.RTO_BAG_ACCEPTED), always("RETURN_COMPLETED")),
    ),
    _one(
        "own_statuses", "has statuses of its own for failed deliveries and returns in transit", Point.STATUS, _own_name
    ),
    _one(
        "handed_over_is_transit",
        "shows a dispatched order as TRANSIT",
        Point.STATUS,
        when(state(S.HANDED_OVER_TO_DG), always("TRANSIT")),
    ),
    _one(
        "late_cancellation_is_a_return",
        "shows an order that was cancelled after invoicing as RETURN_DELIVERED",
        Point.STATUS,
        when(both(state(S.CANCELLED), _has_invoice), always("RETURN_DELIVERED")),
    ),
)

_OBSERVED = (
    _one(
        "auto_dispatch_on_return_refused",
        "refuses autoDispatch on a return",
        Point.RULING,
        refuses(both(event(E.AUTO_DISPATCH), returns)),
    ),
    _one(
        "attempts_in_any_order",
        "takes the three optional steps in any order",
        Point.RULING,
        manners.attempts_in_any_order(NDR_EVENTS, _ON_THE_WAY),
    ),
    _one(
        "attempts_in_strict_order",
        "wants a reattempt after a failed delivery, and takes no RTO once out for delivery",
        Point.RULING,
        refuses(manners.out_of_strict_order),
    ),
    _one(
        "picked_at_once",
        "takes bag_picked without pack and dispatch",
        Point.RULING,
        takes(both(event(E.BAG_PICKED), state(S.DP_ASSIGNED, S.BAG_PACKED)), S.BAG_PICKED),
    ),
    _one(
        "pack_wants_awb",
        "refuses Pack before any AWB",
        Point.RULING,
        refuses(both(event(*TAKEN_WITHOUT_AWB), not_(_has_awb)), "CR400"),
    ),
    _one(
        "one_awb_for_good",
        "refuses a second AWB on an order",
        Point.RULING,
        refuses(both(event(E.AWB, E.AUTO_DISPATCH), not_(returns), _has_awb)),
    ),
    _one(
        "rto_credited_at_once",
        "takes the credit note of an RTO that nobody accepted",
        Point.RULING,
        takes(both(event(E.CREDIT_NOTE), state(S.RTO_BAG_DELIVERED)), S.CREDIT_NOTE_GENERATED),
    ),
    _one(
        "no_cancellation_once_invoiced",
        "refuses to cancel an invoiced order",
        Point.RULING,
        refuses(both(event(E.CANCEL), state(S.DP_ASSIGNED))),
    ),
    _one(
        "auto_dispatch_as_text",
        "takes autoDispatch as a string, and a missing one for false",
        Point.VALID,
        when(on("awb"), manners.loose_auto_dispatch),
    ),
    _one(
        "invoice_before_packing",
        "prints an invoice once the order is invoiced",
        Point.READY,
        when(on("invoice"), manners.printed_once_invoiced),
    ),
)

_PACE = (
    Variant(
        "drops_after_writing",
        "applies some writes and drops the connection before it answers",
        ((Point.ANSWER, manners.dropped_after),),
    ),
    Variant(
        "drops_before_writing",
        "drops the connection on some writes and applies nothing of them",
        ((Point.BEFORE, manners.dropped_before),),
    ),
    _set("slow", "answers a tenth of a second late", {}, latency=0.1),
    _set("rate_limited", "takes 150 requests a second and asks the others to wait", {}, rate=150.0),
    Variant("scarce_orders", "holds three orders and two returns", population="scarce"),
    Variant("one_order_one_return", "holds one order and one return", population="tiny"),
    Variant("few_orders", "holds ten orders and five returns", population="few"),
)

_ALL = (*_ANSWERING, *_APPLYING, *_READING, *_OBSERVED, *_PACE)


def variants() -> tuple[Variant, ...]:
    """Every conforming variant."""
    return _ALL


def chosen(names: Iterable[str]) -> list[Variant]:
    """The variants named. UsageError names the nearest right name of an unknown one."""
    known = {variant.name: variant for variant in _ALL}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no variant {name!r}: `selfship mock --list` names them{hint(name, known)}")
    return [known[name] for name in names]


def applied(settings: MockSettings) -> MockSettings:
    """`settings` as the variants that they name would have them."""
    for variant in chosen(settings.variants):
        settings = replace(settings, **variant.settings)
    return settings
