"""Convert database rows to experiments; a damaged row does not affect the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from histo_core.config import RunConfig, parse_config
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError
from histo_core.experiments.records import Experiment, Member, UnreadableExperiment
from histo_core.runs.store.columns import DAMAGED
from histo_core.runs.store.schema import EXPERIMENT_RUNS
from histo_core.workspace import is_plain_id


def to_experiment(connection: sa.Connection, row: Mapping[Any, Any]) -> Experiment | UnreadableExperiment:
    """Convert a row of `EXPERIMENTS` with its members; a damaged row, or one of another version, says what is wrong."""
    try:
        return _experiment(row, _members(connection, row["experiment_id"]))
    except (ConfigError, ValueError, RecursionError) as error:
        return UnreadableExperiment(row["experiment_id"], row["name"] or "", str(error))


def _members(connection: sa.Connection, experiment_id: str) -> tuple[Member, ...]:
    query = (
        sa.select(EXPERIMENT_RUNS)
        .where(EXPERIMENT_RUNS.c.experiment_id == experiment_id)
        .order_by(EXPERIMENT_RUNS.c.position)
    )
    return tuple(_member(row) for row in connection.execute(query).mappings())


def _member(row: Mapping[Any, Any]) -> Member:
    if not isinstance(row["changes"], dict):
        raise ValueError(f"what sets its run {row['position']} apart cannot be read.")  # noqa: TRY004 (no user's type)
    return Member(row["position"], row["run_id"], row["label"], row["changes"], row["reused"], row["problem"])


def _experiment(row: Mapping[Any, Any], members: tuple[Member, ...]) -> Experiment:
    if not is_plain_id(row["experiment_id"]):
        raise ValueError("its id holds other signs than letters, digits and hyphens.")
    for name in ("config", "protocol"):
        if row[name] is DAMAGED:
            raise ValueError(f"its {name} is no JSON.")
    if not isinstance(row["created_at"], datetime):
        raise ValueError("it does not say when it was started.")  # noqa: TRY004
    return Experiment(
        experiment_id=row["experiment_id"],
        name=row["name"],
        config=RunConfig.parse_saved(row["config"]),
        protocol=parse_config(ProtocolConfig, row["protocol"]),
        created_at=row["created_at"],
        cancelled_at=row["cancelled_at"],
        final_run_id=row["final_run_id"],
        test_touched_at=row["test_touched_at"],
        members=members,
        archived_at=row["archived_at"],
        origin=row["origin"],
    )
