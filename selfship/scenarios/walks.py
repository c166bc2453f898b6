"""Random walks over the lifecycle, each on orders of its own, as far as orders can be spared."""

from selfship import requirements
from selfship.flow import Flow
from selfship.host import Host
from selfship.scenario import TRIED, scenario
from selfship.walking.model import Reading

LANES = tuple(range(8))
"""Walks at the same time; each lane draws its own."""
SHRINKS = 20
FEWER_SHRINKS = 6
TRIES = 2
LEFT_OVER = 24
"""Orders in a state that must stay free for the other scenarios."""
LEFT_OVER_ELSEWHERE = 150
"""On a host that is not at hand, one walk is walked, and only where orders are in plenty."""


def reading_of(host: Host) -> Reading:
    """How the host reads the documents, as far as is known when a walk begins."""
    names = ("invoicing", "credit_note", "rto_acceptance")
    advice = frozenset(one.id for one in requirements.load().values() if one.level != "MUST")
    return Reading(host.switch("edition"), {name: host.switch(name) for name in names}, advice)


@scenario(params=LANES, weight=40, spares=True, imports="selfship.walking.search")
def walk(flow: Flow, lane: int) -> None:
    """Orders are led through the lifecycle at random, alone and in batches, by legal and illegal events."""
    # Hypothesis takes a while to import: only a run that walks pays for it.
    from selfship.walking.search import Search
    from selfship.walking.walker import Walker

    host = flow.host
    near = host.at_hand
    reading = reading_of(host)
    walker = Walker(flow, reading, LEFT_OVER if near else LEFT_OVER_ELSEWHERE)
    search = Search(walker.walk, examples=1 if near or lane == 0 else 0, budget=SHRINKS if near else FEWER_SHRINKS)
    flow.recording.kept["breach"] = search.run(reading, host.seed * len(LANES) + lane)
    if host.tries_again:
        flow.recording.kept[TRIED] = search.confirmed(TRIES)
    flow.recording.kept["search"] = search
    flow.recording.kept["walker"] = walker
