"""Orders files: four ways to write one, and a sentence with a line for each way to get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfship import orders_file
from selfship.errors import UsageError
from selfship.lifecycle import State

FIRST, SECOND, THIRD = "17708318940301766054", "17708318940301766055", "17708404850311580665"
EXPECTED = {State.PLACED: [FIRST, SECOND], State.RETURN_DP_ASSIGNED: [THIRD]}


def written(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("o.json", f'{{"placed": ["{FIRST}", "{SECOND}"], "return_dp_assigned": ["{THIRD}"]}}'),
        ("orders", f'  {{"placed": ["{FIRST}", "{SECOND}"], "return_dp_assigned": ["{THIRD}"], "cancelled": []}}'),
        ("o.toml", f'placed = ["{FIRST}", "{SECOND}"]\nreturn_dp_assigned = ["{THIRD}"]\n'),
        ("o.txt", f"# ours\nplaced {FIRST}\nplaced\t{SECOND}  # new\n\nreturn_dp_assigned {THIRD}\n"),
        ("o.csv", f'state,orderId\r\nplaced,"{FIRST}"\r\nplaced,{SECOND},\r\n"return_dp_assigned",{THIRD}\r\n'),
        ("o.csv", f"\ufeffState;ID\nplaced;{FIRST}\nplaced;{SECOND}\nreturn_dp_assigned;{THIRD}\n"),
    ],
    ids=["json", "json-by-content", "toml", "lines", "csv", "csv-of-a-spreadsheet"],
)
def test_each_format_reads_alike(tmp_path: Path, name: str, text: str) -> None:
    assert orders_file.load(written(tmp_path, name, text)) == EXPECTED


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("o.txt", f"placed {FIRST}\nplcaed {SECOND}", "line 2: 'plcaed' is not a state of the lifecycle; did you mean"),
        ("o.txt", f"PROCESSING {FIRST}", "line 1: PROCESSING is an orderStatus, not a state: write bag_invoiced"),
        ("o.txt", f"placed {FIRST}\n\ncancelled {FIRST}", f"line 3: order {FIRST} stands on line 1 already"),
        ("o.txt", "placed", "line 1: a line must hold a state and one id"),
        ("o.csv", "placed,1.77083E+19", "line 1: 1.77083E+19 is an id that a spreadsheet has rounded"),
        ("o.json", f'{{"placed":\n[{FIRST}]}}', f"line 2: {FIRST} is not in quotes: write order ids as strings"),
        ("o.toml", "placed = [177083]", "line 1: 177083 is not in quotes"),
        ("o.json", '{"placed":\n  ["a" "b"]}', "line 2: this is not JSON at column 8"),
        ("o.json", f'{{\n"placed": "{FIRST}"}}', "line 2: placed must hold a list of order ids"),
        ("o.json", f'["{FIRST}"]', "line 1: the file must be an object of states"),
        ("o.json", '{"placd": []}', "line 1: 'placd' is not a state of the lifecycle; did you mean 'placed'?"),
        ("o.json", '{"placed": [""]}', "line 1: '' is not an order id"),
    ],
    ids=[
        "state", "coarse-status", "duplicate", "no-id", "rounded", "json-number", "toml-number", "json-syntax",
        "no-list", "no-object", "empty-state", "empty-id",
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = written(tmp_path, name, text)

    with pytest.raises(UsageError) as caught:
        orders_file.load(file)

    sentence = str(caught.value)
    assert sentence.startswith(f"{file}, {said}")
    assert "\n" not in sentence


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_a_file_without_orders_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="holds no order: write lines such as `placed 1770"):
        orders_file.load(written(tmp_path, "orders", text))


def test_a_repeated_json_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a JSON object repeats a key"):
        orders_file.load(written(tmp_path, "o.json", f'{{"placed": ["{FIRST}"], "placed": ["{SECOND}"]}}'))


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no orders file"):
        orders_file.load(tmp_path / "none.txt")
    with pytest.raises(UsageError, match="cannot be read"):
        orders_file.load(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a text file in UTF-8"):
        orders_file.load(tmp_path / "binary")
