"""Start the demo's job from the command line, and follow it."""

from __future__ import annotations

import time
from collections.abc import Callable

import typer
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from histo_core.cli.output import progress_bar, say
from histo_core.cli.watch import POLL_SECONDS, print_end
from histo_core.demo.kind import KIND
from histo_core.demo.record import read_record
from histo_core.demo.state import DemoState, StepName, demo_state, newest_demo
from histo_core.errors import RunError
from histo_core.jobs.api import cancel_job, job_id_of, start_job
from histo_core.program import PROGRAM
from histo_core.runs.store.runs import Store
from histo_core.studies.demo import demo_patches
from histo_core.workspace import Workspace

STEPS: dict[StepName, str] = {
    "draw": "drawing patches",
    "audit": "auditing the split",
    "train": "training networks",
    "intervals": "estimating intervals",
    "map": "making the first map",
}


def make_demo(patches: int | None, detach: bool) -> None:
    """Start the demo's job, and follow it unless ``detach`` is set; `histo_core.cli.demo` says what the arguments are.

    Raises:
        RunError: a demo of another number of patches is being made, or the job ended before it began.
        typer.Exit: with 1 where the demo or one of its runs failed.
    """
    workspace, params = Workspace.default(), {} if patches is None else {"patches": patches}
    at_work = newest_demo(workspace)
    if at_work is not None and at_work.active and at_work.job_id != job_id_of(KIND, params):
        raise RunError(
            f"A demo with other patches is at work ({at_work.job_id}).",
            "One demo is made at a time.",
            "Wait for it, or cancel it on Home.",
        )
    job = start_job(KIND, params, workspace)
    ids = _queued(demo_patches(patches), workspace)
    for run_id, name in ids.items():
        say(f"{run_id}  {name}")
    if detach:
        say(f"Compare them, once they are trained, with: {PROGRAM} compare {' '.join(ids)}")
        return
    state = _followed(job.job_id, workspace)
    codes = [print_end(run) for run in state.runs]
    if state.job.state != "succeeded" or any(codes):
        say(state.job.error)
        raise typer.Exit(1)
    say(f"Compare them with: {PROGRAM} compare {' '.join(ids)}")


def _queued(patches: int, workspace: Workspace) -> dict[str, str]:
    """Wait until the demo of so many patches has queued its runs, and return their names by id.

    Raises:
        RunError: the job ended before that.
    """

    def queued(state: DemoState) -> bool:
        if not state.job.active:
            return True
        record, ids = read_record(workspace), {run.run_id for run in state.runs}
        # Until the job has begun, the record is that of an earlier demo, maybe with other patches.
        return record is not None and record.patches == patches and bool(ids) and ids <= set(record.run_ids)

    state = _watched(workspace, queued)
    if not state.runs:
        raise RunError(f"The demo was not begun. {state.job.error}", "", f"Try again with: {PROGRAM} demo")
    return {run.run_id: run.name for run in state.runs}


def _followed(job_id: str, workspace: Workspace) -> DemoState:
    """Wait until the demo has ended; Ctrl-C asks it to stop, and a second one ends the waiting."""
    try:
        return _watched(workspace, lambda state: not state.job.active)
    except KeyboardInterrupt:
        say("Stopping the networks at their next batch; their checkpoints are kept. (Ctrl-C again: do not wait.)")
        cancel_job(job_id, workspace)
        return _watched(workspace, lambda state: not state.job.active)


def _watched(workspace: Workspace, ended: Callable[[DemoState], bool]) -> DemoState:
    """Show the demo's steps until ``ended`` says so."""
    store = Store.open(workspace)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"), TimeElapsedColumn())
    with progress_bar(*columns) as bars:
        bar = bars.add_task("starting", total=None, detail="")
        while True:
            state = demo_state(store, workspace)
            if state is not None and ended(state):
                return state
            step = next((step for step in state.steps if step.begun and not step.finished), None) if state else None
            if step is not None:
                detail = f"{step.done:,} of {step.total:,}" if step.total else ""
                bars.update(
                    bar, description=STEPS[step.name], total=step.total or None, completed=step.done, detail=detail
                )
            time.sleep(POLL_SECONDS)
