"""Define ``runs``: its commands in the order of the help, and list, differences, watch and log."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.options import RunId
from histo_core.cli.output import local_time, say, table
from histo_core.cli.run_table import DEFAULT_COLUMNS, print_differences, print_run_table
from histo_core.cli.runs_control import cancel, first, resume
from histo_core.cli.runs_edit import archive, delete_, note, rename, tag
from histo_core.cli.runs_overfit import overfit
from histo_core.cli.runs_show import facts_of, show
from histo_core.cli.watch import print_end, watch
from histo_core.program import PROGRAM
from histo_core.runs.artifacts.log_file import log_end
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.run_table import COLUMNS
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter
from histo_core.workspace import Workspace

app = typer.Typer(help="List, watch, test, cancel, resume, order, name and delete runs.", no_args_is_help=True)

_STATUS = f"Only these; may be repeated: {', '.join(status.word for status in RunStatus)}."


def list_(
    status: Annotated[list[RunStatus] | None, typer.Option("--status", metavar="STATUS", help=_STATUS)] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, newest first.")] = 50,
    archived: Annotated[bool, typer.Option("--archived", help="Also those that were archived.")] = False,
    columns: Annotated[
        str, typer.Option(help=f"Columns with results, separated by commas: {', '.join(COLUMNS)}.")
    ] = "",
    sort: Annotated[str, typer.Option(help="Sort by one of these columns; runs without a value come last.")] = "",
    descending: Annotated[bool, typer.Option("--descending", help="Sort from the largest value down.")] = False,
    as_json: Json = False,
) -> None:
    """List runs, newest first; of those that wait with their place in the queue.

    \b
    Examples:
      python -m histo_core runs list
      python -m histo_core runs list --columns run_id,name,test_auroc,seed --sort test_auroc --descending
      python -m histo_core runs list --status running --status queued
      python -m histo_core runs list --archived
      python -m histo_core runs list --json
    """
    authorise(LOCAL, "run.read")
    workspace = Workspace.default()
    store = Store.open(workspace)
    if columns or sort:
        wanted = RunFilter(statuses=status or (), archived=archived)
        asked = [name.strip() for name in (columns or DEFAULT_COLUMNS).split(",")]
        print_run_table(store, wanted, asked, sort=sort, descending=descending, limit=limit, as_json=as_json)
        return
    runs = store.runs(statuses=status or None, limit=limit, archived=archived)
    waiting = {run.run_id: place for place, run in enumerate(store.queue(), start=1)}
    if as_json:
        say_json(tables={"runs": [facts_of(run) | {"place": waiting.get(run.run_id)} for run in runs]})
        return
    if not runs:
        others = bool(status) and bool(store.runs(limit=1, archived=True))
        nothing = f"No run is {' or '.join(one.word for one in status or [])}; `runs list` shows the others."
        say(nothing if others else f"No runs. Start the demo with: {PROGRAM} demo")
        if not others and any(workspace.runs.glob("[!.]*/run.json")):
            say(f"Folders of runs are there without rows: {PROGRAM} workspace check --mend")
        return
    places = {run_id: f"queued, place {place}" for run_id, place in waiting.items()}
    table(
        ("run", "status", "name", "model", "data", "device", "tags", "created"),
        [
            (
                *(run.run_id, places.get(run.run_id, run.status.word), run.name),
                *(run.config.model.name, run.config.data.dataset),
                *(run.device, ", ".join(run.tags), local_time(run.created_at)),
            )
            for run in runs
        ],
    )
    for run in runs:
        if run.status is RunStatus.UNREADABLE:
            say(f"{run.run_id}: {run.reason} Delete it: {PROGRAM} runs delete {run.run_id}")


def differences(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two runs or more.")],
    as_json: Json = False,
) -> None:
    """Show in which settings runs differ.

    \b
    Examples:
      python -m histo_core runs differences 4547d1de99b8-1 a1b2c3d4e5f6-1
    """
    for run_id in run_ids:
        authorise(LOCAL, "run.read", run_id)
    store = Store.open(Workspace.default())
    print_differences([store.get(run_id) for run_id in run_ids], as_json=as_json)


def watch_(run_id: RunId) -> None:
    """Watch a run until it ends. Ctrl-C ends the watching only.

    \b
    Examples:
      python -m histo_core runs watch 4547d1de99b8-1
    """
    authorise(LOCAL, "run.read", run_id)
    raise typer.Exit(print_end(watch(run_id, Workspace.default())))


def log(run_id: RunId, lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 40) -> None:
    """Print the end of a run's log, with the traceback of an unexpected error.

    \b
    Examples:
      python -m histo_core runs log 4547d1de99b8-1 --lines 100
    """
    authorise(LOCAL, "run.read", run_id)
    workspace = Workspace.default()
    file = workspace.run_folder(Store.open(workspace).get(run_id).run_id) / "log.txt"
    say("\n".join(log_end(file, lines)) or "The log is empty.")


app.command("list")(list_)
app.command("show")(show)
app.command("overfit")(overfit)
app.command("differences")(differences)
app.command("cancel")(cancel)
app.command("resume")(resume)
app.command("watch")(watch_)
app.command("log")(log)
app.command("first")(first)
app.command("rename")(rename)
app.command("tag")(tag)
app.command("note")(note)
app.command("archive")(archive)
app.command("delete")(delete_)
