"""The OpenAPI document is valid, says what the documents say, and agrees with the kit's own tables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pypdf import PdfReader

from selfship import contract, lifecycle, operations, paths

EDITIONS = get_args(contract.Edition)
DOCUMENT = contract.load()

ERROR_CODES = {
    "confirm": {"O400", "O422"},
    "invoiceUpdate": {"IN400", "IN401", "IN403", "IN422", "IN453"},
    "pack": {"CR400", "CR401", "CR422"},
    "dispatch": {"D400", "D401", "D422"},
    "labels": {"L400", "L403"},
    "invoice": {"IN400", "IN403"},
    "courierDetails": {"C400"},
}


def entries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and content of each operation in the document."""
    for path, item in DOCUMENT["paths"].items():
        for method, entry in item.items():
            yield method.upper(), path, entry


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def values(media: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, example in media.get("examples", {}).items():
        yield name, resolved(example)["value"]


def json_examples() -> Iterator[Any]:
    """Every example body, as (schema's name, value)."""
    for _, _, entry in entries():
        name = entry["operationId"]
        bodies = [("request", entry["requestBody"])] if "requestBody" in entry else []
        bodies.append(("answer", resolved(entry["responses"]["200"])))
        for part, body in bodies:
            for label, value in values(body["content"].get("application/json", {})):
                yield pytest.param(f"{name}.{part}", value, id=f"{name}-{part}-{label}")


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_document_is_valid_openapi(edition: contract.Edition) -> None:
    OpenAPIV31SpecValidator(contract.load(edition)).validate()


@pytest.mark.parametrize(("name", "value"), list(json_examples()))
def test_every_example_fits_its_schema(name: str, value: Any) -> None:
    operation, _, part = name.partition(".")

    assert contract.complaints(name, value) == ()
    jsonschema.Draft202012Validator(contract.schema_of(operation, part)).validate(value)  # type: ignore[arg-type]


def test_every_request_and_every_success_has_an_example() -> None:
    for _, _, entry in entries():
        name = entry["operationId"]
        if "requestBody" in entry:
            assert list(values(entry["requestBody"]["content"]["application/json"])), name
        else:
            assert any("example" in resolved(parameter) for parameter in entry["parameters"]), name
        for media in resolved(entry["responses"]["200"])["content"].values():
            assert list(values(media)), name


def test_every_parameters_example_fits() -> None:
    for _, _, entry in entries():
        for parameter in map(resolved, entry.get("parameters", [])):
            schema = parameter["schema"]
            jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(parameter["example"])


def test_no_example_id_could_be_a_real_one() -> None:
    ids = set(re.findall(r"\b\d{16,}\b", paths.OPENAPI.read_text("utf-8")))

    assert ids == {"17000000000000000001", "17000000000000000002"}
    assert all(2**63 < int(id_) < 2**64 for id_ in ids)


def test_the_documents_operations_are_the_kits() -> None:
    in_document = {entry["operationId"]: (method, path) for method, path, entry in entries()}
    in_kit = {name: (operation.method, operation.path) for name, operation in operations.OPERATIONS.items()}

    assert in_document == in_kit
    assert len(in_kit) == 15


@pytest.mark.parametrize("name", operations.BULK)
def test_every_bulk_operation_takes_1_to_20_items(name: str) -> None:
    body = contract.schema_of(name, "request")
    [example, *_] = dict(values(contract.operation(name)["requestBody"]["content"]["application/json"])).values()
    request = contract.validator(f"{name}.request")

    assert (body["type"], body["minItems"], body["maxItems"]) == ("array", 1, operations.MAX_ITEMS)
    assert request.is_valid(example[:1] * 20)
    assert not request.is_valid(example[:1] * 21)
    assert not request.is_valid([])


def test_only_bulk_operations_take_a_list() -> None:
    lists = {
        entry["operationId"]
        for _, _, entry in entries()
        if "requestBody" in entry and contract.schema_of(entry["operationId"], "request").get("type") == "array"
    }

    assert lists == set(operations.BULK)


@pytest.mark.parametrize("operation", operations.OPERATIONS.values(), ids=operations.OPERATIONS)
def test_answers_are_declared_as_the_kit_expects(operation: operations.Operation) -> None:
    responses = contract.operation(operation.name)["responses"]
    success = resolved(responses["200"])
    wanted = "application/pdf" if operation.answers == "pdf" else "application/json"

    assert list(success["content"]) == [wanted]
    assert responses["2XX"] == responses["200"]
    # A refusal may be any 4xx with any body, a 5xx only a 503 with Retry-After.
    assert responses["4XX"] == {"$ref": "#/components/responses/Refused"}
    assert set(responses) == {"200", "2XX", "4XX", "503"}
    assert resolved(responses["503"])["headers"]["Retry-After"]["required"] is True
    assert all(media["schema"] == {} for media in resolved(responses["4XX"])["content"].values())


def test_each_write_answers_its_envelope() -> None:
    envelope = {"flat": "FlatEnvelope", "data": "DataEnvelope"}
    for name in operations.WRITES:
        schema = contract.schema_of(name, "answer")
        assert schema["$ref"] == f"#/components/schemas/{envelope[operations.OPERATIONS[name].envelope]}"


def test_the_editions_differ_in_three_values_of_one_enum() -> None:
    strict, extended = contract.load("strict"), contract.load("extended")
    narrow, wide = (edition["components"]["schemas"]["ShipmentStatus"].pop("enum") for edition in (strict, extended))

    assert strict == extended
    assert set(narrow) < set(wide)
    assert set(wide) - set(narrow) == {
        "out_for_delivery",
        "delivery_attempt_failed",
        "delivery_reattempt_requested",
    }


def test_the_editions_are_those_of_the_lifecycle_table() -> None:
    status = DOCUMENT["components"]["schemas"]["ShipmentStatus"]
    extended = {event.value for event in lifecycle.STATUSES}

    assert set(status["enum"]) == set(status["x-editions"]["extended"]) == extended
    assert set(status["x-editions"]["strict"]) == extended - {event.value for event in lifecycle.NDR_EVENTS}
    assert set(status["x-editions"]) == set(EDITIONS)


def test_the_documented_error_codes_are_listed() -> None:
    for name in operations.OPERATIONS:
        assert set(contract.error_codes(name)) == ERROR_CODES.get(name, set()), name


def test_the_token_goes_in_its_header() -> None:
    scheme = DOCUMENT["components"]["securitySchemes"]["ApiKeyAuth"]

    assert scheme == {"type": "apiKey", "in": "header", "name": operations.TOKEN_HEADER}
    assert DOCUMENT["security"] == [{"ApiKeyAuth": []}]
    open_to_all = {entry["operationId"] for _, _, entry in entries() if entry.get("security") == []}
    assert open_to_all == {"token"}


def test_links_lead_only_to_reads() -> None:
    links = [
        link for answer in DOCUMENT["components"]["responses"].values() for link in answer.get("links", {}).values()
    ]

    assert links
    for link in links:
        assert not operations.OPERATIONS[link["operationId"]].writes


def test_the_example_document_is_a_readable_pdf() -> None:
    pdf = DOCUMENT["components"]["examples"]["Pdf"]["value"].encode("ascii")

    [page] = PdfReader(io.BytesIO(pdf), strict=True).pages
    assert page.extract_text() == "AWB0001"
