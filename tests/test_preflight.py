"""The pre-flight: what is the user's to mend is a sentence, what is the host's is one finding, the rest goes on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from selfship.client import Wire
from selfship.errors import UnreachableError, UsageError
from selfship.exchanges import Recorder, Redactor
from selfship.guard import Guard
from selfship.host import Host
from selfship.mock.serve import running_app
from selfship.pace import Pace
from selfship.preflight import preflight
from selfship.profile import Profile, Switches
from selfship.tokens import TokenSource
from selfship.unreached import unreached

Answering = Callable[[Request], Response]
TOKEN = "token-of-the-test"


def order(status: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"{status}-{number}", "orderStatus": status, "is_self_ship": True}


def a_token(request: Request) -> Response:
    return JSONResponse({"access_token": TOKEN})


def a_page(request: Request) -> Response:
    """One order in each status, on the page numbered 1."""
    query = request.query_params
    return JSONResponse([order(query["orderStatus"])] if query["pageNumber"] == "1" else [])


def always(status: int, body: Any = None, **headers: str) -> Answering:
    return lambda request: JSONResponse({} if body is None else body, status, headers)


@contextmanager
def host(
    token: Answering = a_token,
    read: Answering = a_page,
    write: Answering | None = None,
    *,
    location: str | None = "BLR-01",
    given: str | None = None,
    **switches: Any,
) -> Iterator[Host]:
    """A host of three endpoints, and the kit's picture of it."""
    routes = [("/aggregator/v1/token", token, "GET"), ("/oms/v3/shipment", read, "GET")]
    routes += [("/oms/v3/shipment/awb", write, "PUT")] if write else []
    with running_app(Starlette(routes=[Route(path, call, methods=[method]) for path, call, method in routes])) as url:
        shown = picture(url, location=location, given=given, **switches)
        yield shown
        shown.wire.connections.close()


def picture(url: str, *, location: str | None = "BLR-01", given: str | None = None, **switches: Any) -> Host:
    wire = Wire(url, Recorder(Redactor()), Pace(4), timeout_s=5, guard=Guard())
    profile = Profile(url=url, location=location, switches=Switches(**switches))
    return Host(wire, profile, TokenSource("SELFSHIP_TOKEN", given=given, username="user", password="word"))


def test_a_good_host_goes_on() -> None:
    with host() as found:
        assert preflight(found) is None
        assert found.tokens.value == TOKEN
        assert (found.first_page, found.switch("auth")) == (1, "location")


def test_company_credentials_show_by_the_listing_that_needs_a_location() -> None:
    def read(request: Request) -> Response:
        return a_page(request) if "locationCode" in request.query_params else JSONResponse({}, 400)

    with host(read=read) as found:
        assert preflight(found) is None
        assert found.switch("auth") == "company"


def test_a_host_whose_pages_begin_at_0() -> None:
    def read(request: Request) -> Response:
        query = request.query_params
        return JSONResponse([order(query["orderStatus"], int(query["pageNumber"]))])

    with host(read=read) as found:
        assert preflight(found) is None
        assert found.first_page == 0


def test_a_given_token_is_used_as_it_is() -> None:
    with host(token=always(500), given="given-token") as found:
        assert preflight(found) is None
        assert {one.operation for one in found.wire.recorder.exchanges} == {"shipment"}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_the_users_to_mend(status: int) -> None:
    with host(token=always(status)) as found, pytest.raises(UsageError, match="check the user name and the password"):
        preflight(found)


def test_a_refused_token_is_the_users_to_mend() -> None:
    with host(read=always(403), given="given-token") as found, pytest.raises(UsageError, match="refused the token"):
        preflight(found)


def test_company_credentials_without_a_location_are_the_users_to_mend() -> None:
    with host(read=always(400), location=None) as found, pytest.raises(UsageError, match="--location CODE"):
        preflight(found)


@pytest.mark.parametrize(
    ("token", "rule"),
    [
        (always(200), "AUTH-1"),
        (always(200, {"token_type": "Bearer-of-a-kind"}), "AUTH-1"),
        (always(400), "AUTH-1"),
        (always(404), "CON-1"),
        (always(500), "CON-8"),
    ],
    ids=["nothing", "no token", "refused", "no route", "broken"],
)
def test_a_token_endpoint_without_a_token_stops_the_run(token: Answering, rule: str) -> None:
    with host(token=token) as found:
        stop = preflight(found)
        assert stop is not None
        assert stop.rule == rule
        assert found.wire.recorder.exchanges[stop.exchange - 1].operation == "token"


@pytest.mark.parametrize(
    ("read", "rule"),
    [
        (always(200, {"hello": "world"}), "CON-9"),
        (always(200, "text"), "CON-9"),
        (always(500), "CON-8"),
        (always(404), "CON-1"),
        (always(400), "CON-9"),
    ],
    ids=["object", "text", "broken", "no route", "refused"],
)
def test_a_host_that_lists_nothing_readable_stops_the_run(read: Answering, rule: str) -> None:
    with host(read=read) as found:
        stop = preflight(found)
        assert stop is not None
        assert stop.rule == rule
        assert found.wire.recorder.exchanges[stop.exchange - 1].operation == "shipment"


def test_an_empty_listing_that_is_a_404_goes_on_where_other_routes_are_there() -> None:
    with host(read=always(404, {"message": "no orders"}), write=always(400)) as found:
        assert preflight(found) is None
    with host(read=always(404, ["no orders"]), write=always(400)) as found:
        stop = preflight(found)
        assert stop is not None
        assert stop.rule == "CON-1"


def test_a_refused_connection_is_a_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UnreachableError) as told:
            preflight(picture(url))
    assert str(told.value) == (
        f"{url} cannot be reached: the connection was refused. Start the host, or correct --host."
    )


def test_a_host_that_is_busy_is_not_judged() -> None:
    said = r"puts every request off \(HTTP 429\): try again after 600 seconds"
    with host(token=always(429, **{"Retry-After": "600"})) as found, pytest.raises(UnreachableError, match=said):
        preflight(found)


def test_an_address_that_only_leads_to_https_is_the_users_to_mend() -> None:
    def moved(request: Request) -> Response:
        return Response(status_code=301, headers={"location": str(request.url).replace("http:", "https:")})

    with host(token=moved) as found, pytest.raises(UsageError, match="answers with the address https://127"):
        preflight(found)


def test_a_page_in_place_of_the_api_makes_one_doubt_the_address() -> None:
    with host(token=lambda _: HTMLResponse("<title>Sign in</title>")) as found:
        stop = preflight(found)
        assert stop is not None
        assert stop.message.endswith("is this the address of the API?")


@pytest.mark.parametrize(
    ("error", "url", "said"),
    [
        ("refused", "http://127.0.0.1:9", "the connection was refused. Start the host, or correct --host."),
        ("refused", "http://nowhere.invalid", "its name, nowhere.invalid, is not known (DNS)."),
        ("dropped", "http://127.0.0.1:9", "if it speaks TLS there, write https://127.0.0.1:9."),
        ("timeout", "http://127.0.0.1:9", "no answer came within 2 s."),
        ("TLS failed, self-signed certificate", "https://127.0.0.1:9", "SSL_CERT_FILE"),
        ("TLS failed, WRONG_VERSION_NUMBER", "https://127.0.0.1:9", "Write http://127.0.0.1:9 if that is meant."),
    ],
)
def test_each_way_of_not_being_reached_has_its_own_advice(error: str, url: str, said: str) -> None:
    assert said in unreached(error, url, 0.1, 2, {})
    assert "HTTPS_PROXY" not in unreached("refused", url, 0.1, 2, {})
    assert "no proxy, though HTTPS_PROXY is set" in unreached("refused", url, 0.1, 2, {"https_proxy": "http://p"})
