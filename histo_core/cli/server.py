"""Define ``worker`` and ``supervise``: the background processes that carry out runs."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from histo_core.workspace import Workspace


def worker(run_id: Annotated[str, typer.Argument(metavar="RUN", help="A queued run.")]) -> None:
    """Carry out one queued run in this process. The supervisor does this by itself.

    Under torchrun the first process does so, and the others train along; see docs/cluster.md.
    Exit code 0 when the run succeeded, 1 when it failed or was stopped.

    \b
    Examples:
      python -m histo_core worker 4547d1de99b8-1
      torchrun --nproc-per-node 2 -m histo_core worker 4547d1de99b8-1
    """
    from histo_core.runs.worker.ddp_worker import follow, is_follower
    from histo_core.runs.worker.worker import work

    _log_to_stderr()
    if is_follower():
        raise typer.Exit(follow(run_id, Workspace.default()))
    raise typer.Exit(work(run_id, Workspace.default()))


def supervise(
    idle_exit: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Leave after this long idle.")] = 900,
) -> None:
    """Start queued runs, one a device, and look after their workers. The first launch does this by itself.

    When another process already serves this workspace, it leaves at once.

    \b
    Examples:
      python -m histo_core supervise
      python -m histo_core supervise --idle-exit 60
    """
    from histo_core.jobs.state import kill_stubborn_jobs
    from histo_core.runs.worker.supervisor_process import supervise as serve

    _log_to_stderr()
    serve(Workspace.default(), idle_exit_seconds=idle_exit, beside=kill_stubborn_jobs)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
