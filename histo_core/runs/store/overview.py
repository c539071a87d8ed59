"""Count a workspace's runs in the database: by state, and by the data set that they were trained on."""

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
    """Count the runs in each state, without archived ones; states without runs are left out."""
    query = sa.select(RUNS.c.status, sa.func.count()).where(_SHOWN).group_by(RUNS.c.status)
    with store.database.read() as connection:
        return {RunStatus(status): number for status, number in connection.execute(query) if status in _KNOWN}


def data_used(store: Store) -> list[tuple[DataConfig, int]]:
    """Return the data sets that runs use, each with its number of runs, most runs first."""
    text, number = RUNS.c.data, sa.func.count()
    query = sa.select(text, number).where(_SHOWN).group_by(text).order_by(number.desc(), text)
    found = []
    with store.database.read() as connection:
        for data, many in connection.execute(query):
            with suppress(ValueError, TypeError):  # written by another version
                found.append((DataConfig.model_validate_json(data), many))
    return found
