"""What every test of the kit gets without asking."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest

from selfship import secrecy

for _name in ("SIGINT", "SIGHUP", "SIGTERM"):
    # What whoever started the tests ignores (nohup, a shell in the background) their own processes would ignore too.
    with contextlib.suppress(AttributeError, ValueError):
        if signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
            signal.signal(getattr(signal, _name), signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def no_secret_of_another_test() -> Iterator[None]:
    """The last gate is the process's own: what one test has hidden is nothing to the next."""
    yield
    secrecy.forget()
