"""Tokens are found in whatever a host answers, fetched once, renewed once they expire, and never where given."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from selfship.client import Caller
from selfship.tokens import TokenSource, find_token

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "answer",
    [
        {"token": JWT},
        {"token_type": "Bearer-of-a-kind", "access_token": JWT},
        {"access_token": JWT, "token_type": "Bearer", "expires_in": 3600},
        {"data": {"accessToken": JWT}, "message": "generated-successfully"},
        {"status": True, "data": [{"user": "selfship-user"}, {"session": {"authToken": JWT}}]},
        {"refresh_token": "another-long-word", "Access_Token": JWT},
        {"x-access-token": JWT},
        {"konnectToken": JWT},
        [{"id_token": JWT}],
        JWT,
    ],
)
def test_the_token_is_found_in_any_json(answer: Any) -> None:
    assert find_token(json.dumps(answer).encode()) == JWT


def test_a_lone_word_of_plain_text_is_the_token() -> None:
    assert find_token(f"  {JWT}\n".encode()) == JWT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"12345678",
        b"short",
        b'"short"',
        b"<html><body>Please log in</body></html>",
        b"<!doctypehtml>",
        b"Invalid user or password",
        b'{"token": null}',
        b'{"token": ""}',
        b'{"token": "two words and more"}',
        b'{"token_type": "Bearer-of-a-kind"}',
        b'{"message": "generated-successfully", "user": "selfship-user"}',
        b"\xff\xfe\x00binary",
        b"[" * 100_000,
    ],
)
def test_nothing_else_is_taken_for_a_token(body: bytes) -> None:
    assert find_token(body) is None


class Office:
    """Stands in for a caller: issues tokens by number, or none."""

    def __init__(self, *, issues: bool = True) -> None:
        self.issues = issues
        self.asked: list[dict[str, str]] = []
        self.wire = SimpleNamespace(issued={})

    def call(self, operation: str, *, params: dict[str, str], step: str) -> SimpleNamespace:
        assert operation == "token"
        self.asked.append(params)
        number = len(self.asked)
        if self.issues:
            self.wire.issued[number] = f"token-number-{number}"
        return SimpleNamespace(seq=number)

    @property
    def caller(self) -> Caller:
        return cast("Caller", self)


def source() -> TokenSource:
    return TokenSource("SELFSHIP_TOKEN", username="user", password="word")


def test_the_credentials_are_exchanged_once_for_all_threads() -> None:
    office, tokens = Office(), source()
    found: list[str | None] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait(10)
        found.append(tokens.current(office.caller))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == ["token-number-1"] * 8
    assert office.asked == [{"username": "user", "password": "word"}]


def test_an_expired_token_is_renewed_once_however_many_saw_it_expire() -> None:
    office, tokens = Office(), source()
    first = tokens.current(office.caller)

    assert tokens.expired(first)
    second = tokens.current(office.caller)
    assert tokens.expired(first)  # another caller, whose request carried the old one

    assert tokens.current(office.caller) == second == "token-number-2"
    assert tokens.renewals == 1
    assert len(office.asked) == 2


def test_a_given_token_is_never_renewed() -> None:
    office, tokens = Office(), TokenSource("SELFSHIP_TOKEN", given="given-token")
    assert not tokens.expired(tokens.current(office.caller))
    assert tokens.current(office.caller) == "given-token"
    assert tokens.renewals == 0
    assert office.asked == []


def test_a_request_without_a_token_expires_nothing() -> None:
    office, tokens = Office(), source()
    kept = tokens.current(office.caller)
    assert not tokens.expired(None)
    assert not tokens.expired("")
    assert tokens.value == kept


def test_where_no_token_is_to_be_had_there_is_none() -> None:
    assert TokenSource("SELFSHIP_TOKEN").current(Office().caller) is None
    assert source().current(Office(issues=False).caller) is None
