"""Who may ask the mock for what: tokens, their end, and the locations that they cover."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from selfship.errors import UsageError
from selfship.lifecycle import Event, State
from selfship.mock.settings import MockSettings, from_profile
from selfship.operations import OPERATIONS, TOKEN_HEADER
from tests.mock_host import Api, item_of, mock

S, E = State, Event


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with mock(auth="location") as api:
        yield api


def test_wrong_credentials_get_no_token(api: Api) -> None:
    settings = api.host.settings
    for query in (
        {"username": settings.username, "password": "wrong"},
        {"username": "wrong", "password": settings.password},
        {"username": settings.username, "password": settings.other_password},
        {"username": settings.username},
        {},
    ):
        answer = api.call("token", **query)
        assert answer.status_code == 401
        assert "access_token" not in answer.json()


@pytest.mark.parametrize("token", [None, "", "never-issued"])
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "token"])
def test_without_a_good_token_nothing_is_served(api: Api, operation: str, token: str | None) -> None:
    info = OPERATIONS[operation]
    headers = {} if token is None else {TOKEN_HEADER: token}
    request = api.http.build_request(info.method, info.path, json=[{"orderId": "1"}], headers=headers)
    if token is None:
        del request.headers[TOKEN_HEADER]

    assert api.http.send(request).status_code == 401


def test_a_token_expires() -> None:
    with mock(token_ttl=0.15) as api:
        deadline = time.monotonic() + 5
        while api.call("info", orderStatus="CREATED").status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.02)

        assert api.call("info", orderStatus="CREATED").status_code == 401


def test_a_foreign_order_is_refused_with_the_documented_code(api: Api) -> None:
    foreign = api.order(S.PLACED, location="DEL-02")
    item = {"orderId": foreign.id}

    codes = {event: api.fire(event, foreign) for event in (E.CONFIRM, E.INVOICE, E.PACK, E.DISPATCH)}

    assert codes == {
        E.CONFIRM: (False, "O422"),
        E.INVOICE: (False, "IN400"),
        E.PACK: (False, "CR422"),
        E.DISPATCH: (False, "D422"),
    }
    documents = {name: api.call(name, [item]) for name in ("labels", "invoice", "courierDetails")}
    assert {name: (answer.status_code, answer.json()["code"]) for name, answer in documents.items()} == {
        "labels": (404, "L400"),
        "invoice": (404, "IN400"),
        "courierDetails": (404, "C400"),
    }
    for event in (E.AWB, E.BAG_PICKED, E.ACCEPT_RETURN, E.CANCEL):
        operation, body = item_of(event, foreign)
        assert api.write(operation, body)[1] == 1
    assert api.call("shipment", orderId=foreign.id).status_code == 404
    assert api.call("track", {"shipment_id": foreign.id}).status_code == 404
    assert foreign.state is S.PLACED


def test_location_credentials_see_their_own_location_only() -> None:
    with mock(auth="location") as api:
        here, there = api.order(S.PLACED), api.order(S.PLACED, location="DEL-02")
        other = Api(api.host, str(api.http.base_url), other=True)
        try:
            assert [o["id"] for o in api.call("shipment", orderStatus="CREATED").json()] == [here.id]
            assert [o["id"] for o in other.call("shipment", orderStatus="CREATED").json()] == [there.id]
            assert other.fire(E.CONFIRM, there)[0]
        finally:
            other.http.close()


def test_a_rate_above_the_limit_is_asked_to_wait() -> None:
    with mock(rate=2) as api:
        answers = [api.call("info", orderStatus="CREATED") for _ in range(5)]

    late = [answer for answer in answers if answer.status_code == 429]
    assert late
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in late)


def test_settings_come_from_a_profile() -> None:
    settings = from_profile(
        {
            "name": "x",
            "switches": {"edition": "strict", "auth": "location", "settle": 10, "rate": 5, "page_size": 20},
            "mock": {"settle": 1, "faults": ["awb_takes_21"], "population": "scarce"},
        }
    )

    assert settings == MockSettings(
        edition="strict", auth="location", settle=1.0, page_size=20, faults=("awb_takes_21",)
    )
    for wrong in ({"sttle": 1}, {"edition": "lax"}, {"page_size": "5"}, {"faults": "one"}, {"settle": -1}):
        with pytest.raises(UsageError):
            from_profile({"mock": wrong})
