"""The experiments' tables. Every change of state is a compare-and-set, as for runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.access import User
from histo_core.config import RunConfig
from histo_core.config_protocol import ProtocolConfig
from histo_core.errors import RunError
from histo_core.experiments.records import Experiment, Member
from histo_core.runs.database import open_database
from histo_core.runs.records import Run, RunStatus
from histo_core.runs.schema import ACTIVE, EXPERIMENT_RUNS, EXPERIMENTS, RUNS, to_run
from histo_core.workspace import Workspace


class ExperimentTable:
    """All experiments of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._database = open_database(workspace)

    def all(self) -> list[Experiment]:
        """All experiments, newest first."""
        query = sa.select(EXPERIMENTS).order_by(EXPERIMENTS.c.created_at.desc(), EXPERIMENTS.c.experiment_id)
        with self._database.read() as connection:
            return [_record(connection, row) for row in connection.execute(query).mappings().all()]

    def get(self, experiment_id: str) -> Experiment:
        """One experiment.

        Raises:
            RunError: there is none with this id.
        """
        query = sa.select(EXPERIMENTS).where(EXPERIMENTS.c.experiment_id == experiment_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if row is not None:
                return _record(connection, row)
        raise RunError(
            f"There is no experiment {experiment_id!r}.",
            "The id of one that was started is expected.",
            "See all with `python -m histo_core experiment list`.",
        )

    def add(
        self, config: RunConfig, protocol: ProtocolConfig, members: Sequence[Member], *, name: str, user: User
    ) -> Experiment:
        """Write an experiment down, or give the one of the same configuration and protocol that has active runs."""
        payload = json.dumps([config.model_dump(mode="json"), protocol.model_dump(mode="json")], sort_keys=True)
        stem = hashlib.sha256(payload.encode()).hexdigest()[:12]
        same = EXPERIMENTS.c.experiment_id.startswith(f"{stem}-", autoescape=True)
        with self._database.write() as connection:
            working = connection.execute(
                sa.select(EXPERIMENTS).where(same, EXPERIMENTS.c.cancelled_at.is_(None), _has_active_runs())
            )
            if (row := working.mappings().first()) is not None:
                return _record(connection, row)
            attempt = connection.execute(sa.select(sa.func.count()).select_from(EXPERIMENTS).where(same)).scalar_one()
            experiment_id = f"{stem}-{attempt + 1}"
            connection.execute(
                sa.insert(EXPERIMENTS).values(
                    experiment_id=experiment_id,
                    name=name,
                    user=user.name,
                    protocol=protocol.model_dump(mode="json"),
                    config=config.model_dump(mode="json"),
                    created_at=datetime.now(UTC),
                )
            )
            for member in members:
                connection.execute(_new_member(experiment_id, member))
        return self.get(experiment_id)

    def add_member(self, experiment_id: str, member: Member) -> None:
        """Write another member down; one at the same position stays as it is."""
        taken = sa.select(EXPERIMENT_RUNS.c.run_id).where(
            EXPERIMENT_RUNS.c.experiment_id == experiment_id, EXPERIMENT_RUNS.c.position == member.position
        )
        with self._database.write() as connection:
            if connection.execute(taken).first() is None:
                connection.execute(_new_member(experiment_id, member))

    def runs(self, experiment: Experiment) -> dict[str, Run]:
        """The runs of an experiment's members, by id."""
        query = sa.select(RUNS).where(RUNS.c.run_id.in_([member.run_id for member in experiment.members]))
        with self._database.read() as connection:
            return {row["run_id"]: to_run(row) for row in connection.execute(query).mappings()}

    def finished_before(self, config_hash: str) -> Run | None:
        """A run of the same configuration and data that succeeded."""
        query = (
            sa.select(RUNS)
            .where(RUNS.c.config_hash == config_hash, RUNS.c.status == RunStatus.SUCCEEDED.value)
            .order_by(RUNS.c.attempt)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else to_run(row)

    def shared(self, experiment_id: str) -> frozenset[str]:
        """Runs that are also in another experiment, one that was not cancelled."""
        mine, other = EXPERIMENT_RUNS.alias(), EXPERIMENT_RUNS.alias()
        query = (
            sa.select(mine.c.run_id)
            .join(other, (other.c.run_id == mine.c.run_id) & (other.c.experiment_id != mine.c.experiment_id))
            .join(EXPERIMENTS, EXPERIMENTS.c.experiment_id == other.c.experiment_id)
            .where(mine.c.experiment_id == experiment_id, EXPERIMENTS.c.cancelled_at.is_(None))
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def cancel(self, experiment_id: str) -> None:
        """Say that no more runs shall be started; the first time counts."""
        self._set(experiment_id, EXPERIMENTS.c.cancelled_at.is_(None), cancelled_at=datetime.now(UTC))

    def reopen(self, experiment_id: str) -> None:
        """Take a cancellation back, unless the test part was scored."""
        self._set(experiment_id, EXPERIMENTS.c.test_touched_at.is_(None), cancelled_at=None)

    def touch_test(self, experiment_id: str, run_id: str) -> str:
        """Settle, once and for all, which member's test part is scored. Returns the one that was settled first."""
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
    )


def _record(connection: sa.Connection, row: Mapping[Any, Any]) -> Experiment:
    query = (
        sa.select(EXPERIMENT_RUNS)
        .where(EXPERIMENT_RUNS.c.experiment_id == row["experiment_id"])
        .order_by(EXPERIMENT_RUNS.c.position)
    )
    members = connection.execute(query).mappings().all()
    return Experiment(
        experiment_id=row["experiment_id"],
        name=row["name"],
        config=RunConfig.parse(row["config"]),
        protocol=ProtocolConfig.model_validate(row["protocol"]),
        created_at=row["created_at"],
        cancelled_at=row["cancelled_at"],
        final_run_id=row["final_run_id"],
        test_touched_at=row["test_touched_at"],
        members=tuple(Member(one["position"], one["run_id"], one["label"], one["changes"]) for one in members),
    )
