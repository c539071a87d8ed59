"""One run, from data to predictions, in a process of its own that always writes how it ended."""

from __future__ import annotations

import logging
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from histo_core.errors import HistoscopeError, StoreError
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.heartbeat import Reporter
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

END_SECONDS = 60.0
"""How long a worker tries to write how it ended."""


def work(run_id: str, workspace: Workspace) -> int:
    """Claim a queued run and carry it out; it goes on from its checkpoint where there is one.

    Whatever happens, short of the process being killed, the run ends as succeeded, failed with the reason, or
    cancelled. Every step may be done twice: after a kill at any moment a resumed worker finds what is left to do.

    Args:
        run_id: a queued run.
        workspace: where it is queued.

    Returns:
        The process's exit code: 0 when the run succeeded, else 1.

    Raises:
        RunError: the run is unknown, or another worker or a cancellation was first.
        StoreError: the end cannot be written; the supervisor then notices that the process is gone.
    """
    worker, stop = ProcessIdentity.current(), Event()
    with _stop_on_signals(stop):
        store = Store.open(workspace)
        run = store.claim(run_id, worker)
        LOG.info("%s: worker %d on %s", run_id, worker.pid, run.device)
        with Reporter(store, run, worker, stop) as report:
            status, reason = _carry_out(run, workspace, report, stop)
        LOG.info("%s: %s %s", run_id, status, reason)
        _write_end(store, run_id, worker, status, reason)
    return 0 if status is RunStatus.SUCCEEDED else 1


def _carry_out(run: Run, workspace: Workspace, report: Reporter, stop: Event) -> tuple[RunStatus, str]:
    try:
        # Loaded once the run is claimed, so that a page shows "preparing" while PyTorch loads.
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


def _write_end(store: Store, run_id: str, worker: ProcessIdentity, status: RunStatus, reason: str) -> None:
    """Try for a while: a disk that was full, and ended the run, has its database on it too."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        try:
            store.finish(run_id, worker, status, reason)
        except StoreError as error:
            if time.monotonic() > deadline:
                raise
            LOG.warning("will try again: %s", error)
            time.sleep(1.0)
        else:
            return


@contextmanager
def _stop_on_signals(stop: Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for a stop at the end of the batch; what was there before is put back."""
    before = {kind: signal.signal(kind, lambda *_: stop.set()) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
