"""The secrets of a run: which environment variables hold them, and their values.

A value comes from the environment and from nowhere else, and no `repr` of anything here shows one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from selfship.errors import UsageError

_SENDABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
"""What can stand in a header of HTTP."""


def _unsendable(token: str) -> str:
    if "\n" in token or "\r" in token:
        return "holds a line break"
    return "begins or ends with a space" if token != token.strip() else "holds a character that no header can"


@dataclass(frozen=True)
class Secrets:
    """The names of the environment variables. A profile may name others; it never holds a value."""

    token: str = "SELFSHIP_TOKEN"
    username: str = "SELFSHIP_USERNAME"
    password: str = "SELFSHIP_PASSWORD"
    other_username: str = "SELFSHIP_OTHER_USERNAME"
    other_password: str = "SELFSHIP_OTHER_PASSWORD"

    def names(self) -> tuple[str, ...]:
        return tuple(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True)
class Credentials:
    """A token, or a user name and a password to get one; and those of the second location, where there is one."""

    token: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    other_username: str | None = field(default=None, repr=False)
    other_password: str | None = field(default=None, repr=False)
    names: Secrets = Secrets()

    @classmethod
    def read(cls, names: Secrets, environ: Mapping[str, str]) -> Self:
        """What the variables hold; one that is empty counts as not set."""
        values = {each.name: environ.get(getattr(names, each.name)) or None for each in fields(names)}
        return cls(**values, names=names)

    @property
    def can_log_in(self) -> bool:
        """Whether there is a user name and a password for the token endpoint."""
        return self.username is not None and self.password is not None

    @property
    def has_other(self) -> bool:
        """Whether the second location's credentials are there, both halves of them."""
        return self.other_username is not None and self.other_password is not None

    def required(self) -> Self:
        """These credentials, if they suffice for a run. UsageError names the variables that are missing."""
        names = self.names
        for user, password in (("username", "password"), ("other_username", "other_password")):
            if bool(getattr(self, user)) != bool(getattr(self, password)):
                lacking = getattr(names, password if getattr(self, user) else user)
                given = getattr(names, user if getattr(self, user) else password)
                raise UsageError(f"{given} is set and {lacking} is not: set both in the environment, or neither.")
        if self.token is None and not self.can_log_in:
            raise UsageError(
                f"No credentials: set {names.token}, or {names.username} and {names.password}, in the environment."
            )
        for variable, value in self.secrets().items():
            if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
                raise UsageError(f"{variable} holds bytes that are not UTF-8: set it again.")
        if self.token is not None and not _SENDABLE.fullmatch(self.token):
            raise UsageError(f"{names.token} cannot be sent, for it {_unsendable(self.token)}: set it again without.")
        return self

    def secrets(self) -> dict[str, str]:
        """Variable to value, of those that are set: what must never be written anywhere."""
        values = {getattr(self.names, each.name): getattr(self, each.name) for each in fields(self.names)}
        return {name: value for name, value in values.items() if value}


KEY_PASSPHRASE = "SELFSHIP_KEY_PASSPHRASE"
"""Of the key that signs runs."""


def stripped(names: Secrets, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process that has no business with the secrets: without any variable that holds one."""
    hidden = {*names.names(), *Secrets().names(), KEY_PASSPHRASE}
    return {name: value for name, value in (environ or os.environ).items() if name not in hidden}
