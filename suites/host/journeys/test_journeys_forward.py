"""Forward: from a new order to its delivery, step by step and by autoDispatch."""

import pytest

from selfship import expect
from selfship.lifecycle import Event
from selfship.scenario import Recording


@pytest.mark.requirement("FWD-1")
def test_confirm_moves_a_new_order_to_confirmed(intake: Recording) -> None:
    """Confirm moves a new order to bag_confirmed."""
    expect.accepted(expect.step(intake, "confirm"))


@pytest.mark.requirement("FWD-1")
def test_confirm_needs_no_order_items(confirmed_without_lines: Recording) -> None:
    """Confirm takes an order by its id alone: orderItems is optional."""
    expect.accepted(expect.step(confirmed_without_lines, "confirm"))


@pytest.mark.requirement("FWD-2")
def test_invoice_moves_a_confirmed_order_on(intake: Recording) -> None:
    """Update Invoice (sale) moves a confirmed order to PROCESSING."""
    if "invoice" not in expect.whole(intake).steps if not intake.broken else False:
        raise expect.NotApplicableError("the host invoices by itself")
    expect.accepted(expect.step(intake, "invoice"))


@pytest.mark.requirement("FWD-2")
def test_invoice_with_every_field_is_accepted(invoiced_in_full: Recording) -> None:
    """Update Invoice (sale) is accepted with every documented field."""
    if invoiced_in_full.passed_by:
        raise expect.NotApplicableError("the host invoices by itself")
    expect.accepted(expect.step(invoiced_in_full, "invoice"))


@pytest.mark.requirement("FWD-2")
@pytest.mark.control(Event.AWB)
def test_invoiced_order_reaches_dp_assigned_by_itself(intake: Recording, control: object) -> None:
    """An invoiced order comes to wait for its AWB without any further call."""
    if callable(control) and control(Event.AWB) is None:
        raise expect.BlockedError("FWD-3", "No AWB was accepted in this run, so dp_assigned cannot be recognised.")
    expect.accepted(expect.step(intake, "awb"))


@pytest.mark.requirement("FWD-10")
def test_invoice_number_is_shown(intake: Recording) -> None:
    """After Update Invoice the order shows the invoice number that was sent."""
    if intake.broken is None and "invoice" not in expect.whole(intake).steps:
        raise expect.NotApplicableError("the host invoices by itself")
    expect.accepted(expect.step(intake, "invoice"))
    shown, number = intake.kept["invoiced"], intake.kept["invoice number"]
    if shown is None:
        raise expect.BlockedError("FET-1", "The invoiced order could not be read.")
    expect.that(
        shown.invoice_number == number,
        f"the order shows invoiceNumber {shown.invoice_number!r} after Update Invoice with {number!r}",
        [shown.seq],
    )


@pytest.mark.requirement("FWD-3")
def test_awb_is_accepted_and_the_order_stays(stepwise: Recording) -> None:
    """Update AWB with autoDispatch false is accepted in dp_assigned and leaves the order there."""
    awb_taken(stepwise)


def awb_taken(recording: Recording) -> None:
    """The AWB was accepted, and shows: a host that says yes to everything has not taken it."""
    step = expect.accepted(expect.step(recording, "awb"))
    if step.after is None or recording.kept.get("awb") not in step.after.awbs:
        raise expect.BlockedError("FET-12", "the order does not show the AWB that was accepted", step.exchanges)


@pytest.mark.requirement("FWD-4")
def test_pack_moves_the_order_to_packed(stepwise: Recording) -> None:
    """Pack moves an order from dp_assigned to bag_packed."""
    expect.accepted(expect.step(stepwise, "pack"))


@pytest.mark.requirement("FWD-5")
def test_dispatch_is_accepted_on_a_packed_order(stepwise: Recording) -> None:
    """Dispatch is accepted on a packed order."""
    expect.accepted(expect.step(stepwise, "dispatch"))


@pytest.mark.requirement("FWD-5")
def test_dispatch_is_accepted_with_order_items(dispatched_with_items: Recording) -> None:
    """Dispatch is accepted on a packed order with its order items named."""
    expect.accepted(expect.step(dispatched_with_items, "dispatch"))


@pytest.mark.requirement("FWD-6")
def test_bag_picked_is_accepted_on_a_dispatched_order(stepwise: Recording) -> None:
    """bag_picked is accepted on a dispatched order."""
    expect.accepted(expect.step(stepwise, "bag_picked"))


@pytest.mark.requirement("FWD-7")
def test_delivery_done_is_accepted_on_a_picked_order(delivered: Recording) -> None:
    """delivery_done is accepted on a picked order."""
    expect.accepted(expect.step(delivered, "delivery_done"))


@pytest.mark.requirement("AUT-1")
def test_auto_dispatch_takes_an_order_to_picked(auto: Recording) -> None:
    """Update AWB with autoDispatch true takes an order from dp_assigned to bag_picked in one request."""
    expect.accepted(expect.step(auto, "auto_dispatch"))


@pytest.mark.requirement("AUT-1")
def test_auto_dispatch_records_awb_and_courier(auto: Recording) -> None:
    """autoDispatch records the AWB and the courier that came with it."""
    expect.accepted(expect.step(auto, "auto_dispatch"))
    shown, awb = auto.kept["shown"], auto.kept["awb"]
    if shown is None:
        raise expect.BlockedError("FET-1", "The order could not be read after autoDispatch.")
    expect.that(awb in shown.awbs, f"awbNumber is {list(shown.awbs)} after autoDispatch with {awb}", [shown.seq])
    expect.that(
        shown.courier == "Selfship Auto", f"courierName is {shown.courier!r}, sent was 'Selfship Auto'", [shown.seq]
    )


@pytest.mark.requirement("AUT-2")
def test_delivery_done_alone_completes_an_auto_dispatched_order(auto: Recording) -> None:
    """After autoDispatch delivery_done alone completes the order."""
    expect.accepted(expect.step(auto, "delivery_done"))


@pytest.mark.requirement("AUT-3")
@pytest.mark.control(Event.RETURN_BAG_DELIVERED)
def test_auto_dispatch_never_moves_a_return(auto_on_return: Recording, control: object) -> None:
    """After autoDispatch on a return, return_bag_delivered is still refused."""
    step = expect.step(auto_on_return, "return_bag_delivered after autoDispatch")
    expect.refused(step, control(Event.RETURN_BAG_DELIVERED) if callable(control) else None)
    shown = auto_on_return.kept.get("shown")
    stays = shown is None or shown.status == "RETURN_PROCESSING"
    expect.that(
        stays, f"the return shows orderStatus {shown.status if shown else None} after autoDispatch", step.exchanges
    )


@pytest.mark.requirement("AUT-3")
def test_return_goes_its_normal_way_after_auto_dispatch(auto_on_return: Recording) -> None:
    """After autoDispatch on a return its normal path still works."""
    expect.accepted(expect.step(auto_on_return, "return_bag_in_transit"))
    expect.accepted(expect.step(auto_on_return, "return_bag_delivered"))
