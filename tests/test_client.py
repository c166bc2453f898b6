"""The client repeats what does not count and nothing else, renews what expired, and records each attempt."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from selfship.client import NO_TOKEN, Caller, Wire, retry_after
from selfship.exchanges import Exchange, Recorder, Redactor
from selfship.guard import Guard
from selfship.mock.serve import running_app
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.pace import Pace
from selfship.tokens import TokenSource

OK = JSONResponse([])
LIMITED = Response(status_code=429, headers={"Retry-After": "0.03"})
BUSY = Response(status_code=503, headers={"Retry-After": "0.02"})


class Script:
    """A host that gives its answers one after the other, the last for ever; issues tokens by number."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.seen: list[Request] = []
        self.issued = 0

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def token(self, request: Request) -> Response:
        self.issued += 1
        return JSONResponse({"token": f"token-number-{self.issued}"})


def caller_at(url: str, *, given: str | None = None) -> Caller:
    wire = Wire(url, Recorder(Redactor({"SELFSHIP_PASSWORD": "pass-word"})), Pace(4), timeout_s=5, guard=Guard())
    wire.guard.lend("1")
    tokens = TokenSource("SELFSHIP_TOKEN", given=given, username="" if given else "user", password="pass-word")
    return Caller(wire, tokens, "test")


@contextmanager
def scripted(script: Script | Callable[[Request], Response], *, given: str | None = "given-token") -> Iterator[Caller]:
    answer = script.answer if isinstance(script, Script) else script
    routes = [Route(one.path, answer, methods=[one.method]) for one in OPERATIONS.values() if one.name != "token"]
    if isinstance(script, Script):
        routes.append(Route(OPERATIONS["token"].path, script.token))
    with running_app(Starlette(routes=routes)) as url:
        caller = caller_at(url, given=given)
        try:
            yield caller
        finally:
            caller.wire.connections.close()


def attempts(caller: Caller) -> list[tuple[str, int | None]]:
    return [(one.operation, one.status) for one in caller.wire.recorder.exchanges]


def test_a_429_is_obeyed_and_the_request_repeated_even_a_write() -> None:
    with scripted(Script(LIMITED, OK)) as caller:
        found = caller.call("pack", body=[])
        assert (found.status, found.attempt) == (200, 2)
        first, second = (datetime.fromisoformat(one.started) for one in caller.wire.recorder.exchanges)
        assert second - first >= timedelta(seconds=0.029)
        assert caller.wire.pace.throttled == 1
        assert caller.wire.instability == ["The host limits the rate of requests (429); the run slowed down"]


@pytest.mark.parametrize("operation", ["shipment", "status"])
def test_a_503_that_says_when_is_repeated(operation: str) -> None:
    with scripted(Script(BUSY, BUSY, OK)) as caller:
        assert caller.call(operation, body=[]).attempt == 3
        assert [status for _, status in attempts(caller)] == [503, 503, 200]
        assert len(caller.wire.instability) == 1
        assert caller.wire.pace.throttled == 0


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_broken_read_is_tried_again_and_noted(status: int) -> None:
    with scripted(Script(Response(status_code=status), OK)) as caller:
        assert caller.call("shipment").status == 200
        assert caller.wire.instability == [f"GET /oms/v3/shipment answered HTTP {status} and was read again"]


@pytest.mark.parametrize("operation", ["status", "pack"])
def test_a_broken_write_is_never_sent_again(operation: str) -> None:
    with scripted(Script(Response(status_code=502), OK)) as caller:
        assert caller.call(operation, body=[]).status == 502
        assert attempts(caller) == [(operation, 502)]
        assert caller.wire.instability == []


def test_a_500_counts_as_it_is() -> None:
    with scripted(Script(Response(status_code=500), OK)) as caller:
        assert caller.call("shipment").status == 500


def test_an_expired_token_is_renewed_once() -> None:
    script = Script(Response(status_code=401), OK)
    with scripted(script, given=None) as caller:
        assert caller.call("pack", body=[]).status == 200
        assert attempts(caller) == [("token", 200), ("pack", 401), ("token", 200), ("pack", 200)]
        assert caller.tokens.renewals == 1
        assert [one.headers[TOKEN_HEADER] for one in script.seen] == ["token-number-1", "token-number-2"]


def test_a_token_that_stays_refused_is_not_renewed_for_ever() -> None:
    with scripted(Script(Response(status_code=401)), given=None) as caller:
        assert caller.call("shipment").status == 401
        assert [operation for operation, _ in attempts(caller)] == ["token", "shipment", "token", "shipment"]


def test_a_token_that_expires_with_a_403_is_renewed_once_a_good_read_is_refused_too() -> None:
    no = Response(status_code=403)
    with scripted(Script(OK, no, no, OK), given=None) as caller:
        caller.call("shipment", params={"orderStatus": "CREATED"})
        assert caller.call("pack", body=[]).status == 200
        told = ["token", "shipment", "pack", "shipment", "token", "pack"]
        assert [operation for operation, _ in attempts(caller)] == told


def test_a_403_with_a_token_that_is_still_good_is_a_refusal() -> None:
    with scripted(Script(OK, Response(status_code=403), OK), given=None) as caller:
        caller.call("shipment", params={"orderStatus": "CREATED"})
        assert caller.call("pack", body=[]).status == 403
        assert [operation for operation, _ in attempts(caller)] == ["token", "shipment", "pack", "shipment"]


def test_a_token_that_ended_because_another_was_issued_is_worth_another_try() -> None:
    source = TokenSource("SELFSHIP_TOKEN", given="one", username="user")
    source.adopt("two")
    assert source.expired("one", again=True)
    assert not source.expired("two", again=True)
    assert source.expired("two")


@pytest.mark.parametrize("token", [NO_TOKEN, "somebody-elses"])
def test_a_token_of_the_checks_own_is_never_renewed(token: str) -> None:
    script = Script(Response(status_code=401))
    with scripted(script, given=None) as caller:
        assert caller.call("shipment", token=token).status == 401
        assert (len(script.seen), script.issued) == (1, 0)
        assert script.seen[0].headers.get(TOKEN_HEADER, "") == token


def test_no_secret_is_recorded_and_the_host_gets_them_all() -> None:
    script = Script(OK)
    with scripted(script, given=None) as caller:
        caller.call("shipment", params={"orderId": "1"})
        token, read = caller.wire.recorder.exchanges
    assert script.seen[0].headers[TOKEN_HEADER] == "token-number-1"
    assert token.url.endswith("?username=$SELFSHIP_USERNAME&password=$SELFSHIP_PASSWORD")
    assert token.json == {"token": "$SELFSHIP_TOKEN"}
    assert dict(read.request_headers)[TOKEN_HEADER] == "$SELFSHIP_TOKEN"
    assert "number-1" not in repr([token, read])


@contextmanager
def hanging_up(*, answers_later: bool) -> Iterator[tuple[str, list[bytes]]]:
    """A host that reads a request and drops the connection; after the first it answers, where `answers_later`."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(65536))
                    if len(heard) > 1 and answers_later:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def lost(operation: str, *, answers_later: bool) -> tuple[Exchange, int]:
    with hanging_up(answers_later=answers_later) as (url, heard):
        caller = caller_at(url, given="given-token")
        found = caller.call(operation, body=None if operation == "shipment" else [{"orderId": "1"}])
        caller.wire.connections.close()
        return found, len(heard)


def test_a_lost_write_is_never_sent_again() -> None:
    found, sent = lost("pack", answers_later=True)
    assert (found.status, found.error, sent) == (None, "dropped", 1)


def test_a_lost_read_is_read_again() -> None:
    found, sent = lost("shipment", answers_later=True)
    assert (found.status, found.attempt, sent) == (200, 2, 2)


def test_a_read_that_is_always_lost_is_given_up() -> None:
    found, sent = lost("shipment", answers_later=False)
    assert (found.status, found.error) == (None, "dropped")
    assert 3 <= sent <= 4


def test_a_refused_connection_is_recorded_as_that() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        caller = caller_at(f"http://127.0.0.1:{free.getsockname()[1]}", given="given-token")
        assert caller.call("pack", body=[]).error == "refused"
        assert caller.call("shipment").error == "refused"
        assert [one.attempt for one in caller.wire.recorder.exchanges] == [1, 1, 2]


def test_calls_together_are_in_flight_together() -> None:
    gate = threading.Barrier(3)

    def answer(request: Request) -> Response:
        gate.wait(10)  # nobody is answered before all three are here
        return OK

    with scripted(answer) as caller:
        found = caller.together([("pack", {"body": []}), ("status", {"body": []}), ("shipment", {})])
        assert [(one.operation, one.status) for one in found] == [("pack", 200), ("status", 200), ("shipment", 200)]


def test_calls_at_once_overlap_however_quick_the_host_is() -> None:
    with scripted(Script(OK)) as caller:
        for _ in range(5):
            first, second = caller.together([("pack", {"body": []}), ("status", {"body": []})], at_once=True)
            spans = [(datetime.fromisoformat(one.started), one.elapsed_ms) for one in (first, second)]
            (begun, took), (later, _) = sorted(spans)
            assert begun + timedelta(milliseconds=took) > later


def test_calls_at_once_go_on_where_there_is_no_room_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfship.client.MEET_S", 0.05)
    with scripted(Script(OK)) as caller:
        found = caller.together([("pack", {"body": []})] * 6, at_once=True)  # only four may be in flight
        assert [one.status for one in found] == [200] * 6


def test_how_long_a_host_asks_to_wait() -> None:
    assert retry_after("2") == 2.0
    assert retry_after("-5") == 0.0
    assert retry_after("soon") == 1.0
    assert retry_after(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)) == 0.0
    assert 50 < retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) <= 60
