"""Every command explains itself, and quickly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from histo_core.cli import app

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


def test_all_commands_are_there() -> None:
    assert {" ".join(command) for command in COMMANDS} == {
        *("compare", "demo", "explain", "export", "job", "models", "predict", "supervise", "train", "worker"),
        *("data audit", "data build", "data check", "data convert", "data download", "data export", "data list"),
        *("data copies", "data split", "data splits"),
        *("experiment cancel", "experiment list", "experiment resume", "experiment show", "experiment start"),
        *("experiment archive", "experiment delete", "experiment rename", "experiment test"),
        *("studies config", "studies list", "studies run", "studies show"),
        *("runs cancel", "runs list", "runs log", "runs resume", "runs show", "runs watch"),
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


def test_the_module_is_a_program_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "histo_core", "runs", "list"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HISTOSCOPE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No runs. Start the demo with: python -m histo_core demo\n"
