"""`exchanges.har`: what goes in comes out, and a browser's developer tools can open it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from selfship import har
from selfship.errors import UsageError
from selfship.exchanges import Exchange

STARTED = "2026-03-02T09:30:00.000Z"


def exchange(seq: int = 1, **fields: Any) -> Exchange:
    usual: dict[str, Any] = {
        "started": f"2026-03-02T09:30:{seq:02d}.250Z",
        "scenario": "forward",
        "step": "push bag_picked",
        "operation": "status",
        "method": "PUT",
        "url": "http://127.0.0.1:8080/oms/v3/shipment/status",
        "request_headers": (("Content-Type", "application/json"), ("x-access-token", "$SELFSHIP_TOKEN")),
        "request_body": '[{"orderId": "17263548191728394857", "orderStatus": "bag_picked"}]',
        "status": 200,
        "response_headers": (("Content-Type", "application/json; charset=utf-8"),),
        "response_body": '{"data": {"success_count": 1}, "note": "été ✓"}'.encode(),
        "elapsed_ms": 12.5,
    }
    return Exchange(seq=seq, **{**usual, **fields})


PDF = exchange(
    2,
    operation="labels",
    response_headers=(("Content-Type", "application/pdf"),),
    response_body=b"%PDF-1.7\nascii only",
)
BINARY = exchange(3, response_body=b"\xff\xfe\x00broken", status=599)
SILENT = exchange(4, status=None, response_headers=(), response_body=b"", error="timeout", attempt=2)
READ = exchange(
    5,
    operation="shipment",
    method="GET",
    url="http://127.0.0.1:8080/oms/v3/shipment?orderStatus=CREATED&locationCode=",
    request_body=None,
)
EMPTY = exchange(6, request_body="", response_headers=(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))
ALL = [exchange(), PDF, BINARY, SILENT, READ, EMPTY]


@pytest.fixture
def entries(tmp_path: Path) -> list[dict[str, Any]]:
    har.write(ALL, tmp_path / "exchanges.har", started=STARTED)
    log = json.loads((tmp_path / "exchanges.har").read_text())["log"]
    found: list[dict[str, Any]] = log["entries"]
    return found


def test_what_was_written_is_read_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.har"

    har.write(ALL, path, started=STARTED)

    assert har.read(path) == ALL


def test_every_field_that_har_requires_is_there(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.har"
    har.write(ALL, path, started=STARTED)

    log = json.loads(path.read_text())["log"]

    assert log["version"] == "1.2"
    assert {"name", "version"} <= log["creator"].keys()
    (page,) = log["pages"]
    assert page["startedDateTime"] == STARTED
    assert {"id", "title", "pageTimings"} <= page.keys()
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
        assert entry["pageref"] == page["id"]
        request = {"method", "url", "httpVersion", "cookies", "headers", "queryString"}
        assert request | {"headersSize", "bodySize"} <= entry["request"].keys()
        response = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"}
        assert response | {"headersSize", "bodySize"} <= entry["response"].keys()
        assert {"size", "mimeType"} <= entry["response"]["content"].keys()
        assert entry["time"] == sum(entry["timings"].values())


def test_a_pdf_and_bytes_that_are_no_text_travel_as_base64(entries: list[dict[str, Any]]) -> None:
    pdf, binary = entries[1]["response"]["content"], entries[2]["response"]["content"]

    assert (pdf["encoding"], pdf["mimeType"]) == ("base64", "application/pdf")
    assert base64.b64decode(pdf["text"]) == PDF.response_body
    assert base64.b64decode(binary["text"]) == BINARY.response_body


def test_a_request_without_an_answer_says_why(entries: list[dict[str, Any]]) -> None:
    silent = entries[3]

    assert silent["response"]["status"] == 0
    assert silent["comment"] == silent["response"]["_error"] == "timeout"
    assert silent["_selfship"]["attempt"] == 2


def test_the_query_is_taken_apart(entries: list[dict[str, Any]]) -> None:
    query = {item["name"]: item["value"] for item in entries[4]["request"]["queryString"]}

    assert query == {"orderStatus": "CREATED", "locationCode": ""}


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"log": {}}', '{"log": {"entries": [{"request": {}}]}}'], ids=repr
)
def test_a_file_that_is_no_archive_of_ours_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.har"
    path.write_text(text)

    with pytest.raises(UsageError, match=r"^other\.har is not an exchanges\.har of this kit .*\.$"):
        har.read(path)
