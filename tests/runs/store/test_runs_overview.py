"""What a workspace holds, counted."""

from __future__ import annotations

import sqlalchemy as sa

from histo_core.config import DataConfig, RunConfig
from histo_core.runs.store.overview import data_used, states
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS
from histo_core.workspace import Workspace

SMALL, LARGE = (DataConfig(dataset="phantom", options={"patches": patches}) for patches in (40, 80))


def queue(store: Store, data: DataConfig, seed: int) -> str:
    config = RunConfig(data=data, seed=seed)
    return store.enqueue(config, data_hash="d", split_fingerprint="s", device="cpu", name="").run_id


def test_runs_are_counted_by_state_and_by_data_whatever_their_number(workspace: Workspace) -> None:
    store = Store.open(workspace)
    assert (states(store), data_used(store)) == ({}, [])
    ids = [queue(store, LARGE, seed) for seed in range(5)] + [queue(store, SMALL, seed) for seed in range(3)]
    store.request_cancel(ids[0])
    store.request_cancel(ids[1])
    assert states(store) == {RunStatus.QUEUED: 6, RunStatus.CANCELLED: 2}
    assert data_used(store) == [(LARGE, 5), (SMALL, 3)]


def test_what_was_put_away_or_another_version_wrote_is_left_out(workspace: Workspace) -> None:
    store = Store.open(workspace)
    away, strange, other = (queue(store, SMALL, seed) for seed in range(3))
    with store.database.write() as connection:
        connection.execute(sa.update(RUNS).where(RUNS.c.run_id == away).values(archived_at=sa.func.now()))
        connection.execute(sa.update(RUNS).where(RUNS.c.run_id == strange).values(data='{"new": 1}'))
        connection.execute(sa.update(RUNS).where(RUNS.c.run_id == other).values(status="dreaming"))
    assert states(store) == {RunStatus.QUEUED: 1}
    assert data_used(store) == [(SMALL, 1)]
