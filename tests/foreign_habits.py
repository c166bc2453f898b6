"""What the second host (`foreign_host.py`) does where the documents leave it free: sets of habits, all conforming."""

from dataclasses import dataclass, replace

EVERY_WRITE = ("confirm", "cancel", "invoiceUpdate", "pack", "dispatch", "return", "awb", "status")


@dataclass(frozen=True)
class Habits:
    """Seconds, counts and words; of `whole` and `auto` see their remarks. `every` counts requests, 0 for never."""

    company: bool = True
    first_page: int = 0
    page_cap: int = 40
    empty_is_404: bool = True
    lag: float = 0.3
    uneven: float = 0.0  # up to so many seconds more, each change its own
    whole: frozenset[str] = frozenset({"confirm", "pack", "awb"})  # all or nothing
    bare_refusals: bool = True  # nothing succeeded: 422 and a body of its own, else an envelope
    errors: str = "nested"  # or text, platform, long
    own_statuses: bool = True
    auto: frozenset[str] = frozenset()  # of invoice, credit, rto
    step: tuple[float, float] = (0.4, 0.4)  # its own steps: from, to
    extended: bool = True
    repeats: bool = False  # the current status again is taken
    swaps_awb: bool = False
    jumps: bool = False  # bag_picked straight from dp_assigned
    cancels_late: bool = True  # a whole order, once invoiced
    queues: bool = False  # while a change is under way the order is locked, and every write on it refused
    refuses_auto: bool = False  # autoDispatch on a return
    info_status: str = "order_status"
    track: str = "plain"  # or flat, listed
    track_errors_200: bool = False
    ids: str = "digits"  # or words
    line_ids: str = "text"  # or numbers
    order: str = "oldest"  # or newest, id
    dates: str = "ist"  # or utc, naive, west
    words: tuple[str, str, str] = ("SUCCESS", "PARTIAL_SUCCESS", "FAILURE")
    traces: str = "uuid"  # or counted, and then times to the nanosecond
    picky: bool = False  # numbers are checked for form and may not come twice, filters for what it knows
    journeys: tuple[str, str] = ("forward", "reverse")
    sparse: bool = False  # what is not there is absent, or null
    token_seconds: float = 3600
    one_token: bool = False  # a new one ends the one before
    same_token: bool = False  # as long as one is good there is no other
    denied: int = 401
    expired: int = 401
    telling_codes: bool = False  # what is taken is 202, what is not 403, 404, 409 or 423
    some_failed: int = 200
    papers: str = "packed"  # or plain, appended

    # How it talks
    busy_every: int = 0  # 429
    busy_wait: str = "1"  # its Retry-After, none where empty
    away_every: int = 0  # 503, and Retry-After as a date
    closes: bool = False  # the connection, after each answer
    chunked: bool = False
    odd_headers: bool = False
    plain_faults: bool = False  # HTTP errors have a word of text for a body, or none
    slow_bulk: float = 0.0
    most_at_once: int = 0  # more are answered 429
    restarts_after: float = 0.0  # seconds; then it is gone for two, and has forgotten its tokens
    neighbours: bool = False  # others use it meanwhile


PLAIN = Habits()
HABITS = {
    "plain": PLAIN,
    "location": Habits(
        company=False,
        first_page=1,
        page_cap=500,
        empty_is_404=False,
        lag=0.0,
        whole=frozenset({"status", "cancel", "return"}),
        bare_refusals=False,
        errors="text",
        own_statuses=False,
        repeats=True,
        swaps_awb=True,
        jumps=True,
        info_status="status",
        track_errors_200=True,
        token_seconds=15,
        denied=403,
    ),
    "auto": Habits(
        whole=frozenset(), auto=frozenset({"invoice", "credit", "rto"}), extended=False, lag=0.8, busy_every=151
    ),
    "codes": Habits(
        first_page=1,
        page_cap=25,
        empty_is_404=False,
        lag=0.1,
        whole=frozenset(),
        auto=frozenset({"invoice", "rto", "credit"}),
        info_status="shipment_status",
        jumps=True,
        telling_codes=True,
    ),
    "atomic": Habits(company=False, whole=frozenset(EVERY_WRITE), auto=frozenset({"rto"}), lag=1.5, jumps=True),
    # It takes its own steps soon, and each also from a client that comes first.
    "eager": Habits(
        first_page=1,
        page_cap=100,
        lag=0.0,
        whole=frozenset(),
        bare_refusals=False,
        errors="platform",
        own_statuses=False,
        auto=frozenset({"invoice", "credit", "rto"}),
        step=(0.05, 1.5),
        cancels_late=False,
        refuses_auto=True,
        info_status="orderStatus",
        track="flat",
        line_ids="numbers",
        order="id",
        dates="utc",
        sparse=True,
        papers="plain",
    ),
    "queued": Habits(
        company=False,
        page_cap=10,
        lag=0.05,
        uneven=1.2,
        whole=frozenset(),
        queues=True,
        ids="words",
        order="newest",
        dates="naive",
        telling_codes=True,
        some_failed=207,
        errors="long",
        track="listed",
        papers="appended",
        slow_bulk=0.6,
    ),
    "strange_wire": replace(
        PLAIN,
        first_page=1,
        page_cap=500,
        empty_is_404=False,
        lag=0.0,
        closes=True,
        chunked=True,
        odd_headers=True,
        plain_faults=True,
        away_every=97,
        busy_every=211,
        busy_wait="",
        token_seconds=20,
        expired=403,
        dates="west",
        papers="plain",
    ),
    "shared": Habits(
        first_page=1,
        page_cap=10,
        lag=0.2,
        whole=frozenset(),
        own_statuses=False,
        order="newest",
        one_token=True,
        neighbours=True,
        most_at_once=6,
        swaps_awb=True,
    ),
    "restarted": Habits(
        company=False,
        first_page=1,
        page_cap=200,
        lag=0.1,
        uneven=0.4,
        whole=frozenset({"status"}),
        same_token=True,
        restarts_after=6.0,
        order="id",
        sparse=True,
    ),
    "picky": Habits(
        first_page=0,
        page_cap=100,
        lag=0.0,
        whole=frozenset({"invoiceUpdate"}),
        own_statuses=False,
        extended=False,
        words=("Success", "Partial", "Error"),
        traces="counted",
        picky=True,
        journeys=("Forward", "Return"),
        dates="west",
        track="flat",
        info_status="shipmentStatus",
        expired=403,
        token_seconds=20,
        slow_bulk=1.0,
    ),
}
