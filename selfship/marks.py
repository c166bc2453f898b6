"""Which test judges which requirement, as pytest collects the suites: no host is needed, and none is called."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class Collected:
    """A pytest plugin that remembers what the collected tests are marked with."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = defaultdict(list)
        """Requirement id to the tests that judge it, as `suites/…/test_x.py::test_name`, each case of a test alike."""

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            name = item.nodeid.split("[")[0]
            for requirement in (one for mark in item.iter_markers("requirement") for one in mark.args):
                if name not in self.tests[requirement]:
                    self.tests[requirement].append(name)
