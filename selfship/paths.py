"""Where the data folders are: beside the package in a checkout, inside it in a wheel. Nothing else knows."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "suites").is_dir() else PACKAGE.parent

CONTRACTS = ROOT / "contracts"
FIXTURES = ROOT / "fixtures"
SUITES = ROOT / "suites"

OPENAPI = CONTRACTS / "openapi" / "konnect-selfship.yaml"
REQUIREMENTS = CONTRACTS / "requirements.yaml"
RESULTS_SCHEMA = CONTRACTS / "results.schema.json"
HOSTS = FIXTURES / "hosts"
ORDERS = FIXTURES / "orders"
CLIENTS = FIXTURES / "clients"
"""Example code for partners: the kit runs it as a process of its own and never imports it."""
