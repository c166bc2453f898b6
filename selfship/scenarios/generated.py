"""What schemathesis makes of the contract, sent to every operation: orders that cannot be hurt, or that nobody has."""

import itertools
import threading
from collections.abc import Iterator

from selfship import contract
from selfship import generated as cases
from selfship.flow import Flow
from selfship.lifecycle import State
from selfship.operations import OPERATIONS
from selfship.probing import unknown_id
from selfship.scenario import scenario

NAMES = tuple(OPERATIONS)
MOST = 18
MOST_ELSEWHERE = 5
"""Cases of an operation, and on a host that is not at hand."""
LEFT_OVER = 2
"""Orders in a final state that must stay free for the other scenarios."""
FAMILY = "generated"
_lock = threading.Lock()


def _ids(flow: Flow) -> Iterator[str]:
    """Ids to name in turn: of orders whose journey is over, where they can be spared, and of orders that nobody has."""
    supply = flow.host.supply
    with _lock:
        # One order of each final state serves every operation: none of the requests can move it.
        if FAMILY not in supply.leased.values():
            for state in (State.DELIVERY_DONE, State.CANCELLED):
                supply.spare(state, 1, FAMILY, leaving=LEFT_OVER)
        final = [order for order, leased_to in supply.leased.items() if leased_to == FAMILY]
    flow.recording.orders += final
    return itertools.cycle([*final, unknown_id()])


@scenario(params=NAMES, weight=16)
def generated(flow: Flow, operation: str) -> None:
    """Good and bad data of one operation, one request after the other."""
    host = flow.host
    edition: contract.Edition = "strict" if host.switch("edition") == "strict" else "extended"
    most = MOST if host.at_hand else MOST_ELSEWHERE
    ids = _ids(flow)
    flow.recording.kept["sent"] = [
        (case, flow.call(operation, **case.options(ids, host.located())))
        for case in cases.cases(operation, host.seed, edition, most)
    ]
