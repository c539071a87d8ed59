"""What is in a workspace, counted by the database: models by state, and the data that they were trained on."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa

from histo_core.config import DataConfig
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS

_SHOWN = RUNS.c.archived_at.is_(None)
_KNOWN = frozenset(RunStatus)


def states(store: Store) -> dict[RunStatus, int]:
    """How many runs are in each state that any is in, without those that were archived."""
    query = sa.select(RUNS.c.status, sa.func.count()).where(_SHOWN).group_by(RUNS.c.status)
    with store.database.read() as connection:
        return {RunStatus(status): number for status, number in connection.execute(query) if status in _KNOWN}


def data_used(store: Store) -> list[tuple[DataConfig, int]]:
    """The data sets that runs are on, each with how many, those with most runs first."""
    text, number = RUNS.c.data, sa.func.count()
    query = sa.select(text, number).where(_SHOWN).group_by(text).order_by(number.desc(), text)
    found = []
    with store.database.read() as connection:
        for data, many in connection.execute(query):
            with suppress(ValueError, TypeError):  # what another version wrote
                found.append((DataConfig.model_validate_json(data), many))
    return found
