"""``runs cancel``, ``resume`` and ``first``: stop a run, go on with it, or move it to the front of the queue."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.cli.options import RunId
from histo_core.cli.output import say
from histo_core.cli.watch import print_end, watch_or_cancel
from histo_core.runs import api
from histo_core.runs.store import queue
from histo_core.runs.store.records import OPEN_DEVICE
from histo_core.workspace import Workspace


def cancel(run_id: RunId) -> None:
    """Cancel a run: at once when it waits, at the end of its batch when it runs. Its checkpoint is kept.

    \b
    Examples:
      python -m histo_core runs cancel 4547d1de99b8-1
    """
    run = api.cancel(run_id, Workspace.default())
    say(f"run {run.run_id} {'is asked to stop' if run.status.active else run.status.word}")


def resume(
    run_id: RunId, detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the run.")] = False
) -> None:
    """Go on with a failed, cancelled or interrupted run from its last checkpoint.

    \b
    Examples:
      python -m histo_core runs resume 4547d1de99b8-1
    """
    workspace = Workspace.default()
    run = api.resume(run_id, workspace)
    if detach:
        say(f"run {run.run_id} {run.status.word}")
        return
    raise typer.Exit(print_end(watch_or_cancel(run_id, workspace)))


def first(run_id: RunId) -> None:
    """Move a waiting run to the front of the queue.

    \b
    Examples:
      python -m histo_core runs first 4547d1de99b8-1
    """
    run = queue.move(run_id, Workspace.default(), first=True)
    device = "a GPU" if run.device == OPEN_DEVICE else run.device
    say(f"run {run.run_id} is the next that starts on {device}")
