"""The README says what there is: each command and option in it exists, and each that exists is in it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import click
import pytest

from selfship import paths
from selfship.cli import cli
from selfship.profile_keys import KEYS
from selfship.verdict import Verdict

README = (paths.ROOT / "README.md").read_text(encoding="utf-8")


def code(text: str) -> str:
    """What of a document is code: its fenced blocks, and what stands between backticks."""
    return "\n".join([*re.findall(r"```\w*\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text)])


CODE = code(README)
LINKED = {name: (paths.ROOT / name).read_text("utf-8") for name in re.findall(r"\]\(([\w./-]+\.md)\)", README)}
"""The documents that the README sends its readers to."""
DOCUMENTS = {"README.md": README, **LINKED}
EVERYTHING = "\n".join(DOCUMENTS.values())
COMMANDS = {name: command for name, command in cli.commands.items() if not command.hidden}


def options(command: click.Command) -> set[str]:
    """The long options of a command that its help shows, and the short ones that have no long form."""
    found = set()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            long = [name for name in parameter.opts if name.startswith("--")]
            found.update(long or parameter.opts)
    return found


ALL_OPTIONS = set().union(*(options(command) for command in COMMANDS.values()))
OF_OTHERS = {"--pdb", "--poll", "--rm", "--set", "--user", "--tx", "--dist"}
"""Options of pytest, of the example client, of mitmdump and of docker that the documents speak of."""


def marked(name: str) -> str:
    """The one command of the fenced block after a marker."""
    found = re.findall(rf"^<!-- command: {name} -->\n```sh\n(.*?)\n```$", EVERYTHING, re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def test_the_commands_of_the_readme_are_those_that_exist() -> None:
    assert set(re.findall(r"(?:^|[\s/])selfship ([a-z]+)", CODE)) == set(COMMANDS)


def test_help_lists_the_same_commands() -> None:
    told = subprocess.run([sys.executable, "-m", "selfship", "--help"], capture_output=True, text=True, check=True)

    listed = re.findall(r"^  ([a-z]+)  ", told.stdout.split("Commands:")[1], re.MULTILINE)
    assert set(listed) == set(COMMANDS)


def test_each_option_and_command_in_the_readme_and_what_it_links_exists() -> None:
    for text in map(code, DOCUMENTS.values()):
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= ALL_OPTIONS | OF_OTHERS
        assert set(re.findall(r"(?:^|[\s/])selfship ([a-z]+)", text)) <= set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_option_is_in_the_readme_or_in_a_document_on_its_command_that_the_readme_links(name: str) -> None:
    linked = map(code, LINKED.values())
    texts = [CODE, *(text for text in linked if re.search(rf"(?:^|[\s/])selfship {name}\b", text))]
    assert {option for option in options(COMMANDS[name]) if not re.search(rf"{option}\b", "\n".join(texts))} == set()


def test_the_two_commands_for_a_bare_machine_set_up_all_that_they_need() -> None:
    for name, last in (("certify", ".venv/bin/selfship certify"), ("test", ".venv/bin/pytest -n auto --dist loadfile")):
        steps = marked(name).split(" && ")
        assert steps[0] == "python3 -m venv .venv"
        assert steps[1].startswith(".venv/bin/pip install -q ")
        assert steps[-1] == last
        assert len(steps) == 3

    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "[dev]" in marked("test")
    assert "dev" in project["optional-dependencies"]


def test_ci_runs_the_readmes_command() -> None:
    script = (paths.ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert "readme_command test" in script
    assert marked("test") not in script


def test_the_documents_explain_every_verdict_and_exit_status() -> None:
    for verdict in Verdict:
        assert f"`{verdict.value}`" in EVERYTHING
    for status in (0, 1, 2, 3, 4, 130):
        assert f"\n| {status} | " in EVERYTHING


def test_each_variable_that_the_documents_name_is_read_by_the_kit() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in paths.PACKAGE.rglob("*.py"))
    # The pipeline's own, which it hands on as arguments.
    source += re.sub(
        r"^    (SELFSHIP_\w+):", r'"\1"', (paths.ROOT / ".ci/gitlab.yml").read_text("utf-8"), flags=re.MULTILINE
    )

    assert {name for name in re.findall(r"SELFSHIP_[A-Z_]+[A-Z]", EVERYTHING) if f'"{name}"' not in source} == set()


def test_each_path_that_the_documents_name_exists() -> None:
    folders = "contracts|suites|fixtures|reports|selfship|tests|\\.ci"
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", EVERYTHING))

    assert len(named) > 8
    assert {name for name in named if not (paths.ROOT / name).exists()} == set()


def test_the_faults_in_the_examples_exist() -> None:
    from selfship.mock.faults import catalogue

    named = set(re.findall(r"a seeded fault, such as `(\w+)`", EVERYTHING))
    assert named
    assert named <= {fault.name for fault in catalogue()}


def test_the_template_profile_is_where_the_readme_sends_people() -> None:
    assert "template.toml" in EVERYTHING
    assert set(tomllib.loads((paths.HOSTS / "template.toml").read_text(encoding="utf-8"))) <= {*KEYS, *KEYS[""]}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_link_leads_to_a_file(name: str) -> None:
    folder = (paths.ROOT / name).parent
    lost = [link for link in re.findall(r"\]\(([\w./-]+)\)", DOCUMENTS[name]) if not (folder / link).is_file()]

    assert lost == []


def test_the_readme_stays_a_page() -> None:
    assert len(README.splitlines()) <= 100
