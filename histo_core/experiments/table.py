"""Read and change the experiments in the database. Every change of state is a compare-and-set, as for runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.access import User
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import RunError
from histo_core.experiments.record_file import experiment_file, write_experiment
from histo_core.experiments.records import Experiment, Experiments, Member, UnreadableExperiment
from histo_core.experiments.rows import to_experiment
from histo_core.program import PROGRAM
from histo_core.runs.store.database import open_database
from histo_core.runs.store.record_file import removed_on_rollback
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.schema import ACTIVE, EXPERIMENT_RUNS, EXPERIMENTS, RUNS, TEST_SCORES, to_run
from histo_core.workspace import Workspace, is_plain_id


class ExperimentTable:
    """The database table of a workspace's experiments."""

    def __init__(self, workspace: Workspace) -> None:
        self._database, self._workspace = open_database(workspace), workspace

    def all(self, *, archived: bool = False) -> Experiments:
        """Return all experiments, newest first; archived ones only with ``archived``."""
        query = sa.select(EXPERIMENTS).order_by(EXPERIMENTS.c.created_at.desc(), EXPERIMENTS.c.experiment_id)
        if not archived:
            query = query.where(EXPERIMENTS.c.archived_at.is_(None))
        with self._database.read() as connection:
            found = [to_experiment(connection, row) for row in connection.execute(query).mappings().all()]
        return Experiments(
            tuple(one for one in found if isinstance(one, Experiment)),
            tuple(one for one in found if isinstance(one, UnreadableExperiment)),
        )

    def get(self, experiment_id: str) -> Experiment:
        """Return one experiment.

        Raises:
            RunError: there is none with this id, or its row cannot be read.
        """
        query = sa.select(EXPERIMENTS).where(EXPERIMENTS.c.experiment_id == experiment_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            found = None if row is None else to_experiment(connection, row)
        if found is None:
            raise _unknown(experiment_id)
        if isinstance(found, UnreadableExperiment):
            raise RunError(
                f"Experiment {experiment_id} cannot be read: {found.why}",
                "A row that this version of Histoscope wrote, undamaged, is expected.",
                f"Delete it with `{PROGRAM} experiments delete {experiment_id}`; its runs stay.",
            )
        return found

    def check_known(self, experiment_id: str) -> None:
        """Refuse an id without an experiment; an unreadable experiment counts as known.

        Raises:
            RunError: there is none with this id.
        """
        known = sa.select(sa.exists().where(EXPERIMENTS.c.experiment_id == experiment_id))
        with self._database.read() as connection:
            if not connection.execute(known).scalar():
                raise _unknown(experiment_id)

    def at_work(self, config: RunConfig, protocol: ProtocolConfig) -> Experiment | None:
        """Return the experiment of this configuration and protocol that has active runs or trials to start, or None."""
        with self._database.read() as connection:
            return _at_work(connection, config, protocol)

    def add(
        self,
        config: RunConfig,
        protocol: ProtocolConfig,
        members: Sequence[Member],
        *,
        name: str,
        user: User,
        origin: str = "",
    ) -> Experiment:
        """Insert an experiment, or return the equal one that is already `at_work`."""
        stem = _stem(config, protocol)
        with removed_on_rollback() as records, self._database.write() as connection:
            if (working := _at_work(connection, config, protocol)) is not None:
                return working
            known = sa.select(EXPERIMENTS.c.experiment_id).union(sa.select(TEST_SCORES.c.scored_for))
            attempts = [one.rpartition("-") for one in connection.execute(known).scalars()]
            # No id is reused: test scores under the id of a deleted experiment still count.
            attempt = max((int(number) for before, _, number in attempts if before == stem), default=0)
            experiment_id = f"{stem}-{attempt + 1}"
            connection.execute(
                sa.insert(EXPERIMENTS).values(
                    experiment_id=experiment_id,
                    name=name,
                    user=user.name,
                    protocol=protocol.model_dump(mode="json"),
                    config=config.model_dump(mode="json"),
                    created_at=datetime.now(UTC),
                    origin=origin,
                )
            )
            for member in members:
                connection.execute(_new_member(experiment_id, member))
            records.append(experiment_file(experiment_id, self._workspace))
            write_experiment(connection, experiment_id, self._workspace)
        return self.get(experiment_id)

    def add_member(self, experiment_id: str, member: Member) -> bool:
        """Insert another member; one that already has the position stays as it is.

        Returns:
            False where the experiment was cancelled or deleted meanwhile, and nothing was written.
        """
        taken = sa.select(EXPERIMENT_RUNS.c.run_id).where(
            EXPERIMENT_RUNS.c.experiment_id == experiment_id, EXPERIMENT_RUNS.c.position == member.position
        )
        goes_on = sa.select(EXPERIMENTS.c.experiment_id).where(
            EXPERIMENTS.c.experiment_id == experiment_id, EXPERIMENTS.c.cancelled_at.is_(None)
        )
        with self._database.write() as connection:
            if connection.execute(goes_on).first() is None:
                return False
            if connection.execute(taken).first() is None:
                connection.execute(_new_member(experiment_id, member))
                write_experiment(connection, experiment_id, self._workspace)
            return True

    def runs(self, experiment: Experiment) -> dict[str, Run]:
        """Return the runs of an experiment's members, by id."""
        query = sa.select(RUNS).where(RUNS.c.run_id.in_([member.run_id for member in experiment.members]))
        with self._database.read() as connection:
            return {row["run_id"]: to_run(row) for row in connection.execute(query).mappings()}

    def finished_before(self, config_hash: str) -> Run | None:
        """Return a succeeded run of the same configuration and data, or None."""
        query = (
            sa.select(RUNS)
            .where(RUNS.c.config_hash == config_hash, RUNS.c.status == RunStatus.SUCCEEDED.value)
            .order_by(RUNS.c.attempt)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else to_run(row)

    def needed(self, members: Sequence[Member]) -> frozenset[str]:
        """Return the ids of members' runs that an experiment must not cancel.

        They belong to an experiment that was not cancelled, or a user queued them, not an experiment.
        """
        asked = EXPERIMENT_RUNS.c.run_id.in_([member.run_id for member in members])
        launched = sa.select(EXPERIMENT_RUNS.c.run_id).where(asked, ~EXPERIMENT_RUNS.c.reused)
        counted = (
            sa.select(EXPERIMENT_RUNS.c.run_id)
            .join(EXPERIMENTS, EXPERIMENTS.c.experiment_id == EXPERIMENT_RUNS.c.experiment_id)
            .where(asked, EXPERIMENTS.c.cancelled_at.is_(None))
        )
        with self._database.read() as connection:
            ours = {*connection.execute(launched).scalars(), *(one.run_id for one in members if not one.reused)}
            others = frozenset(connection.execute(counted).scalars())
        return others | {member.run_id for member in members if member.run_id not in ours}

    def cancel(self, experiment_id: str) -> None:
        """Mark an experiment as cancelled, so that it starts no more runs; the first time is kept."""
        self._set(experiment_id, EXPERIMENTS.c.cancelled_at.is_(None), cancelled_at=datetime.now(UTC))

    def reopen(self, experiment_id: str) -> None:
        """Undo a cancellation, unless the test set was scored."""
        self._set(experiment_id, EXPERIMENTS.c.test_touched_at.is_(None), cancelled_at=None)

    def rename(self, experiment_id: str, name: str) -> None:
        """Rename an experiment."""
        self._set(experiment_id, sa.true(), name=name)

    def archive(self, experiment_id: str, *, on: bool) -> None:
        """Archive or restore an experiment."""
        self._set(experiment_id, sa.true(), archived_at=datetime.now(UTC) if on else None)

    def delete(self, experiment_id: str) -> bool:
        """Delete an experiment but not its runs; return False, and change nothing, where one of them is active."""
        mine = EXPERIMENTS.c.experiment_id == experiment_id
        with self._database.write() as connection:
            if connection.execute(sa.select(EXPERIMENTS.c.experiment_id).where(mine, _has_active_runs())).first():
                return False
            connection.execute(sa.delete(EXPERIMENT_RUNS).where(EXPERIMENT_RUNS.c.experiment_id == experiment_id))
            connection.execute(sa.delete(EXPERIMENTS).where(mine))
            # Without this file, a remaining folder is not taken for an experiment whose row was lost.
            if is_plain_id(experiment_id):
                experiment_file(experiment_id, self._workspace).unlink(missing_ok=True)
        return True

    def touch_test(self, experiment_id: str, run_id: str) -> str:
        """Fix, once and for all, the member whose test set is scored; return the member that was fixed first."""
        self._set(
            experiment_id,
            EXPERIMENTS.c.test_touched_at.is_(None),
            test_touched_at=datetime.now(UTC),
            final_run_id=run_id,
        )
        return self.get(experiment_id).final_run_id or run_id

    def _set(self, experiment_id: str, condition: sa.ColumnElement[bool], **values: Any) -> None:
        change = sa.update(EXPERIMENTS).where(EXPERIMENTS.c.experiment_id == experiment_id, condition).values(**values)
        with self._database.write() as connection:
            connection.execute(change)
            write_experiment(connection, experiment_id, self._workspace)


def _stem(config: RunConfig, protocol: ProtocolConfig) -> str:
    values = [config.model_dump(mode="json"), protocol.model_dump(mode="json")]
    payload = json.dumps(values, sort_keys=True, allow_nan=False)
    return hashlib.sha256(payload.encode()).hexdigest()[:12]


def _at_work(connection: sa.Connection, config: RunConfig, protocol: ProtocolConfig) -> Experiment | None:
    working = _has_active_runs()
    if protocol.sampler == "tpe":  # between two trials no run is active
        started = sa.select(sa.func.count()).select_from(EXPERIMENT_RUNS)
        started = started.where(EXPERIMENT_RUNS.c.experiment_id == EXPERIMENTS.c.experiment_id)
        working |= started.scalar_subquery() < protocol.size
    same = EXPERIMENTS.c.experiment_id.startswith(f"{_stem(config, protocol)}-", autoescape=True)
    query = sa.select(EXPERIMENTS).where(same, EXPERIMENTS.c.cancelled_at.is_(None), working)
    row = connection.execute(query).mappings().first()
    found = None if row is None else to_experiment(connection, row)
    return found if isinstance(found, Experiment) else None


def _has_active_runs() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        EXPERIMENT_RUNS.c.experiment_id == EXPERIMENTS.c.experiment_id,
        EXPERIMENT_RUNS.c.run_id == RUNS.c.run_id,
        RUNS.c.status.in_(ACTIVE),
    )


def _new_member(experiment_id: str, member: Member) -> sa.Insert:
    return sa.insert(EXPERIMENT_RUNS).values(
        experiment_id=experiment_id,
        position=member.position,
        run_id=member.run_id,
        label=member.label,
        changes=dict(member.changes),
        reused=member.reused,
        problem=member.problem,
    )


def _unknown(experiment_id: str) -> RunError:
    return RunError(
        f"There is no experiment {experiment_id!r}.",
        "The id of one that was started is expected.",
        f"See all with `{PROGRAM} experiments list`.",
    )
