"""Every command explains itself, and quickly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from histo_core import __version__
from histo_core.cli import FORMER, app

PROJECT = Path(__file__).resolve().parents[2]


def _commands(group: typer.Typer, *path: str) -> Iterator[tuple[str, ...]]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*path, command.name or command.callback.__name__.replace("_", "-"))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        assert inner.name is not None
        yield from _commands(inner.typer_instance, *path, inner.name)


COMMANDS = sorted(_commands(app))
HIDDEN = ("job", "supervise", "worker")


def test_all_commands_are_there() -> None:
    assert {" ".join(command) for command in COMMANDS} == {
        *("app", "compare", "demo", "explain", "export", "models", "predict", "train", *HIDDEN),
        *("data audit", "data build", "data check", "data convert", "data download", "data export", "data list"),
        *("data copies", "data recognise", "data split", "data splits"),
        *("experiments cancel", "experiments list", "experiments resume", "experiments show", "experiments start"),
        *("experiments archive", "experiments delete", "experiments rename", "experiments test"),
        *("studies config", "studies list", "studies run", "studies show"),
        *("runs cancel", "runs differences", "runs list", "runs log", "runs overfit", "runs resume", "runs show"),
        "runs watch",
        *("workspace backup", "workspace check", "workspace restore"),
        *("runs archive", "runs delete", "runs first", "runs note", "runs rename", "runs tag"),
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_does_with_an_example(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert f"python -m histo_core {' '.join(command)}" in done.output.partition("Examples:")[2].partition("Options:")[0]
    before_example = done.output.partition("Examples:")[0].split("\n", 1)[1]
    assert before_example.strip()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_argument_is_explained(command: tuple[str, ...]) -> None:
    found = typer.main.get_command(app)
    for name in command:
        found = found.commands[name]
    assert [parameter.name for parameter in found.params if not getattr(parameter, "help", None)] == []


def test_help_answers_without_loading_what_takes_seconds() -> None:
    code = (
        "import sys, histo_core.cli\n"
        "try: histo_core.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'pandas', 'lime', 'captum', 'plotly', 'alembic', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "Examples:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_leaves_out_what_starts_by_itself_and_former_names() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output.partition("Commands:")[2].split("\n")
    names = {line.split()[0] for line in shown if line.strip()}
    assert names == {command[0] for command in COMMANDS} - {*HIDDEN}
    options = CliRunner().invoke(app, ["experiments", "start", "--help"], env={"COLUMNS": "200"}).output
    assert "--grid" in options
    assert not any(f"--{former} " in options for former in FORMER)


def test_former_names_of_commands_and_options_go_on_working(call: Callable[..., Any]) -> None:
    renamed = {
        "experiment list": "experiments list",
        "compare 0-1 --part valid": "compare 0-1 --split-set valid",
        "predict 0-1 --part valid": "predict 0-1 --split-set valid",
        "experiment start --try nosuch": "experiments start --grid nosuch",
        "experiment start --range nosuch=1": "experiments start --search-space nosuch=1",
        "experiment start --choose-by none": "experiments start --metric none",
        "runs list --status lost": "runs list --status interrupted",
    }
    assert {word.strip("-") for line in renamed for word in line.split()} >= set(FORMER)
    for former, new in renamed.items():
        said = call(*new.split())
        assert call(*former.split()) == said
        assert "No such" not in said.err


def test_the_version_is_that_of_the_package(call: Callable[..., Any]) -> None:
    said = call("--version")
    assert (said.code, said.out, said.err) == (0, f"histoscope {__version__}\n", "")


def test_the_module_is_a_program_from_any_folder(tmp_path: Path) -> None:
    done = _started("-m", "histo_core", "runs", "list", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No runs. Start the demo with: python -m histo_core demo\n"
    assert "--install-completion" not in _started("-m", "histo_core", "--help", folder=tmp_path).stdout


def test_the_program_calls_itself_as_it_was_called_and_completes_its_words(tmp_path: Path) -> None:
    script = tmp_path / "histoscope"
    script.write_text("from histo_core.cli import main\nmain()\n")
    assert _started(str(script), "runs", "list", folder=tmp_path).stdout.endswith(" with: histoscope demo\n")
    said = _started(str(script), "runs", "list", "--help", folder=tmp_path).stdout
    assert "\n    histoscope runs list\n" in said
    assert "python" not in said
    asked = {"_HISTOSCOPE_COMPLETE": "complete_bash", "COMP_WORDS": "histoscope e", "COMP_CWORD": "1"}
    completed = _started(str(script), folder=tmp_path, **asked)
    assert sorted(completed.stdout.split()) == ["experiments", "explain", "export"]


def _started(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Python in another process and folder, which finds this source tree."""
    known = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HISTOSCOPE_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=known | variables, capture_output=True, text=True, check=False
    )
