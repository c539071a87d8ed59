"""Watch a run from a terminal."""

from __future__ import annotations

import time

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from histo_core.cli.epochs import epoch_line
from histo_core.cli.output import progress_bar, say
from histo_core.errors import HistoscopeError
from histo_core.program import PROGRAM
from histo_core.runs.api import cancel, keep_supervised
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace

POLL_SECONDS = 0.4


def watch(run_id: str, workspace: Workspace) -> Run:
    """Show a run's progress until it has ended; the run continues when watching is interrupted.

    Each poll ensures that a supervisor is alive; without one the run would never end.

    Raises:
        RunError: the run is unknown, or no supervisor starts.
        KeyboardInterrupt: Ctrl-C.
    """
    store, told = Store.open(workspace), -1
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"), TimeElapsedColumn())
    with progress_bar(*columns) as bars:
        bar = bars.add_task("waiting", total=None, detail="")
        while True:
            keep_supervised(workspace)
            run = store.get(run_id)
            for event in read_events(workspace.run_folder(run_id)):
                if isinstance(event, EpochDone) and event.epoch > told:
                    told = event.epoch
                    say(epoch_line(event, run.config.train.epochs))
            if not run.status.active:
                return run
            _show(bars, bar, run)
            time.sleep(POLL_SECONDS)


def watch_or_cancel(run_id: str, workspace: Workspace) -> Run:
    """Watch a run; Ctrl-C asks it to stop and keeps its checkpoint, and a second Ctrl-C ends the watching.

    Raises:
        RunError: the run is unknown.
    """
    try:
        return watch(run_id, workspace)
    except KeyboardInterrupt:
        say("Stopping at the end of the batch; its checkpoint is kept. (Ctrl-C again: do not wait.)")
        try:
            cancel(run_id, workspace)
            return watch(run_id, workspace)
        except (KeyboardInterrupt, HistoscopeError):
            return Store.open(workspace).get(run_id)


def print_end(run: Run) -> int:
    """Print how a run ended, what can be done next, and last the run's id. Returns the process's exit code."""
    resume = f"Go on with: {PROGRAM} runs resume {run.run_id}"
    if run.status is RunStatus.SUCCEEDED:
        say(f"Explain it with: {PROGRAM} explain {run.run_id} --patch ID --out FOLDER")
    elif run.status.resumable:
        say("\n".join(filter(None, [run.reason, resume])))
    say(f"run {run.run_id} {run.status.word}")
    return 0 if run.status is RunStatus.SUCCEEDED else 1


def _show(bars: Progress, bar: TaskID, run: Run) -> None:
    now = run.progress
    if run.status is RunStatus.QUEUED or now is None:
        bars.update(bar, description="waiting", total=None, detail="")
        return
    detail = f"batch {now.batch:,} of {now.batches:,}" if now.batches else ""
    if now.phase == "training":
        epoch = min(now.epoch + 1, now.epochs)
        loss = "" if now.train_loss is None else f"loss {now.train_loss:.4f}, "
        detail = f"epoch {epoch} of {now.epochs}, {detail}, {loss}{now.images_per_second:,.0f} images/s"
        done, total = now.epoch * now.batches + now.batch, now.epochs * now.batches
    else:
        done, total = now.batch, now.batches
    phase = "stopping" if run.cancel_requested else now.phase
    bars.update(bar, description=phase, total=total or None, completed=done, detail=detail)
