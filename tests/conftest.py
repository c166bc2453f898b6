"""What every test of the kit gets without asking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from selfship import secrecy


@pytest.fixture(autouse=True)
def no_secret_of_another_test() -> Iterator[None]:
    """The last gate is the process's own: what one test has hidden is nothing to the next."""
    yield
    secrecy.forget()
