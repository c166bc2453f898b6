"""How every page of the kit is made: one file, complete without JavaScript, no network.

What a host or a client sent is escaped, and a content security policy lets only the page's own style and script run,
each named by its digest. Knows no page: a page has a folder with its template, and whatever it shows.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from selfship.certificate import differing, words

_HERE = Path(__file__).resolve().parent
CERTIFICATE_STYLE = _HERE / "certificate.css"
"""The style of the certificate, for pages that look like it."""


def render(template: Path, *, style: str, script: str = "", **shown: Any) -> str:
    """The page that `template` makes of what is `shown`, with its style, its script and its policy.

    A template finds its neighbours by name, then those of the certificate.
    """
    made = _environment(template.parent).get_template(template.name)
    return made.render(style=style, script=script, policy=_policy(style, script), **shown)


def _policy(style: str, script: str) -> str:
    scripts = f"script-src '{_digest(script)}'; " if script else ""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; {scripts}img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=8)
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "begun": words.begun,
        "cut": words.cut,
        "moment": words.moment,
        "number": words.number,
        "segments": differing.segments,
    }
    return environment
