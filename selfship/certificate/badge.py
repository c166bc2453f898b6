"""`badge.svg`: the verdict as the small picture that a README or a wiki shows.

Letters are as wide as they are asked to be (`textLength`), so that no font can spoil the picture.
"""

from __future__ import annotations

from html import escape

from selfship.certificate.words import RUN_VERDICTS
from selfship.results import Results
from selfship.verdict import RunVerdict

_COLOURS = {
    RunVerdict.CONFORMING: "#14693e",
    RunVerdict.CONFORMING_WITH_WAIVERS: "#0b6670",
    RunVerdict.INCOMPLETE: "#845200",
    RunVerdict.NONCONFORMING: "#b3202a",
    RunVerdict.ERROR: "#8d1b6c",
}
_NAME = "Konnect self-ship"
_LETTER, _MARGIN, _HEIGHT = 6.6, 8, 20


def badge(results: Results) -> str:
    """The badge of a run as SVG; it says the verdict, the role and nothing that a host has sent."""
    word = RUN_VERDICTS[results.verdict]
    role = "client" if results.target.get("role") == "client" else "host"
    left, right = f"{_NAME} {role}", f"{word.symbol} {word.label}"
    middle, width = _width(left), _width(left) + _width(right)
    title = escape(f"{left}: {word.label}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{_HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="round"><rect width="{width:g}" height="{_HEIGHT}" rx="3"/></clipPath>'
        '<g clip-path="url(#round)">'
        f'<rect width="{middle:g}" height="{_HEIGHT}" fill="#3b424a"/>'
        f'<rect x="{middle:g}" width="{width - middle:g}" height="{_HEIGHT}" fill="{_COLOURS[results.verdict]}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(left, 0)}{_text(right, middle)}</g></svg>\n"
    )


def _width(text: str) -> float:
    return round(len(text) * _LETTER + 2 * _MARGIN, 1)


def _text(text: str, x: float) -> str:
    length = _width(text) - 2 * _MARGIN
    return f'<text x="{x + _MARGIN:g}" y="14" textLength="{length:g}">{escape(text)}</text>'
