"""Read and change the table of runs. Every change of state is a compare-and-set, so that only one process makes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from histo_core.access import LOCAL, User
from histo_core.config import RunConfig
from histo_core.errors import RunError
from histo_core.program import PROGRAM
from histo_core.runs.store.columns import Utc
from histo_core.runs.store.database import Database, open_database
from histo_core.runs.store.record_file import RUN, removed_on_rollback, write_run
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunProgress, RunResults, RunStatus
from histo_core.runs.store.schema import ACTIVE, QUEUE_ORDER, RUNS, WAITING, has_worker, to_run
from histo_core.runs.store.test_set_access import record_score
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

_HEARTBEAT = frozenset({"heartbeat_at", "progress"})
"""Columns that a worker writes every few seconds; the file in the run's folder is not rewritten for them alone."""
_RESUMABLE = tuple(status.value for status in RunStatus if status.resumable)


@dataclass(frozen=True)
class ClaimedRun:
    """A running run and the process that works on it."""

    run: Run
    worker: ProcessIdentity


class Store:
    """All runs of one workspace (or of one database server)."""

    def __init__(self, database: Database, workspace: Workspace | None = None) -> None:
        self.database, self._workspace = database, workspace

    @classmethod
    def open(cls, workspace: Workspace) -> Store:
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

    def enqueue(
        self,
        config: RunConfig,
        *,
        data_hash: str,
        split_fingerprint: str,
        device: str,
        name: str,
        user: User = LOCAL,
        priority: int = 0,
        tags: Sequence[str] = (),
        note: str = "",
        test_fingerprint: str = "",
        origin: str = "",
    ) -> Run:
        """Add a queued run, or return the active run of the same configuration and data unchanged.

        A configuration whose earlier run has ended gets the next attempt number.
        """
        config_hash = config.hash(data_hash)
        same = sa.select(RUNS).where(RUNS.c.config_hash == config_hash)
        with removed_on_rollback() as records, self.database.write() as connection:
            active = connection.execute(same.where(RUNS.c.status.in_(ACTIVE))).mappings().one_or_none()
            if active is not None:
                return to_run(active)
            last = sa.select(sa.func.max(RUNS.c.attempt)).where(RUNS.c.config_hash == config_hash)
            attempt = (connection.execute(last).scalar() or 0) + 1
            now = datetime.now(UTC)
            added = (
                sa.insert(RUNS)
                .values(
                    run_id=f"{config_hash[:12]}-{attempt}",
                    name=name,
                    user=user.name,
                    config=config.model_dump(mode="json"),
                    config_hash=config_hash,
                    data_hash=data_hash,
                    split_fingerprint=split_fingerprint,
                    attempt=attempt,
                    device=device,
                    status=RunStatus.QUEUED.value,
                    reason="",
                    created_at=now,
                    queued_at=now,
                    priority=priority,
                    tags=list(tags),
                    note=note,
                    test_fingerprint=test_fingerprint,
                    origin=origin,
                )
                .returning(RUNS)
            )
            row = connection.execute(added).mappings().one()
            if self._workspace is not None:
                records.append(self._workspace.run_folder(row["run_id"]) / RUN)
            return self._kept(row)

    def claim(self, run_id: str, worker: ProcessIdentity) -> Run:
        """Claim a queued run for this worker.

        Raises:
            RunError: the run is unknown, was claimed by another worker, or was cancelled.
        """
        now = datetime.now(UTC)
        run = self.change(
            run_id,
            WAITING,
            status=RunStatus.RUNNING.value,
            reason="",
            progress={"phase": "preparing"},
            started_at=now,
            heartbeat_at=now,
            pid=worker.pid,
            process_started=worker.started,
            boot_id=worker.boot,
        )
        return run or self._refuse(run_id, "started", "Only a queued run can be started.")

    def heartbeat(self, run_id: str, worker: ProcessIdentity, progress: RunProgress | None = None) -> Run | None:
        """Record the worker's heartbeat and progress. Returns None when the worker has lost the run and must stop."""
        values = {} if progress is None else {"progress": asdict(progress)}
        return self.change(run_id, _held_by(worker), heartbeat_at=datetime.now(UTC), **values)

    def finish(
        self,
        run_id: str,
        worker: ProcessIdentity,
        status: RunStatus,
        reason: str = "",
        results: RunResults | None = None,
        progress: RunProgress | None = None,
    ) -> Run | None:
        """Record how a run ended, and that its test set was scored. Returns None when the worker has lost the run.

        ``progress`` None leaves that of the last heartbeat, which may be some epochs old.
        """
        values = _ended(status, reason) | {"results": None if results is None else asdict(results)}
        values |= {} if progress is None else {"progress": asdict(progress)}
        with self.database.write() as connection:
            run = self._change(connection, run_id, _held_by(worker), **values)
            if run is not None and status is RunStatus.SUCCEEDED and "test" in run.config.predict.parts:
                record_score(connection, run.test_fingerprint, run_id, self._workspace)
            return run

    def fail_unclaimed(self, run_id: str, pid: int | None, reason: str) -> Run | None:
        """Fail a queued run whose worker (``pid``, if it was started) ended before it claimed the run.

        Returns None when the run is not queued, or when that worker had claimed it and it was queued again since.
        """
        never_claimed = RUNS.c.pid.is_(None) | (RUNS.c.pid != pid)
        return self.change(run_id, WAITING & never_claimed, **_ended(RunStatus.FAILED, reason))

    def request_cancel(self, run_id: str) -> Run:
        """Cancel a queued run at once; ask a running run's worker to stop. A second call changes nothing.

        Raises:
            RunError: the run is unknown or has ended.
        """
        now = sa.literal(datetime.now(UTC), Utc)
        at_once = _ended(RunStatus.CANCELLED, "Cancelled while it was waiting.")
        run = self.change(run_id, WAITING, **at_once) or self.change(
            run_id,
            RUNS.c.status == RunStatus.RUNNING.value,
            cancel_requested_at=sa.func.coalesce(RUNS.c.cancel_requested_at, now),
        )
        return run or self._refuse(run_id, "cancelled", "Only a queued or running run can be cancelled.")

    def requeue(self, run_id: str) -> Run:
        """Queue an ended run again, with the same id and folder; it continues from its checkpoint.

        Raises:
            RunError: the run is unknown, active or has succeeded, or another attempt of it is active.
        """
        twin = RUNS.alias()
        active_twin = sa.exists().where(twin.c.config_hash == RUNS.c.config_hash, twin.c.status.in_(ACTIVE))
        queued = self.change(
            run_id,
            RUNS.c.status.in_(_RESUMABLE) & ~active_twin,
            status=RunStatus.QUEUED.value,
            reason="",
            queued_at=datetime.now(UTC),
            ended_at=None,
            cancel_requested_at=None,
            archived_at=None,
            device=_opened_again(),
        )
        return queued or self._refuse(
            run_id, "resumed", f"Allowed: {', '.join(_RESUMABLE)}, and no other active run of the same configuration."
        )

    def running(self) -> list[ClaimedRun]:
        """Return all running runs with their workers; a run whose row names no worker is left out."""
        query = sa.select(RUNS).where(RUNS.c.status == RunStatus.RUNNING.value)
        with self.database.read() as connection:
            return [
                ClaimedRun(to_run(row), ProcessIdentity(row["pid"], row["process_started"], row["boot_id"]))
                for row in connection.execute(query).mappings()
                if has_worker(row)
            ]

    def _select(self, query: sa.Select[Any]) -> list[Run]:
        with self.database.read() as connection:
            return [to_run(row) for row in connection.execute(query).mappings()]

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

    def _refuse(self, run_id: str, verb: str, allowed: str) -> Run:
        run = self.get(run_id)
        raise RunError(f"{run_id} is {run.status} and cannot be {verb}.", allowed, "See `runs show` for its state.")


def _held_by(worker: ProcessIdentity) -> sa.ColumnElement[bool]:
    return (
        (RUNS.c.status == RunStatus.RUNNING.value)
        & (RUNS.c.pid == worker.pid)
        & (RUNS.c.process_started == worker.started)
        & (RUNS.c.boot_id == worker.boot)
    )


def _opened_again() -> sa.ColumnElement[str]:
    """Return the device of a run that is queued again; an open GPU is not bound to the one it had before."""
    given = (RUNS.c.asked_device == OPEN_DEVICE) & RUNS.c.device.startswith("cuda")
    return sa.case((given, OPEN_DEVICE), else_=RUNS.c.device)


def _ended(status: RunStatus, reason: str) -> dict[str, Any]:
    return {"status": status.value, "reason": reason, "ended_at": datetime.now(UTC)}
