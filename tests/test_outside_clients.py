"""The mock and its contract serve clients that we did not write: what a partner's own tools meet there works."""

from __future__ import annotations

import importlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selfship.embedded import EmbeddedHost, embedded_host
from selfship.proving import rival
from tests import outside

JUDGED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""The checks of schemathesis that ask no more than the documents: a host may well take what its schema does not say."""


@pytest.fixture(scope="module")
def host() -> Iterator[EmbeddedHost]:
    with embedded_host() as running:
        yield running


def test_schemathesis_finds_no_answer_that_the_contract_does_not_foresee(host: EmbeddedHost, tmp_path: Path) -> None:
    options = ("--phases=examples,coverage", "--max-examples=1", "--seed=0", "--no-shrink", "--no-color")
    command = rival.command(host, *options, f"--checks={','.join(JUDGED)}", "--continue-on-failure")
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=outside.TIMEOUT_S)
    assert said.returncode == 0, said.stdout[-2000:]
    assert "Tested: 15" in said.stdout


@pytest.mark.skipif(outside.newman() is None, reason="newman is not installed: npm install --global newman")
def test_a_postman_collection_takes_an_order_and_a_return_to_their_ends(host: EmbeddedHost, tmp_path: Path) -> None:
    status, run = outside.run_collection(host, tmp_path)
    assert [failure["error"]["message"] for failure in run["failures"]] == []
    assert status == 0
    asked = [execution["item"]["name"] for execution in run["executions"]]
    assert (asked[0], asked[-1]) == ("token", "credit note as PDF")


class Generated:
    """The generated client, logged in. Each call is answered by one of the classes made of the contract."""

    def __init__(self, package: Any, host: EmbeddedHost) -> None:
        self.models = importlib.import_module(f"{package.__name__}.models")
        self._package, self._location = package.__name__, host.profile.location
        anonymous = package.Client(base_url=host.url, raise_on_unexpected_status=True)
        with anonymous as client:
            answer = self._operation("token").sync(
                client=client, username=host.credentials.username, password=host.credentials.password
            )
        self.client = package.AuthenticatedClient(
            base_url=host.url,
            token=answer["access_token"],
            prefix="",
            auth_header_name="x-access-token",
            raise_on_unexpected_status=True,
        )

    def _operation(self, name: str) -> Any:
        return importlib.import_module(f"{self._package}.api.default.{name}")

    def listed(self, status: str, fits: Callable[[Any], bool]) -> Any:
        """An order of this status that a client may take."""
        orders = self._operation("shipment").sync(
            client=self.client, order_status=status, page_number=1, page_size=100, location_code=self._location
        )
        return next(one for one in orders if one.is_self_ship and not one.lock_status and fits(one))

    def read(self, order_id: str) -> Any:
        (order,) = self._operation("shipment").sync(client=self.client, order_id=order_id, location_code=self._location)
        return order

    def wait(self, order_id: str, status: str) -> None:
        until = time.monotonic() + 30
        while self.read(order_id).order_status != status:
            assert time.monotonic() < until, f"{order_id} shows {self.read(order_id).order_status}, not {status}"
            time.sleep(0.05)

    def write(self, operation: str, item: Any) -> None:
        """One item, which the host must count as successful."""
        answer = self._operation(operation).sync(client=self.client, body=[item])
        counted = answer.data.success_count if hasattr(answer, "data") else answer.success_count
        assert counted == 1, answer

    def document(self, operation: str, order_id: str) -> bytes:
        answer = self._operation(operation).sync_detailed(
            client=self.client, body=[self.models.OrderRef(order_id=order_id)]
        )
        return bytes(answer.content)


@pytest.fixture(scope="module")
def generated(host: EmbeddedHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    if not outside.GENERATOR.exists():
        pytest.skip("openapi-python-client is not installed: pip install -e '.[dev]'")
    made = Generated(outside.generate_client(tmp_path_factory.mktemp("generated")), host)
    with made.client:
        yield made


def test_a_generated_client_takes_a_new_order_to_the_customer(generated: Generated) -> None:
    models = generated.models
    order = generated.listed("CREATED", lambda _: True).id
    generated.write("confirm", models.Confirmation(order_id=order))
    generated.wait(order, "CONFIRMED")
    kind = models.InvoiceInvoiceType.SALE
    generated.write("invoice_update", models.Invoice(order_id=order, invoice_number=f"G-{order}", invoice_type=kind))
    generated.wait(order, "PROCESSING")
    generated.write(
        "awb",
        models.Awb(order_id=order, awb_number=f"A-{order}", courier_name="Generated Express", auto_dispatch=False),
    )
    assert generated.read(order).awb_number == [f"A-{order}"]
    generated.write("pack", models.OrderRef(order_id=order))
    generated.wait(order, "COMPLETED")
    assert generated.document("labels", order).startswith(b"%PDF")
    generated.write("dispatch", models.Confirmation(order_id=order))
    for value, shown in (
        (models.ShipmentStatus.BAG_PICKED, "TRANSIT"),
        (models.ShipmentStatus.DELIVERY_DONE, "DELIVERED"),
    ):
        generated.write("status", models.StatusUpdate(order_id=order, order_status=value))
        generated.wait(order, shown)


def test_a_generated_client_takes_a_return_to_its_credit_note(generated: Generated) -> None:
    models = generated.models
    back = generated.listed("RETURN_PROCESSING", lambda one: not one.awb_number)
    generated.write(
        "awb",
        models.Awb(order_id=back.id, awb_number=f"A-{back.id}", courier_name="Generated Reverse", auto_dispatch=False),
    )
    for value in (models.ShipmentStatus.RETURN_BAG_IN_TRANSIT, models.ShipmentStatus.RETURN_BAG_DELIVERED):
        generated.write("status", models.StatusUpdate(order_id=back.id, order_status=value))
    generated.wait(back.id, "RETURN_DELIVERED")
    lines = [
        models.AcceptanceOrderItemsItem.from_dict({**line.to_dict(), "reasonCode": ""}) for line in back.order_items
    ]
    generated.write("return_", models.Acceptance(order_id=back.id, order_items=lines))
    generated.wait(back.id, "RETURN_ACCEPTED")
    kind = models.InvoiceInvoiceType.RETURN
    generated.write(
        "invoice_update", models.Invoice(order_id=back.id, invoice_number=f"C-{back.id}", invoice_type=kind)
    )
    generated.wait(back.id, "CREDIT_NOTE_GENERATED")
    assert generated.document("invoice", back.id).startswith(b"%PDF")
