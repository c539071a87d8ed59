"""Carry out one run, from data to predictions, in its own process, and always record how it ended."""

from __future__ import annotations

import logging
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event

from histo_core.errors import HistoscopeError, StoreError
from histo_core.runs.store.records import Run, RunResults, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.heartbeat import Reporter
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.retry import write_within
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

END_SECONDS = 60.0
"""Seconds for which a worker tries to record how it ended."""


def work(run_id: str, workspace: Workspace) -> int:
    """Claim a queued run and carry it out; continue from its checkpoint where there is one.

    Unless the process is killed, the run ends as succeeded, failed with the reason, or cancelled. Every step can be
    repeated: after a kill at any moment a resumed worker finds what is left to do.

    Args:
        run_id: a queued run.
        workspace: where it is queued.

    Returns:
        The process's exit code: 0 when the run succeeded, else 1.

    Raises:
        RunError: the run is unknown, was claimed by another worker, or was cancelled.
        StoreError: the end cannot be recorded; the supervisor then notices that the process is gone.
    """
    worker, stop = ProcessIdentity.current(), Event()
    with _stop_on_signals(stop):
        store = Store.open(workspace)
        run = store.claim(run_id, worker)
        LOG.info("%s: worker %d on %s", run_id, worker.pid, run.device)
        with Reporter(store, run, worker, stop) as report:
            status, reason = _carry_out(run, workspace, report, stop)
            results = _results(run, workspace) if status is RunStatus.SUCCEEDED else None
        LOG.info("%s: %s %s", run_id, status, reason)
        progress = report.progress if report.progress.losses else None  # that of the last heartbeat may be epochs old
        end = partial(store.finish, run_id, worker, status, reason, results, progress)
        write_within(END_SECONDS, end, StoreError)
    return 0 if status is RunStatus.SUCCEEDED else 1


def _carry_out(run: Run, workspace: Workspace, report: Reporter, stop: Event) -> tuple[RunStatus, str]:
    try:
        # Imported once the run is claimed, so that a page shows "preparing" while PyTorch loads.
        from histo_core.runs.worker.stages import train_and_predict
        from histo_core.training.failures import disk_explained, memory_explained

        with memory_explained(run.config.train.batch_size), disk_explained():
            finished = train_and_predict(run, workspace, report, stop)
        if not finished:
            return RunStatus.CANCELLED, "Stopped on request; resume it to go on from its last checkpoint."
    except HistoscopeError as error:
        return RunStatus.FAILED, str(error)
    except Exception as error:
        traceback.print_exc()
        return RunStatus.FAILED, f"Unexpected error: {type(error).__name__}: {error}. See log.txt in its folder."
    return RunStatus.SUCCEEDED, ""


def _results(run: Run, workspace: Workspace) -> RunResults | None:
    from histo_core.runs.worker.results import run_results

    return run_results(workspace.run_folder(run.run_id))


@contextmanager
def _stop_on_signals(stop: Event) -> Iterator[None]:
    """Set ``stop`` on SIGTERM and SIGINT, so that training stops after the batch; restore the handlers at the end."""
    before = {kind: signal.signal(kind, lambda *_: stop.set()) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
