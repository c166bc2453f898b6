"""`certificate.html`: one page that a manager reads and an engineer acts on.

Decides what goes into it; how a page is made is `rendering`'s business, for this one and all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from selfship import secrecy
from selfship.certificate import latency, page, rendering
from selfship.certificate.badge import badge
from selfship.certificate.drawing import HEIGHT, WIDTH
from selfship.certificate.summary import summary
from selfship.exchanges import Exchange
from selfship.results import Results

__all__ = ["accompany", "badge", "render", "summary", "write"]

_HERE = Path(__file__).resolve().parent


def write(results: Results, exchanges: Sequence[Exchange], path: Path) -> None:
    """Writes the certificate of a run to `path`. OSError where it cannot be written, LeakError where it must not be."""
    page = render(results, exchanges)
    secrecy.refuse(path.name, page)
    path.write_text(page, encoding="utf-8", errors="replace")


def accompany(results: Results, folder: Path) -> None:
    """Writes into `folder` what goes where a page cannot: `badge.svg` and `summary.md`. Raises as `write` does."""
    for name, text in (("badge.svg", badge(results)), ("summary.md", summary(results))):
        secrecy.refuse(name, text)
        (folder / name).write_text(text, encoding="utf-8", errors="replace")


def render(results: Results, exchanges: Sequence[Exchange]) -> str:
    """The certificate of a run as HTML."""
    return rendering.render(
        _HERE / "certificate.html.j2",
        style=rendering.CERTIFICATE_STYLE.read_text("utf-8"),
        script=(_HERE / "certificate.js").read_text("utf-8"),
        page=page.build(results, exchanges),
        BOX=(WIDTH, HEIGHT),
        LENGTH=latency.LENGTH,
    )
