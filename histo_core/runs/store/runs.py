"""Change a run's state: queued, claimed, alive, ended, cancelled, queued again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.access import LOCAL, User
from histo_core.config import RunConfig
from histo_core.errors import RunError
from histo_core.runs.store.columns import Utc
from histo_core.runs.store.record_file import RUN, removed_on_rollback
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunProgress, RunResults, RunStatus
from histo_core.runs.store.run_rows import RunRows
from histo_core.runs.store.schema import ACTIVE, RUNS, WAITING, to_run
from histo_core.runs.store.test_set_access import record_score
from histo_core.runs.worker.process_identity import ProcessIdentity

_RESUMABLE = tuple(status.value for status in RunStatus if status.resumable)


class Store(RunRows):
    """All runs of one workspace (or of one database server), and the changes of state that they may make."""

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
