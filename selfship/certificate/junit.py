"""`junit.xml` as CI systems read it, out of results: a test case for each check of a host, or each rule of a client.

A run that one session of pytest has judged has pytest's own; the names of test cases are the same here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from selfship import secrecy
from selfship.results import NO_CHECK, Results
from selfship.verdict import WEIGHT, Verdict

_HELD = (Verdict.PASS, Verdict.OBSERVED)
_TAGS = {Verdict.FAIL: "failure", Verdict.ERROR: "error"}


@dataclass(frozen=True)
class _Case:
    group: str
    name: str
    verdict: Verdict
    message: str = ""
    words: str = ""
    requirement: str = ""

    @property
    def tag(self) -> str:
        """Of the element that says what became of it; "" where it held."""
        return "" if self.verdict in _HELD else _TAGS.get(self.verdict, "skipped")


def write(results: Results, path: Path) -> None:
    """Writes the results as JUnit XML. OSError where it cannot be written, LeakError where it must not be."""
    text = render(results)
    secrecy.refuse(path.name, text)
    path.write_text(text, encoding="utf-8")


def render(results: Results) -> str:
    """The results as JUnit XML."""
    client = results.target.get("role", "host") == "client"
    cases = list(_rules(results)) if client else _checks(results)
    top = Xml.Element("testsuites")
    suite = Xml.SubElement(
        top,
        "testsuite",
        name="selfship referee" if client else "selfship",
        tests=str(len(cases)),
        failures=_count(cases, "failure"),
        errors=_count(cases, "error"),
        skipped=_count(cases, "skipped"),
        time=str(results.run["wall_s"]),
        timestamp=str(results.run["started"]),
    )
    for case in cases:
        told = Xml.SubElement(suite, "testcase", classname=_plain(case.group), name=_plain(case.name))
        if case.requirement:
            about = Xml.SubElement(told, "properties")
            Xml.SubElement(about, "property", name="requirement", value=case.requirement)
            Xml.SubElement(about, "property", name="verdict", value=case.verdict)
        if case.tag:
            Xml.SubElement(told, case.tag, message=_plain(case.message)).text = _plain(case.words) or None
    document: bytes = Xml.tostring(top, encoding="utf-8", xml_declaration=True)
    return document.decode()


def _count(cases: Sequence[_Case], tag: str) -> str:
    return str(sum(case.tag == tag for case in cases))


def _rules(results: Results) -> Iterator[_Case]:
    for row in results.requirements:
        words = "\n".join(finding.message for finding in row.findings)
        broken = row.verdict in _TAGS
        message = row.findings[0].message if broken else f"{row.verdict}: {words}"
        yield _Case("referee", f"{row.id}: {row.statement}", row.verdict, message, words if broken else "")


def _checks(results: Results) -> list[_Case]:
    """Each check once, with the worst that any of its rules has to say."""
    found: dict[str, _Case] = {}
    for row in results.requirements:
        said = [(one.check, one.verdict, one.message, one.blocked_by) for one in row.findings if one.check != NO_CHECK]
        for check, verdict, message, by in [*said, *((one.check, Verdict.PASS, "", None) for one in row.evidence)]:
            loud = verdict in (*_TAGS, Verdict.WARN, Verdict.WAIVED)
            words = f"{row.id if loud else verdict}{f' by {by}' if by else ''}: {message}"
            case = _Case(*_address(check), verdict, words, words, row.id)
            found[check] = min(found.get(check, case), case, key=lambda one: WEIGHT[one.verdict])
    return list(found.values())


def _address(check: str) -> tuple[str, str]:
    """Class and name of a test, as pytest makes them of its node id; what is no test is the kit's own."""
    path, tests, name = check.partition("::")
    return (re.sub(r"\.py$", "", path.replace("/", ".")), name) if tests else ("selfship", check)


def _plain(text: str) -> str:
    """Without the characters that XML has no place for."""
    return "".join(each if each in "\n\t" or each.isprintable() else "�" for each in text)
