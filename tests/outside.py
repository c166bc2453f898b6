"""Clients that we did not write, as the tests and benchmarks start them: a Postman collection, a generated client."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import yaml

from selfship import paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import EmbeddedHost

COLLECTION = paths.FIXTURES / "postman" / "self-ship.postman_collection.json"
GENERATOR = Path(sysconfig.get_path("scripts")) / "openapi-python-client"
TIMEOUT_S = 240


def newman() -> str | None:
    """The collection runner of Postman, None where it is not installed (`npm install --global newman`)."""
    return shutil.which("newman")


def collection_command(host: EmbeddedHost, folder: Path) -> list[str]:
    """The command that runs the collection in newman, with its environment and its report.json in `folder`."""
    values = {
        "host": host.url,
        "location": host.profile.location,
        "username": host.credentials.username,
        "password": host.credentials.password,
    }
    environment, report = folder / "environment.json", folder / "report.json"
    environment.write_text(json.dumps({"name": "mock", "values": [{"key": k, "value": v} for k, v in values.items()]}))
    command = [str(newman()), "run", str(COLLECTION), "--environment", str(environment), "--bail"]
    return [*command, "--reporters=json", f"--reporter-json-export={report}"]


def run_collection(host: EmbeddedHost, folder: Path) -> tuple[int, dict[str, Any]]:
    """Runs the collection in newman; its exit status and what it reports. `folder` is for its files."""
    command, report = collection_command(host, folder), folder / "report.json"
    process = subprocess.run(command, cwd=folder, env=stripped(Secrets()), capture_output=True, timeout=TIMEOUT_S)
    if not report.exists():
        raise RuntimeError(f"newman wrote no report: {process.stderr.decode(errors='replace')[-300:]}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["run"]
    return process.returncode, found


def generate_client(folder: Path) -> Any:
    """The package that openapi-python-client makes of the contract."""
    contract = folder / "contract.yaml"
    contract.write_text(yaml.safe_dump(_with_items(yaml.safe_load(paths.OPENAPI.read_text(encoding="utf-8")))))
    config = folder / "config.yaml"
    config.write_text("content_type_overrides: {application/pdf: application/octet-stream}\n")
    command = [str(GENERATOR), "generate", "--path", str(contract), "--output-path", str(folder / "generated_client")]
    subprocess.run(
        [*command, "--meta=none", "--config", str(config)],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("generated_client")
    finally:
        sys.path.remove(str(folder))


def _with_items(value: Any) -> Any:
    """Arrays of anything say so: OpenAPI 3.1 lets `items` out, this generator then lets the whole schema out."""
    if isinstance(value, list):
        return [_with_items(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_items(one) for key, one in value.items()}
    kinds = found.get("type")
    if "array" in (kinds if isinstance(kinds, list) else [kinds]):
        found.setdefault("items", {})
    return found
