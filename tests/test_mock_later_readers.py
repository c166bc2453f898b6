"""Each fault of the later readers makes the mock do what a probe asks about, and the plain mock does not do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from selfship.mock.faults import second_reader, second_reader_writes, third_reader
from tests import second_reader_probes, third_reader_probes
from tests.mock_host import Api, mock

PROBES = second_reader_probes.PROBES | third_reader_probes.PROBES
NAMES = [fault.name for fault in (*second_reader.FAULTS, *second_reader_writes.FAULTS, *third_reader.FAULTS)]


@pytest.fixture(scope="module")
def plain() -> Iterator[Api]:
    with mock() as api:
        yield api


def test_there_is_a_probe_for_every_fault_and_no_other() -> None:
    assert sorted(PROBES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_does_what_the_plain_host_does_not(plain: Api, name: str) -> None:
    asks = PROBES[name]

    with mock(faults=(name,)) as faulty:
        assert asks(faulty)
    assert not asks(plain)
