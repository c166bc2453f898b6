"""What schemathesis makes of the contract, sent to every operation: orders that cannot be hurt, or that nobody has."""

import itertools
from collections.abc import Iterator

from selfship import generated as cases
from selfship.flow import Flow
from selfship.lifecycle import State
from selfship.operations import OPERATIONS
from selfship.probing import unknown_id
from selfship.scenario import scenario

NAMES = tuple(OPERATIONS)
MOST = 18
MOST_ELSEWHERE = 5
"""Cases of an operation, and on a host that is not on this machine."""
LEFT_OVER = 2
"""Orders in a final state that must stay free for the other scenarios."""


def _ids(flow: Flow) -> Iterator[str]:
    """Ids to name in turn: of an order whose journey is over, where one can be spared, and of orders unknown."""
    final = [
        order.id
        for state in (State.DELIVERY_DONE, State.CANCELLED)
        for order in flow.host.supply.spare(state, 1, flow.name, leaving=LEFT_OVER)[:1]
    ]
    flow.recording.orders += final
    return itertools.cycle([*itertools.chain(*((one, unknown_id()) for one in final)), unknown_id()])


@scenario(params=NAMES, weight=9)
def generated(flow: Flow, operation: str) -> None:
    """Good and bad data of one operation, one request after the other."""
    host = flow.host
    edition = "strict" if host.switch("edition") == "strict" else "extended"
    most = MOST if host.profile.loopback else MOST_ELSEWHERE
    ids = _ids(flow)
    flow.recording.kept["sent"] = [
        (case, flow.call(operation, **case.options(ids, host.profile.location)))
        for case in cases.cases(operation, host.seed, edition, most)
    ]
