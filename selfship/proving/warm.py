"""Imported once by the process that certifications are forked from: what each of them would otherwise do again.

Not the plugin and what it registers for rewriting: pytest must be the first to import that.
"""

from __future__ import annotations

from typing import get_args

import hypothesis
import pypdf
import rich.live

from selfship import certification, contract, requirements, scenarios, session

LOADED = (
    *(hypothesis, pypdf, rich.live),
    *(certification, scenarios, session),
)

requirements.load()
for _edition in get_args(contract.Edition):
    contract.load(_edition)
