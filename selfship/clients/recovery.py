"""AGG-11 to AGG-14: what a client should not do when something went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from selfship.clients.hooks import Aggregator, Client, Hook, Items, around, bad

LOOPS = 30
"""So often a loop without end goes round here: a case must end."""


def resends_all(client: Aggregator) -> None:
    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        tally = original(method, operation, items)
        if tally.refused and tally.accepted:
            original(method, operation, items)
        return tally

    around(client.konnect, "write", write)


def resends_all_later(client: Aggregator) -> None:
    """The same, but with its next write of that kind."""
    kept: dict[str, list[Any]] = {}

    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        tally = original(method, operation, [*items, *kept.pop(operation, [])][:20])
        if tally.refused and tally.accepted:
            kept[operation] = [one for one in items if one["orderId"] in tally.accepted]
        return tally

    around(client.konnect, "write", write)


def resends_accepted(client: Aggregator) -> None:
    """Takes the list of errors for the list of what is done."""

    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        tally = original(method, operation, items)
        if tally.refused and tally.accepted:
            original(method, operation, [one for one in items if one["orderId"] in tally.accepted])
        return tally

    around(client.konnect, "write", write)


def loops(at_least: int) -> Hook:
    """Sends what was refused again at once, and again, where so many were sent."""

    def hook(client: Aggregator) -> None:
        def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
            tally = original(method, operation, items)
            if tally.refused and len(items) >= at_least:
                rest = [one for one in items if one["orderId"] in tally.refused]
                for _ in range(LOOPS):
                    more = original(method, operation, rest)
                    rest = [one for one in rest if one["orderId"] in more.refused]
                    tally.accepted.extend(more.accepted)
                    for order_id in more.accepted:
                        tally.refused.pop(order_id, None)
                    if not rest:
                        break
            return tally

        around(client.konnect, "write", write)

    return hook


def waits(status: int, share: float) -> Hook:
    """Waits only that share of what it should after that status."""

    def hook(client: Aggregator) -> None:
        last: list[int] = [0]

        def send(original: Callable[..., Any], *args: Any) -> Any:
            try:
                answer = original(*args)
            except Exception as problem:
                # The example's own BusyError names the status in its words.
                last[0] = next((code for code in (429, 503) if str(code) in str(problem)), 0)
                raise
            last[0] = 0
            return answer

        def sleep(original: Callable[..., Any], seconds: float) -> None:
            original(seconds * share if last[0] == status else seconds)

        around(client.konnect, "send", send)
        around(client.konnect, "sleep", sleep)

    return hook


def goes_elsewhere(client: Aggregator) -> None:
    """After a 429 leaves that listing, and asks for the next at once."""

    def listed(original: Callable[..., Any], status: str, location: str | None) -> Any:
        wait = client.konnect.sleep

        def give_up(seconds: float) -> None:
            raise LookupError(seconds)

        client.konnect.sleep = give_up
        try:
            return original(status, location)
        except LookupError:
            return []
        finally:
            client.konnect.sleep = wait

    around(client.konnect, "listed", listed)


def ends_on(what: str) -> Hook:
    """The whole program ends where an answer has that status."""

    def hook(client: Aggregator) -> None:
        def send(original: Callable[..., Any], *args: Any) -> Any:
            try:
                answer = original(*args)
            except Exception as problem:
                if what in str(problem):
                    raise SystemExit(1) from None
                raise
            if str(answer.status_code) == what:
                raise SystemExit(1)
            return answer

        around(client.konnect, "send", send)

    return hook


def old_token(times: int) -> Hook:
    """Sends so many requests more with the token that has expired before it asks for another."""

    def hook(client: Aggregator) -> None:
        def send(original: Callable[..., Any], method: str, path: str, content: Any, headers: dict[str, str]) -> Any:
            answer = original(method, path, content, headers)
            for _ in range(times):
                if answer.status_code != 401:
                    break
                client.konnect.sleep(0.02)
                answer = original(method, path, content, headers)
            return answer

        around(client.konnect, "send", send)

    return hook


def instead_of_reading(act: Callable[[Aggregator, Any, Any], Any]) -> Hook:
    """What it does after a silence, where the example reads the orders."""

    def hook(client: Aggregator) -> None:
        def read_back(original: Callable[..., Any], step: Any, batch: Any, where: Any) -> Any:
            done = act(client, step, batch)
            return original(step, batch, where) if done is None else done

        around(client, "read_back", read_back)

    return hook


def other_awb(number: str, courier: str) -> Callable[[Aggregator, Any, Any], Any]:
    """Another AWB, or another courier, at once; after a second silence it does as the example does."""

    def act(client: Aggregator, step: Any, batch: Any) -> Any:
        if step.name != "awb":
            return None
        items = [
            {
                "orderId": order["id"],
                "awbNumber": number.format(order["id"]),
                "courierName": courier,
                "autoDispatch": client.habits.auto_dispatch,
            }
            for order, _ in batch
        ]
        try:
            return client.konnect.write("PUT", "awb", items)
        except Exception:  # noqa: BLE001 - the example's own, whatever it is called there
            return None

    return act


def as_done(*steps: str) -> Callable[[Aggregator, Any, Any], Any]:
    """Takes a lost write of these steps for done, and goes on with the next."""

    def act(_: Aggregator, step: Any, batch: Any) -> Any:
        if step.name not in steps:
            return None
        for order, _place in batch:
            # The listing is from before: what shows an AWB is taken to be past it.
            order["awbNumber"] = order["awbNumber"] or ["assumed"]
        return SimpleNamespace(accepted=[order["id"] for order, _ in batch], refused={})

    return act


def looks_elsewhere(client: Aggregator, step: Any, batch: Any) -> Any:
    """Reads what was delivered, which says nothing of an order that waits for its AWB, and takes that for done."""
    if step.name != "awb":
        return None
    client.konnect.page("DELIVERED", "BLR-01", 1)
    return as_done("awb")(client, step, batch)


def stopped_as_done(status: int) -> Hook:
    """Takes a write that was answered so for done, and does all else that such an answer asks for."""

    def hook(client: Aggregator) -> None:
        def send(original: Callable[..., Any], method: str, path: str, content: Any, headers: dict[str, str]) -> Any:
            if "json" not in content:
                return original(method, path, content, headers)
            try:
                answer = original(method, path, content, headers)
            except Exception as problem:
                if str(status) not in str(problem):
                    raise
                client.konnect.sleep(1.0)
                return _taken(content["json"])
            if answer.status_code != status:
                return answer
            client.konnect.renew()
            return _taken(content["json"])

        around(client.konnect, "send", send)

    return hook


def _taken(items: Items) -> Any:
    """What a host answers that has taken them all."""
    count = len(items)
    text = json.dumps({"payloadCount": count, "successCount": count, "failedCount": 0, "status": "SUCCESS"})
    return SimpleNamespace(status_code=200, is_success=True, text=text, json=lambda: json.loads(text))


def part_as_done(client: Aggregator) -> None:
    """Looks at the HTTP status alone: what failed in a request that was taken in part is done as well."""

    def note(original: Callable[..., Any], step: Any, batch: Any, tally: Any) -> Any:
        if tally.accepted and tally.refused:
            for order, _ in batch:
                order["awbNumber"] = order["awbNumber"] or ["assumed"]
            tally.accepted.extend(tally.refused)
            tally.refused.clear()
        return original(step, batch, tally)

    around(client, "note", note)


def loops_with_remarks(client: Aggregator) -> None:
    """Sends a status that was refused again at once, each time with another remark."""

    def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
        tally = original(method, operation, items)
        rest = [one for one in items if one["orderId"] in tally.refused] if operation == "status" else []
        for number in range(LOOPS if rest else 0):
            original(method, operation, [{**one, "meta": {"remark": f"try {number}"}} for one in rest])
        return tally

    around(client.konnect, "write", write)


CLIENTS: tuple[Client, ...] = (
    bad("resends_the_batch", "AGG-11", "sends the whole batch again after a part of it failed", resends_all),
    bad("resends_the_batch_later", "AGG-11", "adds what succeeded in part to its next request", resends_all_later),
    bad("resends_what_succeeded", "AGG-11", "sends again what succeeded, and not what failed", resends_accepted),
    bad("loops_on_a_refusal", "AGG-11", "sends a refused item again and again without a pause", loops(1)),
    bad(
        "loops_with_remarks",
        "AGG-11",
        "sends a refused status again and again, each with a new remark",
        loops_with_remarks,
    ),
    bad("part_as_done", "AGG-11", "takes what failed in a part of a request for done", part_as_done),
    bad("hammers_after_429", "AGG-12", "calls again at once after a 429", waits(429, 0.0)),
    bad("half_of_retry_after", "AGG-12", "waits half as long as Retry-After says", waits(429, 0.5)),
    bad("goes_elsewhere_after_429", "AGG-12", "asks for another listing at once after a 429", goes_elsewhere),
    bad("hammers_after_503", "AGG-12", "calls again at once after a 503", waits(503, 0.0)),
    bad("ends_after_503", "AGG-12", "gives up for good after a 503", ends_on("503"), also=("AGG-10",)),
    bad("busy_as_done", "AGG-12", "takes a write that was answered 503 for done", stopped_as_done(503)),
    bad(
        "denied_as_done",
        "AGG-13",
        "gets a new token, and takes the write that met the old one for done",
        stopped_as_done(401),
    ),
    bad("ends_after_401", "AGG-13", "gives up for good when its token has expired", ends_on("401")),
    bad("keeps_the_old_token", "AGG-13", "goes on for a while with a token that has expired", old_token(8)),
    bad(
        "new_awb_after_silence",
        "AGG-14",
        "sends another AWB at once when Update AWB got no answer",
        instead_of_reading(other_awb("NEW{}", "Example Express")),
        also=("AGG-18",),
    ),
    bad(
        "other_courier_after_silence",
        "AGG-14",
        "sends the AWB with another courier when Update AWB got no answer",
        instead_of_reading(other_awb("EX{}", "Other Express")),
        also=("AGG-18",),
    ),
    bad(
        "goes_on_after_silence",
        "AGG-14",
        "takes an Update AWB without an answer for done, and packs",
        instead_of_reading(as_done("awb")),
        also=("AGG-8",),
    ),
    bad(
        "looks_elsewhere_after_silence",
        "AGG-14",
        "reads other orders when Update AWB got no answer, and packs",
        instead_of_reading(looks_elsewhere),
    ),
    bad(
        "goes_on_after_lost_status",
        "AGG-14",
        "takes a status without an answer for done, and pushes the next",
        instead_of_reading(as_done("out_for_delivery", "dispatch")),
        options=("--attempts",),
    ),
)
