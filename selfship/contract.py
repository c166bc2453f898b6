"""The API's contract, `contracts/openapi/konnect-selfship.yaml`, as document and as compiled JSON Schemas.

Decides which schema an operation's request and answer must fit, and puts the edition into it. Never knows a host, an
exchange or a rule.

A schema is named by a component (`Order`) or by an operation and a part of it (`status.item`):

    item      one item of the request's list (the request itself where it is a single object: `track.item`)
    request   the whole body of the request
    answer    the body of a success; KeyError for PDFs, which have no schema
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any, Literal

import jsonschema_rs
import yaml

from selfship import paths
from selfship.errors import BrokenKitError

Edition = Literal["strict", "extended"]
Part = Literal["item", "request", "answer"]
Document = dict[str, Any]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ORDER_FIELDS = (
    "orderStatus", "orderingChannel", "journeyType", "orderItems", "packages", "awbNumber", "shippingAddress",
    "orderDate", "lockStatus",
)  # fmt: skip
_PHRASE = 240
"""Characters of a complaint: room for the longest pattern, none for a whole body."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def load(edition: Edition = "extended") -> Document:
    """The document with that edition's status values: a copy that the caller may change.

    BrokenKitError where the file is missing or not YAML.
    """
    return copy.deepcopy(_document(edition))


def operation(name: str) -> Document:
    """The operation of that id, as the document has it. KeyError where there is none."""
    for item in _document("extended")["paths"].values():
        for entry in item.values():
            if entry["operationId"] == name:
                return dict(entry)
    raise KeyError(name)


def error_codes(name: str) -> dict[str, str]:
    """The documented error codes of an operation, each with what it means there; empty where none is documented."""
    return dict(operation(name).get("x-error-codes", {}))


def schema_of(operation_name: str, part: Part, edition: Edition = "extended") -> Document:
    """A stand-alone JSON Schema of a request or an answer. KeyError where the operation has no such body."""
    entry = operation(operation_name)
    if part == "answer":
        answer = _resolved(entry["responses"]["200"])
        return _alone(answer["content"]["application/json"]["schema"], edition)
    body = entry["requestBody"]["content"]["application/json"]["schema"]
    return _alone(body["items"] if part == "item" and "items" in body else body, edition)


def component(name: str, edition: Edition = "extended") -> Document:
    """A stand-alone JSON Schema of one named component, such as `Order`. KeyError where there is none."""
    if name not in _document(edition)["components"]["schemas"]:
        raise KeyError(name)
    return _alone({"$ref": f"#/components/schemas/{name}"}, edition)


@cache
def validator(name: str, edition: Edition = "extended") -> jsonschema_rs.Draft202012Validator:
    """The compiled schema of that name (see above). KeyError where there is none."""
    operation_name, dot, part = name.partition(".")
    if dot and part not in ("item", "request", "answer"):
        raise KeyError(name)
    # mypy narrows `part` no further than str.
    schema = schema_of(operation_name, part, edition) if dot else component(name, edition)  # type: ignore[arg-type]
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def complaints(name: str, value: Any, edition: Edition = "extended") -> tuple[str, ...]:
    """What is wrong with `value` by the schema of that name, one phrase each: `/0/orderId: 5 is not of type "string"`.

    KeyError where there is no such schema.
    """
    compiled = validator(name, edition)
    try:
        return tuple(_phrase(problem) for problem in compiled.iter_errors(value))
    except UnicodeEncodeError:
        # JSON may spell half of a surrogate pair, and no validator takes that: judge the rest.
        spelled = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return tuple(_phrase(problem) for problem in compiled.iter_errors(json.loads(spelled)))
    except ValueError:
        return ("the whole body: nested deeper than any documented answer",)


def order_complaints(order: Any) -> tuple[str, ...]:
    """What is wrong with an order by CON-5: the fields that the rule lists, and their own types, not what is in them.

    Its id (CON-7) and is_self_ship (FET-7) have rules of their own.
    """
    return tuple(
        words
        for words in complaints("Order", order)
        if any(words.startswith(f"/{name}:") or f'"{name}" is a required' in words for name in ORDER_FIELDS)
    )


def _phrase(problem: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"/{step}" for step in problem.instance_path) or "the whole body"
    # The message quotes the value, and that may be a list of 21 items.
    message = problem.message if len(problem.message) <= _PHRASE else f"{problem.message[: _PHRASE - 1]}…"
    return f"{place}: {message}"


@cache
def _document(edition: Edition) -> Document:
    try:
        document: Document = yaml.load(paths.OPENAPI.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader
    except (OSError, yaml.YAMLError) as problem:
        reason = " ".join(str(problem).split())
        raise BrokenKitError(f"The contract cannot be read ({reason}): install the kit again.") from problem
    status = document["components"]["schemas"]["ShipmentStatus"]
    status["enum"] = list(status["x-editions"][edition])
    return document


def _resolved(node: Document) -> Document:
    if "$ref" not in node:
        return node
    found: Any = _document("extended")
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _alone(schema: Document, edition: Edition) -> Document:
    schemas = _document(edition)["components"]["schemas"]
    return copy.deepcopy({"$schema": _DIALECT, **schema, "components": {"schemas": schemas}})
