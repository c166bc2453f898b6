"""What a partner's CI takes from here: the action, the pipeline template and the image do what their steps say."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from selfship import paths
from selfship.certificate.annotations import github, gitlab
from selfship.cli import cli
from selfship.embedded import embedded_host
from selfship.run import write_json
from tests import sample_client

ACTION = paths.ROOT / ".github" / "actions" / "certify" / "action.yml"
PIPELINE = paths.ROOT / ".ci" / "gitlab.yml"
IMAGE = paths.ROOT / ".ci" / "Containerfile"
PATIENCE_S = 240


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def step(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in loaded(ACTION)["runs"]["steps"] if one["name"] == name)
    return found


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-actions", ACTION), ("vendor.gitlab-ci", PIPELINE)], ids=["github", "gitlab"]
)
def test_the_files_fit_the_schemas_of_their_makers(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    told = subprocess.run(command, capture_output=True, text=True)

    assert told.returncode == 0, told.stdout + told.stderr


def test_no_input_is_written_into_a_script() -> None:
    for one in loaded(ACTION)["runs"]["steps"]:
        assert "${{" not in one.get("run", "")


def run_step(name: str, tmp_path: Path, given: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """Runs a step of the action as a runner would; what it printed, its outputs, and the job's summary."""
    temp, output, summary = tmp_path / "runner", tmp_path / "output", tmp_path / "summary"
    temp.mkdir()
    # In place of the installation step: the environment that this test runs in.
    (temp / "selfship").symlink_to(Path(sys.prefix), target_is_directory=True)
    environ = {
        **os.environ,
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    wanted = dict.fromkeys(step(name)["env"], "") | given
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)["run"]]
    ended = subprocess.run(
        command, cwd=tmp_path, env={**environ, **wanted}, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return ended, output.read_text("utf-8"), summary.read_text("utf-8") if summary.exists() else ""


def test_the_action_annotates_what_is_broken_summarises_it_and_hands_on_the_status(tmp_path: Path) -> None:
    with embedded_host(faults=["awb_takes_21"]) as host:
        (tmp_path / "self ship.toml").write_text(f'url = "{host.url}"\nlocation = "BLR-01"\n', "utf-8")
        given = {
            **host.credentials.secrets(),
            "PROFILE": "self ship.toml",
            "ARGUMENTS": "--requirement=LIM-2\n\n--requirement=LIM-1",
            "OUT": "the certificate",
        }
        ended, output, summary = run_step("Certify", tmp_path, given)

    assert ended.returncode == 0, ended.stderr
    assert output.splitlines() == ["status=1", "verdict=nonconforming"]
    told = ended.stdout.splitlines()
    (error,) = [line for line in told if line.startswith("::error ")]
    assert error.startswith("::error file=self ship.toml,title=LIM-2 (MUST)::awb with 21 items: 21 took effect")
    stopped = next(line for line in told if line.startswith("::stop-commands::"))
    end = told.index(f"::{stopped.removeprefix('::stop-commands::')}::")
    assert end < told.index(error)
    assert summary.startswith("## ✕ Nonconforming")
    assert {"junit.xml", "summary.md", "certificate.html"} <= {
        one.name for one in (tmp_path / "the certificate").iterdir()
    }


def test_a_wrong_option_is_the_gates_status_and_leaves_no_annotation(tmp_path: Path) -> None:
    ended, output, summary = run_step("Certify", tmp_path, {"HOST": "no address", "OUT": "out"})

    assert ended.returncode == 0
    assert output == "status=2\n"
    assert (summary, "::error" in ended.stdout) == ("", False)


@pytest.mark.parametrize("status", [0, 1, 4])
def test_the_last_step_ends_as_the_run_did(status: int, tmp_path: Path) -> None:
    gate = step("The gate")
    assert subprocess.run(["bash", "-c", gate["run"]], env={"STATUS": str(status)}).returncode == status


def test_the_pipelines_script_gates_and_reports(tmp_path: Path) -> None:
    job = loaded(PIPELINE)[".selfship-certify"]
    bin_ = tmp_path / ".selfship" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "selfship").symlink_to(Path(sys.prefix) / "bin" / "selfship")
    script = "\n".join(line for line in job["script"] if "venv" not in line and "/pip " not in line)
    environ = {**os.environ, **job["variables"], "SELFSHIP_ARGUMENTS": "--requirement FWD-1 --quiet"}
    ended = subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, env=environ, timeout=PATIENCE_S)

    assert ended.returncode == 4
    assert json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_text("utf-8")) == []
    assert (tmp_path / job["artifacts"]["reports"]["junit"]).is_file()


def test_annotations_are_at_most_ten_of_a_kind_with_what_to_fix_first_in_front() -> None:
    lines = github(sample_client.ALL["many"]()[0], None).splitlines()

    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[-1].startswith("::notice::")
    first, *_ = github(sample_client.ALL["nonconforming"]()[0], "selfship.toml").splitlines()
    assert first.startswith("::error file=selfship.toml,title=NDR-2 (MUST)::Order ")
    assert "%0ARule: " in first


def test_what_a_host_sent_begins_no_command_of_the_runner() -> None:
    results, _ = sample_client.ALL["nonconforming"]()
    row = next(one for one in results.requirements if one.id == "LIM-2")
    finding = row.findings[0]
    object.__setattr__(finding, "message", "taken\r\n::error::owned\u2028::set-output name=x::y, 100%")

    lines = github(results, "a,b:c").splitlines()

    assert not [line for line in lines if line.startswith(("::error::owned", "::set-output"))]
    (told,) = [line for line in lines if "title=LIM-2" in line]
    assert told.startswith(
        "::error file=a%2Cb%3Ac,title=LIM-2 (MUST)::taken ::error::owned ::set-output name=x::y, 100%25"
    )


def test_code_quality_knows_a_problem_again_and_pins_it_to_a_file() -> None:
    once, again = (json.loads(gitlab(sample_client.ALL["nonconforming"]()[0], "host.toml")) for _ in range(2))

    assert once == again
    assert {one["severity"] for one in once} == {"major", "minor"}
    assert {one["location"]["path"] for one in once} == {"host.toml"}
    assert len({one["fingerprint"] for one in once}) == len(once)


def test_annotate_reads_the_folder_of_a_run(tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", sample_client.ALL["client"]()[0].to_json())

    told = CliRunner().invoke(cli, ["annotate", str(tmp_path)], standalone_mode=False)

    assert told.exit_code == 0
    assert told.output.startswith("::error title=AGG-3 (MUST)::A request held 21 items")


def test_the_image_copies_what_is_there_and_runs_as_nobody() -> None:
    lines = [shlex.split(line, comments=True) for line in IMAGE.read_text("utf-8").splitlines()]
    steps = [(line[0], line[1:]) for line in lines if line]

    copied = [source for name, words in steps if name == "COPY" for source in words[:-1]]
    assert {"pyproject.toml", "selfship", "contracts", "suites", "fixtures"} <= set(copied)
    assert [source for source in copied if not (paths.ROOT / source).exists()] == []
    assert dict(steps)["USER"] == ["65532:65532"]
    assert re.search(r'^ENTRYPOINT \["/opt/kit/bin/selfship"\]$', IMAGE.read_text("utf-8"), re.MULTILINE)
