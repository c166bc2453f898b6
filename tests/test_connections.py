"""A request goes out as it is meant and its answer comes back whole, or it is said how it was lost."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from selfship.connections import USER_AGENT, Answer, Connections, LostError
from selfship.mock.serve import running_app

WORDS = b'[{"id": "17000000000000000001"}]'


@contextmanager
def answering(answer: Callable[[Request], Response], base: str = "") -> Iterator[Connections]:
    app = Starlette(routes=[Route(f"{base}/here", answer, methods=["GET", "POST"])])
    with running_app(app) as url:
        connections = Connections(url + base, timeout_s=10)
        try:
            yield connections
        finally:
            connections.close()


def packed(body: bytes, coding: str) -> Answer:
    def answer(_: Request) -> Response:
        return Response(body, headers={"Content-Encoding": coding})

    with answering(answer) as connections:
        return connections.send("GET", "/here", {}, None)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(WORDS), "gzip"),
        (zlib.compress(WORDS), "deflate"),
        (zlib.compress(WORDS, wbits=-15), "deflate"),
        (WORDS, "identity"),
    ],
    ids=["gzip", "deflate", "raw deflate", "identity"],
)
def test_a_packed_body_is_unpacked(body: bytes, coding: str) -> None:
    assert packed(body, coding)[2] == WORDS


def test_a_body_that_is_not_packed_as_it_says_is_lost() -> None:
    with pytest.raises(LostError, match="DecodingError"):
        packed(WORDS, "gzip")


def test_a_host_below_a_path_is_called_there() -> None:
    def answer(request: Request) -> Response:
        return JSONResponse([request.url.path, request.url.query, request.headers["user-agent"]])

    with answering(answer, "/below") as connections:
        status, _, body = connections.send("GET", "/here?orderId=1%202", {}, None)
    assert (status, body.decode()) == (200, f'["/below/here","orderId=1%202","{USER_AGENT}"]')


def test_a_redirect_is_an_answer_and_a_cookie_is_not_kept() -> None:
    cookies: list[dict[str, str]] = []

    def answer(request: Request) -> Response:
        cookies.append(dict(request.cookies))
        response = RedirectResponse("/elsewhere")
        response.set_cookie("session", "1")
        return response

    with answering(answer) as connections:
        answers = [connections.send("GET", "/here", {}, None) for _ in range(2)]
    assert [status for status, _, _ in answers] == [307, 307]
    assert cookies == [{}, {}]


def test_one_connection_serves_one_request_after_the_other() -> None:
    def answer(request: Request) -> Response:
        return Response(str(request.client.port if request.client else 0))

    with answering(answer) as connections:
        ports = {connections.send("POST", "/here", {"content-type": "text/plain"}, b"x")[2] for _ in range(5)}
    assert len(ports) == 1


def test_a_header_that_cannot_be_sent_says_so() -> None:
    with answering(lambda _: Response()) as connections:
        with pytest.raises(LostError, match="UnicodeEncodeError"):
            connections.send("GET", "/here", {"x-access-token": "ключ"}, None)
        with pytest.raises(LostError, match="LocalProtocolError") as told:
            connections.send("GET", "/here", {"x-access-token": "hush\nhush"}, None)
        assert "hush" not in told.value.how
        assert connections.send("GET", "/here", {}, None)[0] == 200


def test_a_host_that_speaks_no_tls_is_not_called_refused() -> None:
    with answering(lambda _: Response()) as connections:
        secure = Connections(connections.url.replace("http:", "https:"), timeout_s=10)
        with pytest.raises(LostError, match="TLS failed"):
            secure.send("GET", "/here", {}, None)
