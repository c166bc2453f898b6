"""How the certificate names things: verdicts in words and symbols, counts, and text that came from a host.

Knows no layout. A verdict is never told by colour alone: each has a word and a symbol of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfship.operations import OPERATIONS
from selfship.verdict import RunVerdict, Verdict


@dataclass(frozen=True)
class Word:
    """A verdict for people. `css` is also the value that the page's filters use."""

    css: str
    label: str
    symbol: str
    means: str


VERDICTS: dict[Verdict | None, Word] = {
    Verdict.ERROR: Word("error", "kit error", "‼", "the kit broke here: says nothing about the host"),
    Verdict.FAIL: Word("fail", "fail", "✕", "a MUST is broken"),
    Verdict.WARN: Word("warn", "warning", "!", "a SHOULD is broken"),
    Verdict.BLOCKED: Word("blocked", "blocked", "⊘", "rests on a check that failed"),
    Verdict.NOT_TESTABLE: Word("not_testable", "not testable", "?", "something was missing to try it"),
    Verdict.WAIVED: Word("waived", "waived", "W", "broken, and excused until a date"),
    Verdict.NOT_APPLICABLE: Word("not_applicable", "not applicable", "–", "the profile declares it absent"),
    Verdict.OBSERVED: Word("observed", "observed", "○", "the documents leave it open: recorded, not judged"),
    Verdict.PASS: Word("pass", "pass", "✓", "shown to hold"),
    None: Word("untried", "not tested", "·", "not tried in this run"),
}

RUN_VERDICTS: dict[RunVerdict, Word] = {
    RunVerdict.CONFORMING: Word("pass", "Conforming", "✓", ""),
    RunVerdict.CONFORMING_WITH_WAIVERS: Word("waived", "Conforming, with waivers", "✓", ""),
    RunVerdict.INCOMPLETE: Word("incomplete", "Incomplete", "?", ""),
    RunVerdict.NONCONFORMING: Word("fail", "Nonconforming", "✕", ""),
    RunVerdict.ERROR: Word("error", "Error of the kit", "‼", ""),
}

# Not strftime's: that speaks the language of the machine.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# Characters that a page would not show, or that would turn the text around them.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(value: object) -> object:
    """Text with its control, direction and half characters written out (`\\u202e`); anything else as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", value.replace("\r\n", "\n"))


def cut(text: str, length: int) -> str:
    """`text`, or its first `length` characters and how many are left out."""
    if len(text) <= length:
        return text
    return f"{text[:length].rstrip()} … ({number(len(text) - length)} more characters)"


def begun(sentence: str) -> str:
    """`sentence` as a sentence begins; where its first word is a name of the API's, as it is."""
    first = sentence.split(maxsplit=1)[0] if sentence.split() else ""
    return sentence if first in OPERATIONS or not first.isalpha() else sentence[0].upper() + sentence[1:]


def number(value: float) -> str:
    """1903 as `1,903`; a fraction with the digits that a reader needs."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"


def count(how_many: int, noun: str, plural: str | None = None) -> str:
    """`1 check`, `412 checks`."""
    return f"{number(how_many)} {noun if how_many == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """A duration in the unit that people would say it in."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def moment(rfc3339: object) -> str:
    """`2026-03-02T09:30:00Z` as `2 March 2026, 09:30 UTC`; what is no point in time as it is."""
    text = str(rfc3339)
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = "UTC" if then.utcoffset() == timedelta(0) else then.strftime("%z")
    return f"{then.day} {_MONTHS[then.month - 1]} {then.year}, {then:%H:%M} {zone}".rstrip()


def listed(names: Sequence[str], at_most: int = 6) -> str:
    """`A, B and C`; beyond `at_most`, `A, B, C and 9 more`."""
    shown = list(names[:at_most])
    if len(names) > at_most:
        return f"{', '.join(shown)} and {number(len(names) - at_most)} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
