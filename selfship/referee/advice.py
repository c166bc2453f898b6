"""What would make a rule testable that was not put to the test: in words, and as a line to paste."""

from __future__ import annotations

from selfship.referee.partner import Partner

_SITUATIONS = {
    "AGG-11": ("fail_item", "an item that fails in a batch"),
    "AGG-12": ("too_many", "a 429 or a 503"),
    "AGG-13": ("expire_token", "an expired token"),
    "AGG-14": ("timeout_after", "a time-out"),
}
"""Rules whose situation is a fault, and the fault that makes it."""


def advice(partner: Partner) -> dict[str, str]:
    """Rule to advice, for this partner and its scenario."""
    base = partner.base
    found = {rule: _of_fault(partner, fault, what) for rule, (fault, what) in _SITUATIONS.items()}
    plan = partner.plan
    if all(order.self_ship for order in plan.orders):
        found["AGG-4"] = "Use a scenario with an order that is not self-ship, such as basic."
    if not any(order.locked for order in plan.orders):
        found["AGG-17"] = "Use a scenario with locked orders, such as onboarding."
    if not any(order.expect == "returned" for order in plan.orders):
        found["AGG-8"] = "Use a scenario with returns, such as basic."
    if not any(order.expect == "rto" for order in plan.orders):
        found["AGG-9"] = "Use a scenario with an RTO, such as basic."
    return {**_lines(partner, base), **found}


def _of_fault(partner: Partner, fault: str, what: str) -> str:
    if not any(plan.do == fault for plan in partner.plan.faults):
        return f"Use a scenario with {what}, such as onboarding."
    return f"The scenario brings {what} along: go on until it has come, and follow it up."


def _lines(partner: Partner, base: str) -> dict[str, str]:
    """Lines for a person with nothing but curl, in the order in which they get an order to its end."""
    own = partner.own
    query = f"username=${own.username}&password=${own.password}"
    head = '-H "x-access-token: $SELFSHIP_TOKEN"'
    where = f"&locationCode={partner.plan.locations[0]}" if partner.plan.auth == "company" else ""
    standings = [one for one in partner.world.standings() if one.self_ship and one.appeared and not one.ended]
    forward = next((one.id for one in standings if one.expect == "delivered"), "ORDER")
    rto = next((one.id for one in standings if one.expect == "rto"), "ORDER")
    back = next((one.id for one in standings if one.expect == "returned"), "ORDER")

    def put(path: str, body: str, method: str = "PUT") -> str:
        return f"curl -X {method} {head} -H 'content-type: application/json' {base}/oms/v3/shipment/{path} -d '{body}'"

    def status(order: str, value: str) -> str:
        return put("status", f'[{{"orderId": "{order}", "orderStatus": "{value}"}}]')

    awb = f'[{{"orderId": "{forward}", "awbNumber": "AWB-1", "courierName": "My Courier", "autoDispatch": true}}]'
    back_awb = f'[{{"orderId": "{back}", "awbNumber": "AWB-2", "courierName": "My Courier", "autoDispatch": false}}]'
    listing = f'curl {head} "{base}/oms/v3/shipment?orderStatus=PROCESSING{where}"'
    return {
        "AGG-1": f'Get a token: curl "{base}/aggregator/v1/token?{query}"; put it into SELFSHIP_TOKEN, then {listing}',
        "AGG-2": f"Send a body, such as an AWB: {put('awb', awb)}",
        "AGG-3": f"Send a list of items, such as an AWB: {put('awb', awb)}",
        "AGG-4": "Send AWBs and statuses for the orders that say is_self_ship true, and leave the others alone.",
        "AGG-5": f"Ship a forward order in one step: {put('awb', awb)}",
        "AGG-6": f"Ship with autoDispatch, then deliver: {status(forward, 'delivery_done')}",
        "AGG-7": f"Push the status of an order that is on its way: {status(forward, 'delivery_done')}",
        "AGG-8": f"Take a return: {put('awb', back_awb)}; then return_bag_in_transit, return_bag_delivered, "
        "POST /oms/v3/shipment/return, and the credit note",
        "AGG-9": f"Ship an RTO as any order, then: {status(rto, 'rto_bag_delivered')}; then the credit note",
        "AGG-10": "Take every order to its end: GET /_referee/expected lists them.",
        "AGG-15": f"Ask for orders by status, every {partner.plan.poll_interval:g} s: {listing}",
        "AGG-16": f"Read orders: {listing}",
        "AGG-17": "Write to orders, and not to those that say lockStatus true.",
        "AGG-18": f"Assign an AWB: {put('awb', awb)}",
    }
