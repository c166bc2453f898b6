"""Exchanges: secrets never get in, the journal gives back what was put in, the command line sends the same again."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from selfship.exchanges import Exchange, Recorder, Redactor, curl, from_json, strict_json, to_json

SECRET = 'p&ss wörd/"\\+='


def fields(**more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "started": "2026-03-02T09:30:00.250+00:00",
        "scenario": "forward",
        "step": "push bag_picked",
        "operation": "status",
        "method": "PUT",
        "url": "http://127.0.0.1:8080/oms/v3/shipment/status",
        "request_headers": (("content-type", "application/json"), ("x-access-token", "$SELFSHIP_TOKEN")),
        "request_body": '[{"orderId": "1"}]',
        "status": 200,
        "response_headers": (("Content-Type", "application/json; charset=utf-8"),),
        "response_body": b'{"data": {}}',
        "elapsed_ms": 1.5,
    }
    return {**usual, **more}


def exchange(**more: Any) -> Exchange:
    return Exchange(seq=1, **fields(**more))


FORMS: dict[str, Callable[[str], str]] = {
    "clear": str,
    "path": lambda text: quote(text, safe=""),
    "query": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_reads_as_its_variable_in_every_form(form: str) -> None:
    redact = Redactor({"SELFSHIP_PASSWORD": SECRET})
    shown = FORMS[form](SECRET)
    assert redact(f"<{shown}|{shown}>") == "<$SELFSHIP_PASSWORD|$SELFSHIP_PASSWORD>"
    assert redact.bytes(b"\xff" + shown.encode() + b"\x00") == b"\xff$SELFSHIP_PASSWORD\x00"


def test_the_longer_of_two_secrets_is_replaced_first() -> None:
    redact = Redactor({"SHORT": "secret", "LONG": "secret-and-more"})
    assert redact("secret-and-more secret") == "$LONG $SHORT"


def test_a_short_word_is_left_in_innocent_text() -> None:
    redact = Redactor({"SELFSHIP_PASSWORD": "demo1", "SELFSHIP_USERNAME": ""})
    assert redact("a demo1 of it") == "a demo1 of it"
    redact.add("SELFSHIP_PASSWORD", "demo12")
    assert redact("demo12") == "$SELFSHIP_PASSWORD"


def test_no_part_of_an_exchange_keeps_a_secret(tmp_path: Path) -> None:
    recorder = Recorder(Redactor({"SELFSHIP_PASSWORD": SECRET}), tmp_path / "journal")
    kept = recorder.add(
        **fields(
            url=f"http://127.0.0.1/x?password={quote_plus(SECRET)}",
            request_headers=(("authorization", "Basic " + FORMS["base64"](SECRET)),),
            request_body=json.dumps({"password": SECRET}),
            response_headers=(("location", f"/x?p={quote(SECRET, safe='')}"),),
            response_body=json.dumps({"you sent": SECRET}).encode() + b"\xff",
            error=f"InvalidURL: {SECRET}",
        )
    )
    recorder.close()
    assert kept.url == "http://127.0.0.1/x?password=$SELFSHIP_PASSWORD"
    assert kept.request_headers == (("authorization", "Basic $SELFSHIP_PASSWORD"),)
    assert kept.response_headers == (("location", "/x?p=$SELFSHIP_PASSWORD"),)
    assert kept.error == "InvalidURL: $SELFSHIP_PASSWORD"
    written = repr(kept) + (tmp_path / "journal").read_text("utf-8")
    for form in FORMS.values():
        assert form(SECRET) not in written


@pytest.mark.parametrize(
    "body", [b"", '{"note": "été ✓"}'.encode(), b"%PDF-1.7\n\xff\xfe\x00\x80", bytes(range(256))], ids=repr
)
def test_the_journal_gives_back_what_was_recorded(tmp_path: Path, body: bytes) -> None:
    recorder = Recorder(Redactor(), tmp_path / "journal")
    recorder.add(**fields(response_body=body))
    recorder.add(**fields(status=None, response_headers=(), response_body=b"", request_body=None, error="timeout"))
    lines = (tmp_path / "journal").read_text("utf-8").splitlines()  # before it is closed: a crash loses nothing
    recorder.close()
    assert [from_json(json.loads(line)) for line in lines] == recorder.exchanges
    assert [one.seq for one in recorder.exchanges] == [1, 2]


def test_a_line_that_is_no_exchange_is_not_taken_for_one() -> None:
    line = to_json(exchange())
    with pytest.raises(KeyError):
        from_json({key: value for key, value in line.items() if key != "response_body"})
    with pytest.raises(TypeError):
        from_json({**line, "unheard_of": 1})


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "a": 2}}]', "NaN", "[Infinity]", "-Infinity", ""]
)
def test_what_python_forgives_is_not_json(text: str) -> None:
    with pytest.raises(ValueError):
        strict_json(text)
    assert exchange(response_body=text.encode()).json is None
    assert exchange(request_body=text).sent is None


def test_json_that_is_json() -> None:
    assert strict_json(b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]
    assert exchange().sent == [{"orderId": "1"}]
    assert exchange(response_body=b"[" * 100_000).json is None
    assert exchange(request_body=None).sent is None


@pytest.mark.parametrize(
    "nasty",
    [
        "it's",
        'say "so"',
        "`touch x`",
        "$(touch x) $HOME",
        "back\\slash \\' \\\"",
        '$SELFSHIP_TOKEN and it\'s "$(touch x)" `touch x` \\ $HOME',
        "line\nline",
        "$SELFSHIP_TOKEN;$SELFSHIP_x $SELFSHIP",
        "! * ? [a] {b} ~ # & | <>",
    ],
)
def test_the_command_line_sends_the_same_text_and_runs_nothing(nasty: str, tmp_path: Path) -> None:
    sent = exchange(
        url=f"http://127.0.0.1/x?q={nasty}",
        request_body=nasty,
        request_headers=(("content-type", nasty), ("accept", "*/*"), ("X-Access-Token", "$SELFSHIP_TOKEN")),
    )
    line = curl(sent)
    assert subprocess.run(["sh", "-n", "-c", line], timeout=10, check=False).returncode == 0

    shown = subprocess.run(
        ["sh", "-c", 'curl() { printf "%s\\0" "$@"; }\n' + line],
        env={"SELFSHIP_TOKEN": "the-token", "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        timeout=10,
        check=True,
    ).stdout.decode()
    meant = nasty.replace("$SELFSHIP_TOKEN", "the-token")
    assert shown.split("\0")[:-1] == [
        "-i", "-X", "PUT", f"http://127.0.0.1/x?q={meant}",
        "-H", f"content-type: {meant}", "-H", "X-Access-Token: the-token", "-d", meant,
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_request_without_a_body_is_sent_without_one() -> None:
    assert curl(exchange(method="GET", request_body=None, request_headers=(), url="http://h/p")) == (
        "curl -i -X GET 'http://h/p'"
    )


def test_what_an_answer_declares() -> None:
    answer = exchange(url="http://h/oms/v3/shipment?orderId=1")
    assert (answer.media_type, answer.path, answer.ok) == ("application/json", "/oms/v3/shipment", True)
    assert answer.header("CONTENT-TYPE") == "application/json; charset=utf-8"
    assert answer.header("retry-after") is None
    assert exchange(response_headers=()).media_type == ""
    assert not exchange(status=None).ok
    assert not exchange(status=302).ok
    assert exchange(response_body=b"%PDF-1.7 ...").text == "(a PDF of 12 bytes)"
    assert exchange(response_body=b"caf\xe9").text == "caf\ufffd"
