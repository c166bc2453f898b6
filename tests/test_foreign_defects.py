"""The kit names the rule of each defect of a host that its authors did not write (`foreign_defects.py`), and no other.

The defects lie far enough from each other to be in one host at the same time, those of Shipment Info's own answers
apart.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign_defects import DEFECTS
from tests.foreign_run import certified

OF_INFO = (["CON-7"], ["CON-9", "INF-2"])


@pytest.mark.parametrize(
    "rules",
    [sorted(set(DEFECTS).difference(*OF_INFO)), *OF_INFO],
    ids=lambda rules: rules[0] if len(rules) < 5 else "many",
)
def test_each_defect_of_a_foreign_host_is_laid_at_its_rule(tmp_path: Path, rules: list[str]) -> None:
    asked = [f"--requirement={rule}" for rule in rules]

    defects = [one for rule in rules for one in DEFECTS[rule]]
    rows = certified(tmp_path, "plain", "--settle=4", *asked, defects=defects)

    assert {row["id"]: row["verdict"] for row in rows if row["verdict"] in ("fail", "warn")} == dict.fromkeys(
        rules, "fail"
    )
