"""`certificate.html`: one page that a manager reads and an engineer acts on.

Decides how the page is made: one file, complete without JavaScript, no network. All that a host or a client sent is
escaped, and a content security policy lets only the page's own style and script run, each named by its digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from selfship import secrecy
from selfship.certificate import latency, page, words
from selfship.certificate.drawing import HEIGHT, WIDTH
from selfship.exchanges import Exchange
from selfship.results import Results

__all__ = ["render", "write"]

_HERE = Path(__file__).resolve().parent


def write(results: Results, exchanges: Sequence[Exchange], path: Path) -> None:
    """Writes the certificate of a run to `path`. OSError where it cannot be written, LeakError where it must not be."""
    page = render(results, exchanges)
    secrecy.refuse(path.name, page)
    path.write_text(page, encoding="utf-8", errors="replace")


def render(results: Results, exchanges: Sequence[Exchange]) -> str:
    """The certificate of a run as HTML."""
    style, script = (_HERE / "certificate.css").read_text("utf-8"), (_HERE / "certificate.js").read_text("utf-8")
    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(
            page=page.build(results, exchanges),
            style=style,
            script=script,
            policy=_policy(style, script),
        )
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"BOX": (WIDTH, HEIGHT), "LENGTH": latency.LENGTH}
    environment.filters |= {
        "count": words.count,
        "cut": words.cut,
        "moment": words.moment,
        "number": words.number,
    }
    return environment
