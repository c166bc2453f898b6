"""Credentials and tokens of one partner. Tokens outlive the referee, but only as digests: no secret goes to disk."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import Literal

from selfship.mock.auth import Credential, Tokens
from selfship.mock.settings import MockSettings

KEPT = 200
"""Tokens that are remembered: more than any client uses at a time."""


class PartnerTokens(Tokens):
    """The mock's tokens, on disk: `path` holds digest and end of each, in seconds of the epoch."""

    def __init__(self, credential: Credential, ttl: float, path: Path) -> None:
        super().__init__(MockSettings())
        self.credential = credential
        self._seconds = ttl
        self._path = path
        self._known: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def login(self, username: str, password: str) -> Credential | None:
        return self.credential if self.credential.fits(username, password) else None

    def issue(self, _: Credential) -> str:
        token = secrets.token_urlsafe(24)
        self._known[_digest(token)] = time.time() + self._seconds
        for old in list(self._known)[:-KEPT]:
            del self._known[old]
        self._save()
        return token

    def holder(self, token: str | None) -> Credential | None:
        return self.credential if self.standing(token) == "good" else None

    def standing(self, token: str | None) -> Literal["good", "expired", "unknown", "missing"]:
        """What a token is worth now."""
        if not token:
            return "missing"
        until = self._known.get(_digest(token))
        if until is None:
            return "unknown"
        return "good" if until > time.time() else "expired"

    def knows(self, text: str) -> bool:
        """Whether `text` is a token that was issued here, whatever it is worth now."""
        return _digest(text) in self._known

    def expire(self, token: str | None) -> None:
        """Ends a token before its time."""
        if token and self.knows(token):
            self._known[_digest(token)] = 0.0
            self._save()

    def _save(self) -> None:
        draft = self._path.with_suffix(".part")
        draft.write_text(json.dumps(self._known), encoding="utf-8")
        draft.replace(self._path)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
