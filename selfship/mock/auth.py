"""Who may ask: credentials, the locations that they cover, and the tokens issued for them."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass

from selfship.mock.settings import LOCATION, LOCATIONS, OTHER_LOCATION, MockSettings


@dataclass(frozen=True)
class Credential:
    """`company` credentials cover several locations, so that a listing must name the one it wants."""

    username: str
    password: str
    locations: frozenset[str]
    company: bool = False

    def fits(self, username: str, password: str) -> bool:
        same = hmac.compare_digest(username.encode(), self.username.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and same


class Tokens:
    """Tokens live in memory only: after a restart a client asks for a new one."""

    def __init__(self, settings: MockSettings) -> None:
        company = settings.auth == "company"
        covered = frozenset(LOCATIONS if company else (LOCATION,))
        self.credentials = (
            Credential(settings.username, settings.password, covered, company),
            Credential(settings.other_username, settings.other_password, frozenset((OTHER_LOCATION,))),
        )
        self._ttl = settings.token_ttl
        self._issued: dict[str, tuple[Credential, float]] = {}

    def login(self, username: str, password: str) -> Credential | None:
        return next((known for known in self.credentials if known.fits(username, password)), None)

    def issue(self, credential: Credential) -> str:
        now = time.monotonic()
        # Clients of one run log in again and again: forget what has expired.
        self._issued = {token: entry for token, entry in self._issued.items() if entry[1] > now}
        token = secrets.token_urlsafe(24)
        self._issued[token] = (credential, now + self._ttl)
        return token

    def holder(self, token: str | None) -> Credential | None:
        """Whose token it is; None where it is missing, unknown or expired."""
        credential, expires = self._issued.get(token or "", (None, 0.0))
        return credential if expires > time.monotonic() else None
