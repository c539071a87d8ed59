"""Define the command line, which does everything that the pages do, without a browser.

An error that Histoscope raises on purpose, or a file error of the system, gives one message on stderr and exit code
2, never a traceback. Slow imports (PyTorch, LIME) are inside the commands that need them, so that ``--help`` answers
at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from histo_core import __version__
from histo_core.cli import (
    audit,
    compare,
    dashboard,
    data,
    data_files,
    demo,
    experiments,
    explain,
    export,
    job,
    models,
    predict,
    runs,
    server,
    split,
    studies,
    train,
    workspace,
)
from histo_core.cli.output import say
from histo_core.disk_errors import advice
from histo_core.errors import HistoscopeError
from histo_core.private_files import private_files
from histo_core.program import MODULE, PROGRAM, SCRIPT

FORMER = {
    "experiment": "experiments",
    "part": "split-set",
    "try": "grid",
    "range": "search-space",
    "choose-by": "metric",
    "lost": "interrupted",
}
"""Commands, options and states of version 0.2 under their new names; the old ones go on working and are not in help."""

app = typer.Typer(
    name=SCRIPT,
    help="Train, compare and explain classifiers of histopathology patches.\n\n"
    "\b\nExamples:\n"
    "  python -m histo_core demo\n"
    "  python -m histo_core train --dataset phantom --model cnn_rnn --epochs 3\n"
    "  python -m histo_core runs list\n\n"
    "For research and teaching. Not a medical device.",
    no_args_is_help=True,
    add_completion=PROGRAM == SCRIPT,  # a shell completes the words of a program, and a module is none
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: FORMER.get(name, name),
    },
)
data.app.command("audit")(audit.audit)
data.app.command("split")(split.split)
data.app.command("splits")(split.splits)
data.app.command("convert")(data_files.convert)
data.app.command("download")(data_files.download)
data.app.command("export")(data_files.export)
app.add_typer(data.app, name="data")
app.command("app")(dashboard.app)
app.command("train")(train.train)
app.command("demo")(demo.demo)
app.command("models")(models.models)
app.add_typer(runs.app, name="runs")
app.add_typer(experiments.app, name="experiments")
app.add_typer(studies.app, name="studies")
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)
app.command("predict")(predict.predict)
app.command("export")(export.export)
app.add_typer(workspace.app, name="workspace")
# The dashboard and the runs start these by themselves.
app.command("job", hidden=True)(job.job)
app.command("worker", hidden=True)(server.worker)
app.command("supervise", hidden=True)(server.supervise)


def _say_version(asked: bool) -> None:
    if asked:
        say(f"histoscope {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; ``arguments`` defaults to those of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a character shows its number
            stream.reconfigure(errors="backslashreplace")
    try:
        with private_files():
            command = typer.main.get_command(app)
            _name_program(command)
            command(args=arguments, prog_name=PROGRAM)
    except HistoscopeError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # a full disk, a folder that may not be written to
        named = f"{error.filename}: " if error.filename else ""
        print(f"Error: {named}{error.strerror or error}. {advice(error)}.", file=sys.stderr)
        sys.exit(2)


def _name_program(command: Any) -> None:
    """Write the examples of a command, and of those below it, as this process was called."""
    command.help = command.help and command.help.replace(MODULE, PROGRAM)
    for inner in getattr(command, "commands", {}).values():
        _name_program(inner)
