"""Saying in a run's row that its worker lives, and how far it is."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, replace
from threading import Event, Thread
from types import TracebackType

from histo_core.errors import StoreError
from histo_core.runs.devices.usage import usage
from histo_core.runs.store.records import Run, RunProgress
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity

LOG = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
PROGRESS_SECONDS = 1.0


class Reporter:
    """A thread that writes ``progress`` at most once a second and a heartbeat every five, with what the worker takes.

    Training never waits for the database: it only sets ``progress``. The thread sets ``stop`` when someone asked for
    the run to be cancelled, and when the run is no longer this worker's.
    """

    def __init__(self, store: Store, run: Run, worker: ProcessIdentity, stop: Event) -> None:
        self.progress = RunProgress("preparing")
        self._store, self._run, self._worker, self._stop = store, run, worker, stop
        self._closed = Event()
        self._thread = Thread(target=self._report, name="reporter", daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    def _report(self) -> None:
        written, written_at = self.progress, time.monotonic()
        used, used_at = usage(self._run.device), time.monotonic()
        while not self._closed.wait(PROGRESS_SECONDS):
            progress = self.progress
            if progress == written and time.monotonic() - written_at < HEARTBEAT_SECONDS:
                continue
            if time.monotonic() - used_at >= HEARTBEAT_SECONDS:
                used, used_at = usage(self._run.device), time.monotonic()
            try:
                run = self._store.heartbeat(self._run.run_id, self._worker, replace(progress, **asdict(used)))
            except StoreError as error:
                LOG.warning("will try again: %s", error)
                continue
            written, written_at = progress, time.monotonic()
            if run is None or run.cancel_requested:
                self._stop.set()
