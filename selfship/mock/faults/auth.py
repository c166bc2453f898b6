"""AUTH: faults of credentials, tokens and locations."""

from __future__ import annotations

from collections.abc import Callable

from selfship.mock.answers import Answer, error
from selfship.mock.auth import Credential
from selfship.mock.faults.fault import Fault, always, both, not_, on, when
from selfship.mock.points import Ask, Point
from selfship.mock.settings import LOCATION, LOCATIONS

_ANYONE = Credential("anyone", "", frozenset(LOCATIONS))
_POINTS_TO = {"locationCode": LOCATION}


def _lets_in(credential: Credential | None, _: Ask) -> Credential | None:
    return credential or _ANYONE


def _no_token(ask: Ask) -> bool:
    return not ask.item.get("token")


def _some_token(ask: Ask) -> bool:
    return bool(ask.item.get("token"))


def _refuses_after_all(answer: Answer, ask: Ask) -> Answer:
    if ask.credential is _ANYONE:
        return error(401, "UNAUTHORIZED", "no token")
    return answer


def _named(credential: Credential | None, ask: Ask) -> Credential | None:
    """Whoever has the user name, whatever the password."""
    return credential or _by(ask, lambda known: known.username == ask.query.get("username"))


def _named_without_password(credential: Credential | None, ask: Ask) -> Credential | None:
    return credential if ask.query.get("password") else _named(credential, ask)


def _in_any_case(credential: Credential | None, ask: Ask) -> Credential | None:
    name, word = ask.query.get("username", ""), ask.query.get("password", "").lower()
    return credential or _by(ask, lambda known: known.username == name and known.password.lower() == word)


def _by(ask: Ask, test: Callable[[Credential], bool]) -> Credential | None:
    return next((known for known in ask.host.tokens.credentials if test(known)), None)


def _says_nothing(answer: Answer, _: Ask) -> Answer:
    if answer.status == 200:
        answer.content = {"status": "success"}
    return answer


def _second_is_dead(answer: Answer, ask: Ask) -> Answer:
    """The first token of a user works; those issued after it never do."""
    if answer.status == 200:
        seen = ask.memory.setdefault("logged in", set())
        if ask.query["username"] in seen:
            answer.content["access_token"] = answer.content["access_token"][::-1]
        seen.add(ask.query["username"])
    return answer


def _first_page(ask: Ask) -> bool:
    return ask.query.get("pageNumber", "1") == "1"


def _of_returns(ask: Ask) -> bool:
    return ask.query.get("orderStatus", "").startswith("RETURN")


def _at_blr(query: dict[str, str], _: Ask) -> dict[str, str]:
    return {**_POINTS_TO, **query}


def _later_item(ask: Ask) -> bool:
    return ask.index > 0


def _status(status: int) -> Callable[[Answer, Ask], Answer]:
    def hook(answer: Answer, ask: Ask) -> Answer:
        if answer.status == 401 and ask.operation != "token":
            answer.status = status
        return answer

    return hook


def _unlocated(name: str, rule: str, operation: str, what: str) -> Fault:
    how = f"{what} of a location that the credentials do not cover"
    return Fault(name, rule, how, Point.COVERS, when(on(operation), always(True)))


def _without_token(name: str, how: str, *operations: str) -> Fault:
    return Fault(name, "AUTH-3", how, Point.TOKEN, when(both(on(*operations), _no_token), _lets_in))


def _any_token(name: str, how: str, *operations: str) -> Fault:
    return Fault(name, "AUTH-4", how, Point.TOKEN, when(both(on(*operations), _some_token), _lets_in))


_LOCATED: tuple[tuple[str, str, str, str], ...] = (
    ("pack_ignores_location", "AUTH-6", "pack", "packs an order"),
    ("confirm_ignores_location", "AUTH-6", "confirm", "confirms an order"),
    ("invoice_update_ignores_location", "AUTH-6", "invoiceUpdate", "takes the invoice of an order"),
    ("dispatch_ignores_location", "AUTH-6", "dispatch", "dispatches an order"),
    ("labels_ignore_location", "AUTH-6", "labels", "prints the label of an order"),
    ("invoice_ignores_location", "AUTH-6", "invoice", "prints the invoice of an order"),
    ("courier_details_ignore_location", "AUTH-6", "courierDetails", "shows the courier of an order"),
    ("awb_ignores_location", "AUTH-7", "awb", "takes the AWB of an order"),
    ("cancel_ignores_location", "AUTH-7", "cancel", "cancels an order"),
    ("status_ignores_location", "AUTH-7", "status", "takes the status of an order"),
    ("return_ignores_location", "AUTH-7", "return", "accepts a return"),
)


FAULTS = (
    Fault(
        "token_answer_is_silent",
        "AUTH-1",
        "logs in without giving the token",
        Point.ANSWER,
        when(on("token"), _says_nothing),
    ),
    Fault(
        "second_token_is_dead",
        "AUTH-1",
        "gives a user whose first token still lives a second one that does not work",
        Point.ANSWER,
        when(on("token"), _second_is_dead),
    ),
    Fault("any_password_logs_in", "AUTH-2", "gives a token for any password", Point.LOGIN, _named),
    Fault(
        "no_password_logs_in",
        "AUTH-2",
        "gives a token where the password is left out",
        Point.LOGIN,
        _named_without_password,
    ),
    Fault("password_in_any_case", "AUTH-2", "ignores the case of the password", Point.LOGIN, _in_any_case),
    _without_token("status_without_token", "lets Update Shipment Status through without a token", "status"),
    _without_token("listing_without_token", "lets orders be read without a token", "shipment"),
    _without_token("labels_without_token", "prints labels without a token", "labels"),
    Fault(
        "refused_without_token_applies",
        "AUTH-3",
        "answers 401 to Update AWB without a token, and records it",
        Point.TOKEN,
        when(both(on("awb"), _no_token), _lets_in),
        ((Point.ANSWER, _refuses_after_all),),
    ),
    _any_token("any_token_reads", "lets a token that was never issued read orders", "shipment"),
    _any_token("any_token_writes", "lets a token that was never issued write", "pack", "cancel", "return"),
    _any_token("any_token_tracks", "lets a token that was never issued track", "track"),
    Fault(
        "listing_without_location",
        "AUTH-5",
        "lists one location where company-level credentials name none",
        Point.QUERY,
        when(on("shipment"), _at_blr),
    ),
    Fault(
        "returns_without_location",
        "AUTH-5",
        "lists returns, and only those, where company-level credentials name no location",
        Point.QUERY,
        when(both(on("shipment"), _of_returns), _at_blr),
    ),
    Fault(
        "second_page_without_location",
        "AUTH-5",
        "wants the location of company-level credentials on the first page only",
        Point.QUERY,
        when(both(on("shipment"), not_(_first_page)), _at_blr),
    ),
    *(_unlocated(*row) for row in _LOCATED),
    Fault(
        "later_items_ignore_location",
        "AUTH-6",
        "checks the location of the first item of a Confirm only",
        Point.COVERS,
        when(both(on("confirm"), _later_item), always(True)),
    ),
    Fault(
        "missing_token_is_400", "AUTH-8", "answers 400 where the token is missing or wrong", Point.ANSWER, _status(400)
    ),
)
