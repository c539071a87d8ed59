"""``runs``: list, show, cancel, resume, watch, log."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.output import local_time, say, table
from histo_core.cli.watch import tell_end, watch, watch_or_cancel
from histo_core.runs import launcher
from histo_core.runs.records import RunStatus
from histo_core.runs.store import Store
from histo_core.workspace import Workspace

app = typer.Typer(help="List, show, watch, cancel and resume runs.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `runs list` shows it.")]


@app.command("list")
def list_(
    status: Annotated[list[RunStatus] | None, typer.Option(help="Only these; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
) -> None:
    """List runs, newest first.

    \b
    Examples:
      python -m histo_core runs list
      python -m histo_core runs list --status running --status queued
    """
    authorise(LOCAL, "run.read")
    runs = Store.open(Workspace.default()).runs(statuses=status or None, limit=limit)
    if not runs:
        say("No runs. Start the demo with: python -m histo_core demo")
        return
    columns = ("run", "status", "name", "model", "data", "device", "created")
    table(
        columns,
        [
            (
                *(run.run_id, run.status.value, run.name, run.config.model.name, run.config.data.dataset),
                *(run.device, local_time(run.created_at)),
            )
            for run in runs
        ],
    )


@app.command()
def show(run_id: RunId) -> None:
    """Show one run: its state, its times and its configuration.

    \b
    Examples:
      python -m histo_core runs show 4547d1de99b8-1
    """
    authorise(LOCAL, "run.read", run_id)
    workspace = Workspace.default()
    run = Store.open(workspace).get(run_id)
    facts = {
        "run": run.run_id,
        "name": run.name,
        "status": run.status.value + (" (asked to stop)" if run.cancel_requested and run.status.active else ""),
        "reason": run.reason,
        "device": run.device,
        "created": local_time(run.created_at),
        "started": local_time(run.started_at),
        "ended": local_time(run.ended_at),
        "folder": str(workspace.run_folder(run.run_id)),
        "data hash": run.data_hash,
        "split fingerprint": run.split_fingerprint,
    }
    say("\n".join(f"{name + ':':<19}{value}" for name, value in facts.items() if value))
    say("\n" + run.config.to_yaml().rstrip())


@app.command()
def cancel(run_id: RunId) -> None:
    """Cancel a run: at once when it waits, at the end of its batch when it runs. Its checkpoint is kept.

    \b
    Examples:
      python -m histo_core runs cancel 4547d1de99b8-1
    """
    run = launcher.cancel(run_id, Workspace.default())
    say(f"run {run.run_id} {'is asked to stop' if run.status.active else run.status}")


@app.command()
def resume(
    run_id: RunId, detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the run.")] = False
) -> None:
    """Go on with a failed, cancelled or lost run from its last checkpoint.

    \b
    Examples:
      python -m histo_core runs resume 4547d1de99b8-1
    """
    workspace = Workspace.default()
    run = launcher.resume(run_id, workspace)
    if detach:
        say(f"run {run.run_id} {run.status}")
        return
    raise typer.Exit(tell_end(watch_or_cancel(run_id, workspace)))


@app.command("watch")
def watch_(run_id: RunId) -> None:
    """Watch a run until it ends. Ctrl-C ends the watching only.

    \b
    Examples:
      python -m histo_core runs watch 4547d1de99b8-1
    """
    authorise(LOCAL, "run.read", run_id)
    raise typer.Exit(tell_end(watch(run_id, Workspace.default())))


@app.command()
def log(run_id: RunId, lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 40) -> None:
    """Print the end of a run's log, with the traceback of an unexpected error.

    \b
    Examples:
      python -m histo_core runs log 4547d1de99b8-1 --lines 100
    """
    authorise(LOCAL, "run.read", run_id)
    workspace = Workspace.default()
    file = workspace.run_folder(Store.open(workspace).get(run_id).run_id) / "log.txt"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    say("\n".join(text.splitlines()[-lines:]) or "The log is empty.")
