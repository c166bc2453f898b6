"""Listings: their pages and their filters."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from selfship import expect
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.orders import views
from selfship.run import Run
from selfship.scenario import Recording
from selfship.scenarios.reading import FILTERED, PAGED, SMALL_PAGE

MOST_SUSPECTS = 5
SLACK = timedelta(hours=36)
OVER_THE_EDGE = 3
"""Orders that one that comes in may shift to a page that is read later, where some pages are read side by side."""


def pages(recording: Recording, size: int) -> list[list[str]]:
    found: list[list[str]] = expect.whole(recording).kept[size]
    return found


def evidence(recording: Recording) -> list[int]:
    return recording.exchanges[:4]


def twice(recording: Recording, size: int) -> list[str]:
    walked = [one for page in pages(recording, size) for one in page]
    return sorted({one for one in walked if walked.count(one) > 1})


def lost(recording: Recording) -> list[str]:
    """Orders that one walk shows and the other, though it went to the end, does not."""
    first, second = ({one for page in pages(recording, size) for one in page} for size in (SMALL_PAGE, 50))
    missing = second - first if recording.kept[f"{SMALL_PAGE} whole"] else set()
    if recording.kept["50 whole"]:
        missing |= (first | set(recording.kept["behind"])) - second
    return sorted(missing)


def everything(walk: Recording) -> set[str]:
    return {one for size in (SMALL_PAGE, 50) for page in pages(walk, size) for one in page}


def of_the_host(walk: Recording, status: str, run: Run, what: Callable[[Recording], list[str]]) -> list[str]:
    """Of `what` a walk shows to be wrong, the orders that the host's paging accounts for.

    Where others bring in orders meanwhile, or lead some away, each shifts the pages behind it, and a few orders over a
    page's edge. Then only what happens to two more walks as well, or is more than that explains, is no such accident.
    """
    found = what(walk)
    for note in ("alone again", "alone once more"):
        if found:
            again = run.quietly("paging", status, note=note)
            if len(found) > OVER_THE_EDGE * len(everything(walk) ^ everything(again)):
                break
            found = [one for one in found if one in what(again)]
    return found


@pytest.fixture
def status(paging: Recording, request: pytest.FixtureRequest) -> str:
    """The status whose listing was walked, if it lists anything."""
    name: str = request.node.callspec.params["paging"]
    if not pages(paging, SMALL_PAGE) and not pages(paging, 50):
        raise expect.NotTestableError(f"No order is listed under {name}: prepare some.")
    return name


@pytest.mark.requirement("FET-3")
@pytest.mark.parametrize("paging", PAGED, indirect=True)
@pytest.mark.parametrize("size", [SMALL_PAGE, 50])
def test_no_order_is_listed_twice(paging: Recording, status: str, size: int, run: Run) -> None:
    """Walking the pages of a listing yields no order twice."""
    # While the run moves orders, a page may shift under the walk: what looks wrong is walked again in peace.
    walk = run.quietly("paging", status) if twice(paging, size) else paging
    found = of_the_host(walk, status, run, partial(twice, size=size))
    words = f"walking {status} in pages of {size} yields {len(found)} orders twice, first {found[:1]}"
    expect.that(not found, words, evidence(walk))


@pytest.mark.requirement("FET-3")
@pytest.mark.parametrize("paging", PAGED, indirect=True)
def test_no_order_is_lost_between_pages(paging: Recording, status: str, run: Run) -> None:
    """An order that a walk with another page size shows is lost by none, and none stands behind the last page."""
    walk = run.quietly("paging", status) if lost(paging) else paging
    # Others may be moving orders, too: lost is what still has the status when it is read by its id.
    suspects = of_the_host(walk, status, run, lost)
    found = [one for one in suspects[:MOST_SUSPECTS] if run.shows_now(one) == status]
    words = f"{len(found)} orders in {status} are in one walk of its pages and not in the other, first {found[:1]}"
    expect.that(not found, words, evidence(walk))


@pytest.mark.requirement("FET-4")
@pytest.mark.parametrize("paging", PAGED, indirect=True)
def test_page_holds_no_more_than_its_size(paging: Recording, status: str) -> None:
    """A page holds at most pageSize orders."""
    longest = max((len(page) for page in pages(paging, SMALL_PAGE)), default=0)
    words = f"a page of {status} with pageSize {SMALL_PAGE} holds {longest} orders"
    expect.that(longest <= SMALL_PAGE, words, evidence(paging))


@pytest.mark.requirement("FET-5")
@pytest.mark.parametrize("status", list(FILTERED))
def test_ordering_channel_is_honoured(filters: Recording, status: str, run: Run) -> None:
    """orderingChannel narrows a listing to that channel."""
    channels = expect.whole(filters).kept[f"{status} channels"]
    if len(channels) < 2:
        raise expect.NotTestableError(f"Prepare orders in {status} of two ordering channels.")
    for channel in channels[:2]:
        exchange: Exchange = filters.kept[f"{status} {channel}"]
        shown = [one.channel for one in views(exchange)]
        others = sorted({str(one) for one in shown if one != channel})
        expect.that(not others, f"a listing of channel {channel} shows {', '.join(others)}", [exchange.seq])
        # Orders that this run has moved meanwhile are no evidence.
        still = {one.id for one in filters.kept[f"{status} all"] if one.channel == channel}
        still -= set(run.host.supply.leased)
        words = f"a listing of channel {channel} shows none of its {len(still)} orders"
        expect.that(shown or not still, words, [exchange.seq])
    later: Exchange = filters.kept[f"{status} {channels[0]} later"]
    others = sorted({str(one.channel) for one in views(later) if one.channel != channels[0]})
    words = f"the second page of channel {channels[0]} shows {', '.join(others)}"
    expect.that(not others, words, [later.seq])


def moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    # A zero time stands for none, and cannot be reckoned with.
    sane = found if found.tzinfo else found.replace(tzinfo=UTC)
    return sane if 2000 <= sane.year <= 2100 else None


def midnight(day: str) -> datetime:
    found = date.fromisoformat(day)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


@pytest.mark.requirement("FET-6")
def test_date_range_is_honoured(filters: Recording, run: Run) -> None:
    """Orders more than 36 hours outside the dates are left out, those more than 36 hours inside are listed."""
    start, end, outside, inside, shown = dated(filters)
    evidence = filters.exchanges[-3:]
    if inside - shown:
        # While the run moves orders, a page may shift under the walk: what looks lost is looked for again in peace.
        walk = run.quietly("filters")
        try:
            start, end, outside, inside, shown = dated(walk)
            evidence = walk.exchanges[-3:]
        except expect.NotTestableError:
            # The run has left too few; those that it has moved meanwhile are no evidence.
            inside -= set(run.host.supply.leased)
    wrong = sorted(shown & outside)
    expect.that(not wrong, f"a listing from {start} to {end} shows {len(wrong)} orders far outside", evidence)
    # Others may be moving orders, too.
    lost = [one for one in sorted(inside - shown)[:MOST_SUSPECTS] if run.shows_now(one) == "PROCESSING"]
    expect.that(not lost, f"a listing from {start} to {end} lacks {len(lost)} orders well inside", evidence)


def dated(filters: Recording) -> tuple[str, str, set[str], set[str], set[str]]:
    """The dates asked for; the orders far outside and well inside of them; and those that were listed."""
    kept = expect.whole(filters).kept
    if "range" not in kept:
        raise expect.NotTestableError("No order in PROCESSING shows an orderDate: prepare some.")
    start, end = kept["range"]
    first, last = midnight(start), midnight(end)
    known = [(one.id, moment(one.raw.get("orderDate"))) for one in kept["PROCESSING all"]]
    # Whether the last day counts is not documented: outside is after it, inside is before it.
    outside = {one for one, at in known if at and (at < first - SLACK or at > last + timedelta(days=1) + SLACK)}
    inside = {one for one, at in known if at and first + SLACK < at < last - SLACK}
    if not outside or not inside:
        raise expect.NotTestableError("Prepare orders in PROCESSING whose dates are spread over ten days.")
    return start, end, outside, inside, {one.id for one in kept["dated"]}


@pytest.mark.requirement("FET-13")
@pytest.mark.parametrize("status", list(FILTERED))
def test_location_code_is_honoured(locations: Recording, host: Host, status: str) -> None:
    """locationCode narrows a listing to that location."""
    kept = expect.whole(locations).kept
    if host.switch("auth") == "location":
        raise expect.NotApplicableError("the credentials cover one location")
    if f"{status} own" not in kept or f"{status} other" not in kept:
        raise expect.NotTestableError("Name two locations of these credentials: --location and --other-location.")
    mine, theirs = kept[f"{status} own"], kept[f"{status} other"]
    own, other = ({one.id for one in views(answer)} for answer in (mine, theirs))
    if not own or not other:
        raise expect.NotTestableError(f"Prepare orders in {status} at both locations.")
    both = sorted(own & other)
    words = f"{len(both)} orders in {status} are listed for both locations, first {both[:1]}"
    expect.that(not both, words, [mine.seq, theirs.seq])
