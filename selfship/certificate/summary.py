"""`summary.md`: the certificate for a pull request or a job's page, short enough to be read there.

What a host or a client sent may hold anything: here it makes no markup, mentions nobody and links nowhere.
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import get_args

from selfship.certificate import findings, reason
from selfship.certificate.words import RUN_VERDICTS, VERDICTS, count, cut, moment, number, seconds, visible
from selfship.results import Results
from selfship.verdict import Level, Verdict

_CAUSES, _ADVICE, _WORDS = 10, 5, 240
_MARKUP = re.compile(r"[\\`*_\[\]#|~@]|:(?=//)")


def summary(results: Results) -> str:
    """The Markdown of a run: verdict, why, what to fix first, what to prepare, the counts."""
    word, target, run = RUN_VERDICTS[results.verdict], results.target, results.run
    role = "client" if target.get("role") == "client" else "host"
    parts = [f"## {word.symbol} {word.label}: Konnect self-ship {role} {plain(str(target.get('url', '')))}"]
    parts += map(plain, [reason.sentence(results), *reason.footnotes(results)])
    parts += [_first(results), _missing(results), _waived(results), _table(results)]
    took = f"{count(int(run.get('requests', 0)), 'request')} in {seconds(float(run.get('wall_s', 0)))}"
    parts.append(
        f"<sub>{plain(moment(run.get('started', '')))}, {took}, selfship {plain(str(results.kit.get('version', '')))}. "
        "The evidence is in certificate.html.</sub>"
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def plain(text: str, length: int = 600) -> str:
    """`text` in one line that reads the same in Markdown, whatever is in it."""
    line = " ".join(str(visible(cut(text, length))).split())
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", escape(line, quote=False))


def _first(results: Results) -> str:
    if not results.fix_first:
        return ""
    lines = []
    for cause in results.fix_first[:_CAUSES]:
        rests = f" ({count(cause.unlocks, 'other check')} on it)" if cause.unlocks else ""
        lines.append(f"1. **{cause.requirement}** {plain(cause.message, _WORDS)}{rests}")
    more = len(results.fix_first) - len(lines)
    return "\n".join(["### Fix this first", "", *lines, *([f"\n{count(more, 'more finding')}."] if more else [])])


def _missing(results: Results) -> str:
    groups = findings.unjudged(results.requirements, Verdict.NOT_TESTABLE)
    lines = [f"- {plain(one.reason, _WORDS)} ({count(len(one.rules), 'rule')})" for one in groups[:_ADVICE]]
    more = len(groups) - len(lines)
    return (
        "\n".join(["### Not testable", "", *lines, *([f"- and {number(more)} more"] if more else [])]) if lines else ""
    )


def _waived(results: Results) -> str:
    lines = [f"- {plain(one.words, _WORDS)}" for one in results.waivers]
    return "\n".join(["### Waivers", "", *lines]) if lines else ""


def _table(results: Results) -> str:
    """How many rules of each level ended how."""
    levels = get_args(Level)
    counted = Counter((row.level, row.verdict) for row in results.requirements)
    used = [verdict for verdict in Verdict if any(counted[level, verdict] for level in levels)]
    head = ["| | " + " | ".join(f"{VERDICTS[one].symbol} {VERDICTS[one].label}" for one in used) + " |"]
    head.append("|---|" + "---:|" * len(used))
    rows = [
        f"| {level} | " + " | ".join(str(counted[level, one] or "") for one in used) + " |"
        for level in levels
        if any(counted[level, one] for one in used)
    ]
    return "\n".join(head + rows)
