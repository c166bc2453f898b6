"""The kit's own surprises: keeps the traceback in a file, so that a person reads one sentence."""

from __future__ import annotations

import os
import re
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

from selfship import secrecy

_HOLDS_SECRETS = re.compile(r"TOKEN|PASSW|SECRET|USERNAME|CREDENTIAL|API_?KEY", re.IGNORECASE)


def keep(problem: BaseException, environ: Mapping[str, str] = os.environ) -> Path:
    """Writes the traceback of `problem`, without what the environment holds secret, and returns the file."""
    return keep_text("".join(traceback.format_exception(problem)), environ)


def keep_text(text: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The same for a traceback that is text already."""
    for variable, value in environ.items():
        if _HOLDS_SECRETS.search(variable):
            secrecy.learn(variable, value)
    handle, name = tempfile.mkstemp(prefix="selfship-", suffix=".traceback.txt", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrecy.cleaned(text))
    return Path(name)
