"""Read the table of runs, and change a row by compare-and-set, so that only one process makes a change of state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

import sqlalchemy as sa

from histo_core.errors import RunError
from histo_core.program import PROGRAM
from histo_core.runs.store.database import Database, open_database
from histo_core.runs.store.record_file import write_run
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.schema import ACTIVE, QUEUE_ORDER, RUNS, WAITING, has_worker, to_run
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

_HEARTBEAT = frozenset({"heartbeat_at", "progress"})
"""Columns that a worker writes every few seconds; the file in the run's folder is not rewritten for them alone."""


@dataclass(frozen=True)
class ClaimedRun:
    """A running run and the process that works on it."""

    run: Run
    worker: ProcessIdentity


class RunRows:
    """The rows of all runs of one workspace (or of one database server), without what may follow what."""

    def __init__(self, database: Database, workspace: Workspace | None = None) -> None:
        self.database, self._workspace = database, workspace

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open the workspace's database, making or upgrading its tables when needed.

        Raises:
            StoreError: the database cannot be opened, is on a network file system, or is too new.
        """
        return cls(open_database(workspace), workspace)

    def runs(
        self, *, statuses: Collection[RunStatus] | None = None, limit: int = 200, archived: bool = False
    ) -> list[Run]:
        """List runs, newest first; archived ones only with ``archived``, unreadable ones only without ``statuses``."""
        query = sa.select(RUNS).order_by(RUNS.c.created_at.desc(), RUNS.c.run_id).limit(limit)
        if statuses is not None:
            query = query.where(RUNS.c.status.in_([status.value for status in statuses]))
        if not archived:
            query = query.where(RUNS.c.archived_at.is_(None))
        return [run for run in self._select(query) if statuses is None or run.status in statuses]

    def made_from(self, origin: str) -> list[Run]:
        """List the runs that were made from a study, or from one of its runs, newest first.

        Args:
            origin: the study's name, or a longer prefix of `Run.origin` that ends before a slash.
        """
        same = (RUNS.c.origin == origin) | RUNS.c.origin.startswith(f"{origin}/", autoescape=True)
        return self._select(sa.select(RUNS).where(same).order_by(RUNS.c.created_at.desc(), RUNS.c.run_id))

    def queue(self) -> list[Run]:
        """List the waiting runs in the order in which they will start."""
        waiting = self._select(sa.select(RUNS).where(WAITING).order_by(*QUEUE_ORDER))
        return [run for run in waiting if run.status is RunStatus.QUEUED]

    def get(self, run_id: str) -> Run:
        """Return one run.

        Raises:
            RunError: no run has this id; the message suggests a similar one.
        """
        with self.database.read() as connection:
            row = connection.execute(sa.select(RUNS).where(RUNS.c.run_id == run_id)).mappings().one_or_none()
            if row is not None:
                return to_run(row)
            known = list(connection.execute(sa.select(RUNS.c.run_id).order_by(RUNS.c.created_at.desc())).scalars())
        close = get_close_matches(run_id, known, n=3, cutoff=0.5) or known[:3]
        raise RunError(
            f"There is no run {run_id!r}.",
            f"Close or recent: {', '.join(close)}." if close else "No run was launched yet.",
            f"See all with `{PROGRAM} runs list`.",
        )

    def is_active(self, run_id: str) -> bool:
        """Return whether a run is queued or running; False for a deleted run."""
        query = sa.select(sa.exists().where(RUNS.c.run_id == run_id, RUNS.c.status.in_(ACTIVE)))
        with self.database.read() as connection:
            return bool(connection.execute(query).scalar())

    def any_active(self) -> bool:
        """Return whether any run is queued or running."""
        with self.database.read() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(RUNS.c.status.in_(ACTIVE)))).scalar())

    def running(self) -> list[ClaimedRun]:
        """Return all running runs with their workers; a run whose row names no worker is left out."""
        query = sa.select(RUNS).where(RUNS.c.status == RunStatus.RUNNING.value)
        with self.database.read() as connection:
            return [
                ClaimedRun(to_run(row), ProcessIdentity(row["pid"], row["process_started"], row["boot_id"]))
                for row in connection.execute(query).mappings()
                if has_worker(row)
            ]

    def change(self, run_id: str, condition: sa.ColumnElement[bool], **values: Any) -> Run | None:
        """Set columns of a run if the condition holds for it; return None when it does not."""
        with self.database.write() as connection:
            return self._change(connection, run_id, condition, **values)

    def _change(
        self, connection: sa.Connection, run_id: str, condition: sa.ColumnElement[bool], **values: Any
    ) -> Run | None:
        change = sa.update(RUNS).where(RUNS.c.run_id == run_id, condition).values(**values).returning(RUNS)
        row = connection.execute(change).mappings().one_or_none()
        if row is None:
            return None
        return to_run(row) if values.keys() <= _HEARTBEAT else self._kept(row)

    def _kept(self, row: Mapping[Any, Any]) -> Run:
        """Write a changed row into the run's folder and return it as a run."""
        if self._workspace is not None:
            write_run(row, self._workspace)
        return to_run(row)

    def _select(self, query: sa.Select[Any]) -> list[Run]:
        with self.database.read() as connection:
            return [to_run(row) for row in connection.execute(query).mappings()]
