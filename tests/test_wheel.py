"""The wheel mirrors the checkout: what certifies travels, what doubts the kit stays."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from selfship import __version__, paths

CARRIED = ("contracts", "fixtures", "suites")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel that is built from this checkout."""
    (built,) = WheelBuilder(str(paths.ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    assert Path(built).name == f"selfship-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(built) as wheel:
        return set(wheel.namelist())


def committed(folder: Path) -> set[str]:
    """The files under `folder` that are the kit's own, as the wheel names them."""
    return {
        f"selfship/{path.relative_to(folder.parent).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("folder", CARRIED)
def test_a_data_folder_travels_whole(names: set[str], folder: str) -> None:
    expected = committed(paths.ROOT / folder)

    assert expected
    assert expected <= names


def test_every_module_template_and_style_sheet_travels(names: set[str]) -> None:
    expected = {name.replace("selfship/selfship/", "selfship/") for name in committed(paths.PACKAGE)}

    assert any(name.endswith(".j2") for name in expected)
    assert expected <= names


@pytest.mark.parametrize("name", ["selfship/conftest.py", "selfship/pyproject.toml"])
def test_pytests_settings_travel_with_the_suites(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_owns_one_name_and_holds_no_tests(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"selfship", f"selfship-{__version__}.dist-info"}
    assert not [name for name in names if name.startswith("selfship/tests/") or "__pycache__" in name]


def test_there_is_a_command_and_no_pytest_entry_point(tmp_path: Path) -> None:
    (built,) = WheelBuilder(str(paths.ROOT)).build(directory=str(tmp_path))
    with zipfile.ZipFile(built) as wheel:
        points = wheel.read(f"selfship-{__version__}.dist-info/entry_points.txt").decode()

    assert "selfship = selfship.cli:main" in points
    assert "pytest11" not in points
