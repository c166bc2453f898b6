"""`junit.xml`: one test case a rule, as CI systems read it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

from selfship.results import Results
from selfship.verdict import Verdict

_SKIPPED = (Verdict.BLOCKED, Verdict.NOT_TESTABLE, Verdict.NOT_APPLICABLE, Verdict.WAIVED)


def write(results: Results, path: Path) -> None:
    """Writes the results as JUnit XML. OSError where it cannot be written."""
    rows = results.requirements
    suite = Xml.Element(
        "testsuite",
        name="selfship referee",
        tests=str(len(rows)),
        failures=str(sum(row.verdict is Verdict.FAIL for row in rows)),
        errors=str(sum(row.verdict is Verdict.ERROR for row in rows)),
        skipped=str(sum(row.verdict in (*_SKIPPED, Verdict.WARN) for row in rows)),
        time=str(results.run["wall_s"]),
        timestamp=str(results.run["started"]),
    )
    for row in rows:
        case = Xml.SubElement(suite, "testcase", classname="referee", name=f"{row.id}: {row.statement}")
        words = "\n".join(finding.message for finding in row.findings)
        if row.verdict in (Verdict.FAIL, Verdict.ERROR):
            kind = "failure" if row.verdict is Verdict.FAIL else "error"
            Xml.SubElement(case, kind, message=_plain(row.findings[0].message)).text = _plain(words)
        elif row.verdict is not Verdict.PASS:
            Xml.SubElement(case, "skipped", message=_plain(f"{row.verdict.value}: {words}"))
    top = Xml.Element("testsuites")
    top.append(suite)
    Xml.ElementTree(top).write(path, encoding="utf-8", xml_declaration=True)


def _plain(text: str) -> str:
    """Without the characters that XML has no place for."""
    return "".join(each if each in "\n\t" or each.isprintable() else "�" for each in text)
