"""Random walks: whatever the order of events, and however they are batched, the host keeps to the lifecycle table."""

import pytest

from selfship import expect
from selfship.scenario import Recording
from selfship.scenarios.walks import LANES
from selfship.walking.breach import Breach
from selfship.walking.search import Search
from selfship.walking.walker import Walker


@pytest.mark.requirement("STA-2")
@pytest.mark.parametrize("walk", LANES, indirect=True)
def test_random_walk_keeps_to_the_lifecycle(walk: Recording) -> None:
    """Orders led at random, alone and in batches, by legal and illegal events, never leave the lifecycle table."""
    kept = expect.whole(walk).kept
    search: Search = kept["search"]
    walker: Walker = kept["walker"]
    breach: Breach | None = kept["breach"]
    if breach:
        rule, cell = breach.laid_at
        raise expect.CheckFailedError(breach.told, breach.exchanges, rule=rule, cell=cell)
    if not search.walked:
        raise expect.NotApplicableError(
            f"No orders to spare for a random walk: {search.exhausted or 'none asked for'}."
        )
    if walker.unread and not walker.taken:
        by, seq = walker.unread[0]
        raise expect.BlockedError(by, "The walk broke off at an answer that cannot be judged.", [seq])
    if not walker.taken and not walker.refused:
        raise expect.NotApplicableError("This walk met nothing that the rules judge on a host like this.")
    expect.that(search.walked, "nothing was walked", [*walker.taken[:3], *walker.refused[:3]])
