"""A run that was stopped goes on: it spends no order twice, keeps what was judged, and says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selfship import har
from selfship.answers import Answer, Kind
from selfship.errors import UsageError
from selfship.exchanges import Exchange
from selfship.lifecycle import Event, State, cell
from selfship.operations import OPERATIONS
from selfship.orders import views
from selfship.resuming.codec import Decoder, UnknownError, encode
from selfship.resuming.earlier import load
from selfship.resuming.head import headed
from selfship.scenario import PassedByError, Recording, Step
from tests.played import run_on
from tests.stopped import ENOUGH_S, await_requests, certifying, mock_process, results_of


def exchange(seq: int = 1) -> Exchange:
    order = {"id": "17708318940301766054", "orderStatus": "CREATED", "is_self_ship": True}
    return Exchange(
        seq, "2026-11-25T10:00:00.000+00:00", "s", "read", "shipment", "GET", "http://h/oms/v3/shipment", (), None, 200,
        (("content-type", "application/json"),), json.dumps([order]).encode(), 1.0,
    )  # fmt: skip


def test_a_recording_survives_as_it_was() -> None:
    known = exchange()
    (view,) = views(known)
    step = Step("pack", "STA-8", view.id, State.PLACED, Event.PACK, "refused", "said", [1], Answer(Kind.REFUSED, 1),
                cell(State.PLACED, Event.PACK), view, view)  # fmt: skip
    kept = {("PROCESSING", 1): (known, [view, None]), "ids": {"a"}, State.PLACED: b"\xff", 7: {"nested": (1.5, True)}}
    one = Recording("matrix[placed]", {"pack": step}, kept, [view.id], [1], passed_by=None, seconds=0.5)
    line = json.loads(json.dumps(encode((("matrix", State.PLACED), one))))
    key, again = Decoder([known])(line)
    assert key == ("matrix", State.PLACED)
    assert again.steps == one.steps
    assert again.kept == {**kept, "ids": frozenset({"a"})}
    assert (again.orders, again.exchanges, again.seconds) == (one.orders, one.exchanges, one.seconds)
    passed = Decoder([])(json.loads(json.dumps(encode(PassedByError(State.PLACED, "why")))))
    assert (passed.state, str(passed)) == (State.PLACED, "why")


def test_what_is_not_listed_is_not_kept() -> None:
    with pytest.raises(UnknownError):
        encode({"search": object()})


@pytest.mark.parametrize(
    "line",
    [
        {"o": ["Popen", {"args": "id"}]},
        {"o": ["Step", {"name": "x"}]},
        {"x": 99},
        {"x": 0},
        {"v": [1, "no such order"]},
        {"e": ["State", "no_such_state"]},
        {"e": ["Path", "/"]},
        {"zz": 1},
        {"t": 5},
        {},
        [1],
    ],
)
def test_a_line_that_the_kit_did_not_write_builds_nothing(line: Any) -> None:
    with pytest.raises(ValueError):
        Decoder([exchange()])(line)


@pytest.mark.parametrize("name", ["stepwise", "batch_forward", "limit_cancel", "tracked", "by_id", "race_to_the_end"])
def test_the_scenarios_of_the_suites_are_kept(name: str, tmp_path: Path) -> None:
    with run_on(tmp_path, [(name, None)]) as (run, (recording,)):
        again = Decoder(run.exchanges())(json.loads(json.dumps(encode(recording))))
        assert again == recording


SOME = ("--suite", "journeys", "--suite", "transitions", "--suite", "batches")


def test_a_killed_run_goes_on_without_spending_an_order_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with mock_process("--latency=5") as (_, url, environ):
        run = certifying(url, first, environ, *SOME)
        await_requests(first / "exchanges.jsonl", 800, run)
        run.kill()
        run.communicate(timeout=ENOUGH_S)
        earlier = load(first)
        assert len(earlier.recordings) > 10
        again = certifying(url, second, environ, "--resume", str(first), *SOME)
        said, _ = again.communicate(timeout=2 * ENOUGH_S)
    # A narrowed run is never more than incomplete.
    assert again.returncode == 4, said
    found = results_of(second)
    verdicts = {row["id"]: row["verdict"] for row in found["requirements"]}
    assert not {"fail", "error", "warn", "blocked"} & set(verdicts.values())
    assert verdicts["FWD-4"] == verdicts["STA-1"] == verdicts["BAT-1"] == "pass"
    resumed = found["run"]["resumed"]
    assert resumed["from"] == "first"
    assert (resumed["scenarios"], resumed["requests"]) == (len(earlier.recordings), len(earlier.exchanges))
    assert found["run"]["requests"] > resumed["requests"]
    taken = har.read(second / "exchanges.har")
    assert taken[: len(earlier.exchanges)] == earlier.exchanges
    fresh = [one for one in taken[len(earlier.exchanges) :] if OPERATIONS[one.operation].writes]
    reused = {one.scenario for one in fresh if earlier_orders(one) & real_orders(earlier)}
    assert reused == set()
    played = {recording.scenario for recording in earlier.recordings.values()}
    assert not played & {one.scenario for one in fresh}
    assert not (second / "recordings.jsonl").exists()
    assert "Resumed" in (second / "certificate.html").read_text()


def earlier_orders(one: Exchange) -> set[str]:
    sent = one.sent if isinstance(one.sent, list) else []
    return {str(item.get("orderId")) for item in sent if isinstance(item, dict)}


def real_orders(earlier: Any) -> set[str]:
    """Orders that the earlier run wrote to and that exist: ids that the kit makes up begin with 99."""
    return {one for one in earlier.touched if not one.startswith("99")}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of a run that was killed, and its environment."""
    out = tmp_path_factory.mktemp("stopped") / "run"
    with mock_process("--latency=5") as (_, url, environ):
        run = certifying(url, out, environ)
        await_requests(out / "exchanges.jsonl", 150, run)
        run.kill()
        run.communicate(timeout=ENOUGH_S)
    return out, environ


def refusal(folder: Path, environ: dict[str, str], *options: str) -> str:
    url = headed(folder)["url"]
    run = certifying(url, folder.parent / "refused", environ, "--resume", str(folder), *options)
    said, _ = run.communicate(timeout=ENOUGH_S)
    assert run.returncode == 2, said
    assert len(said.strip().splitlines()) == 1, said
    assert not (folder.parent / "refused").exists() or not any((folder.parent / "refused").iterdir())
    return said


def test_another_profile_is_refused(stopped: tuple[Path, dict[str, str]]) -> None:
    assert "followed another profile (settle was 10.0, is 3.0)" in refusal(*stopped, "--settle", "3")


def test_another_seed_is_refused(stopped: tuple[Path, dict[str, str]]) -> None:
    assert "--seed" in refusal(*stopped, "--seed", "5")


def test_another_kit_and_another_host_are_refused(stopped: tuple[Path, dict[str, str]]) -> None:
    earlier = load(stopped[0])
    with pytest.raises(UsageError, match="another version of the kit"):
        earlier.refuse_unlike({**earlier.head, "kit": {"version": "0"}})
    with pytest.raises(UsageError, match="is of another host, http://127"):
        earlier.refuse_unlike({**earlier.head, "url": "http://elsewhere"})
    with pytest.raises(UsageError, match="embedded mock"):
        earlier.refuse_unlike({**earlier.head, "embedded": True})


def test_a_folder_without_a_run_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run to go on with"):
        load(tmp_path)
    with pytest.raises(UsageError, match="holds no run to go on with"):
        headed(tmp_path)


def test_a_recording_that_was_changed_is_refused(stopped: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    for name in ("recordings.jsonl", "exchanges.jsonl"):
        (tmp_path / name).write_bytes((stopped[0] / name).read_bytes())
    with (tmp_path / "recordings.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": {"o": ["Popen", {}]}, "recording": 5}\n')
    with pytest.raises(UsageError, match="cannot be resumed"):
        load(tmp_path)


def test_a_line_cut_short_by_the_kill_is_left_out(stopped: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    for name in ("recordings.jsonl", "exchanges.jsonl"):
        (tmp_path / name).write_bytes((stopped[0] / name).read_bytes())
    with (tmp_path / "recordings.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": {"t": ["stepw')
    assert load(tmp_path).recordings.keys() == load(stopped[0]).recordings.keys()


def test_a_kept_recording_holds_no_secret(stopped: tuple[Path, dict[str, str]]) -> None:
    folder, environ = stopped
    for path in folder.iterdir():
        assert environ["SELFSHIP_PASSWORD"] not in path.read_text(encoding="utf-8", errors="replace"), path.name
