"""Before anything is judged: the host is there, the credentials are taken, and one read is good.

What is the user's to mend is a UsageError. What is the host's is one finding, and the run stops at that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from selfship.answers import says
from selfship.client import Caller
from selfship.errors import UnreachableError, UsageError
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.orders import objects
from selfship.unreached import unreached

STATUSES = ("PROCESSING", "CREATED", "RETURN_PROCESSING", "DELIVERED")
NO_ROUTE = (404, 405, 501)


@dataclass(frozen=True)
class Stop:
    """Why the host cannot be judged any further: the rule that is broken, and the evidence."""

    rule: str
    message: str
    exchange: int


def preflight(host: Host) -> Stop | None:
    """None where the run may go on. UnreachableError, or UsageError where the credentials are refused."""
    caller = host.caller("pre-flight")
    return _token(host, caller) or _read(host, caller)


def _reached(host: Host, exchange: Exchange) -> None:
    if exchange.status is None:
        why = unreached(exchange.error or "", host.wire.url, exchange.elapsed_ms / 1000, host.wire.timeout_s)
        raise UnreachableError(f"{host.wire.url} cannot be reached: {why}")


def _put_off(host: Host, exchange: Exchange) -> None:
    after = exchange.header("retry-after")
    if exchange.status == 429 or (exchange.status == 503 and after):
        when = f"after {after} seconds" if after and after.isdigit() else "later"
        raise UnreachableError(f"{host.wire.url} puts every request off (HTTP {exchange.status}): try again {when}.")


def _token(host: Host, caller: Caller) -> Stop | None:
    if host.tokens.value is not None:
        return None
    exchange = caller.call("token", params=host.tokens.credentials, step="token")
    _reached(host, exchange)
    host.tokens.value = host.wire.issued.get(exchange.seq)
    if host.tokens.value:
        return None
    if exchange.status in (401, 403):
        raise UsageError(
            f"{host.wire.url} refused the credentials (HTTP {exchange.status} at the token endpoint): check the "
            f"user name and the password in the environment{_suspicion(host)}."
        )
    _put_off(host, exchange)
    _moved(host, exchange)
    rule = "CON-8" if (exchange.status or 0) >= 500 else "CON-1" if exchange.status in NO_ROUTE else "AUTH-1"
    said = f"GET /aggregator/v1/token gave no token for the given credentials: {says(exchange)}"
    return Stop(rule, said + (WRONG_ADDRESS if rule == "CON-1" or _is_page(exchange) else ""), exchange.seq)


WRONG_ADDRESS = "; is this the address of the API?"


def _is_page(exchange: Exchange) -> bool:
    return exchange.media_type == "text/html" or 300 <= (exchange.status or 0) < 400


def _suspicion(host: Host) -> str:
    """A remark on credentials that were copied with more than themselves. They are not repeated."""
    odd = any(value != value.strip() for value in host.tokens.credentials.values())
    return " (one of them begins or ends with a space or a line break)" if odd else ""


def _moved(host: Host, exchange: Exchange) -> None:
    """UsageError where the host sends whoever comes by http on to the same place by https."""
    to = exchange.header("location") or ""
    secure = host.wire.url.replace("http://", "https://", 1)
    if exchange.status in (301, 302, 307, 308) and secure != host.wire.url and to.startswith(secure):
        raise UsageError(f"{host.wire.url} answers with the address {secure}: give that one as --host.")


def _good(exchange: Exchange) -> bool:
    return exchange.ok and (isinstance(exchange.json, list) or bool(objects(exchange)))


def _list(host: Host, status: str, page: int, *, located: bool = True) -> dict[str, Any]:
    where = {"locationCode": host.profile.location} if located and host.profile.location else {}
    params = {"orderStatus": status, "pageNumber": page, "pageSize": host.profile.switches.page_size, **where}
    return {"params": params, "step": "one good read"}


def _lists(host: Host, caller: Caller, *asked: dict[str, Any]) -> list[Exchange]:
    """Listings, asked for side by side."""
    exchanges = caller.together([("shipment", one) for one in asked])
    for exchange in exchanges:
        _reached(host, exchange)
    return exchanges


def _read(host: Host, caller: Caller) -> Stop | None:
    located = host.switch("auth") != "location"
    first = _lists(host, caller, *(_list(host, status, 1, located=located) for status in STATUSES))
    good = [(status, exchange) for status, exchange in zip(STATUSES, first, strict=True) if _good(exchange)]
    if not good:
        return _no_good_read(host, caller, first[0])
    full = next(((status, exchange) for status, exchange in good if objects(exchange)), None)
    # A page 0 may be the first one, or the same as page 1, or none at all.
    asked = [_list(host, full[0] if full else STATUSES[0], 0)]
    open_auth = host.switch("auth") is None and bool(host.profile.location)
    asked += [_list(host, good[0][0], 1, located=False)] if open_auth else []
    zero, *bare = _lists(host, caller, *asked)
    if bare:
        host.detect("auth", "location" if _good(bare[0]) else "company")
    if full is None:
        host.first_page = 0 if objects(zero) else 1
    else:
        shown, other = _ids(zero), _ids(full[1])
        # An order that came meanwhile shifts a page; only pages that share nothing are two pages.
        host.first_page = 0 if shown and not any(one in other for one in shown) else 1
    return None


def _ids(exchange: Exchange) -> list[object]:
    return [order.get("id") for order in objects(exchange)]


def _any_route(host: Host, caller: Caller) -> bool:
    """Whether the host knows an operation at all. Who may only read gives it the benefit of the doubt."""
    if host.wire.guard.read_only:
        return True
    return caller.call("awb", body=[], step="is there any route").status not in NO_ROUTE


def _no_good_read(host: Host, caller: Caller, exchange: Exchange) -> Stop | None:
    status = exchange.status or 0
    if status in (401, 403):
        where = f", and --location {host.profile.location}" if status == 403 and host.profile.location else ""
        raise UsageError(
            f"{host.wire.url} refused the token ({says(exchange)}): check the credentials in the environment{where}."
        )
    _put_off(host, exchange)
    said = f"GET /oms/v3/shipment with an orderStatus was answered {says(exchange)}"
    if status >= 500:
        return Stop("CON-8", said, exchange.seq)
    if status in NO_ROUTE:
        # A host without orders may say 404 of an empty listing; one without routes says it of everything.
        if status == 404 and isinstance(exchange.json, dict) and _any_route(host, caller):
            return None
        return Stop("CON-1", said, exchange.seq)
    if 400 <= status < 500 and not host.profile.location:
        raise UsageError(
            f"{said}. Company-level credentials need a location on every listing: name one with --location CODE."
        )
    return Stop("CON-9", f"{said}; a bare array of orders was expected", exchange.seq)
