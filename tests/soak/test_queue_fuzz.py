"""Whatever a configuration or a row holds, the queue goes on for everybody else, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random

import pytest
import sqlalchemy as sa
from odd_values import ODD, damage, odd_config

from histo_core.access import LOCAL
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError, RunError, StoreError
from histo_core.experiments.api import get_experiment, list_experiments
from histo_core.experiments.edit import delete_experiment
from histo_core.experiments.records import Member
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.delete import delete
from histo_core.runs.store.overview import data_used, states
from histo_core.runs.store.queue import move, next_queued
from histo_core.runs.store.records import Run, RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS, RUNS
from histo_core.runs.store.search import RunFilter, all_tags, find_runs
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

FEW, MANY = 40, 500
KEPT = 25
"""Damaged rows that lie in the queue at a time."""
RUN_COLUMNS = {
    **dict.fromkeys(("config", "progress", "tags"), "json"),
    **dict.fromkeys(("status", "device", "reason", "name", "note", "model", "data", "weights", "boot_id"), "text"),
    **dict.fromkeys(("attempt", "priority", "pid", "process_started", "devices"), "number"),
    **dict.fromkeys(("created_at", "queued_at", "started_at", "heartbeat_at", "archived_at"), "time"),
}
EXPERIMENT_COLUMNS = {
    **dict.fromkeys(("config", "protocol"), "json"),
    **dict.fromkeys(("name", "note", "origin"), "text"),
    **dict.fromkeys(("created_at", "cancelled_at"), "time"),
}
ME = ProcessIdentity.current()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "postgresql":
        monkeypatch.setenv("HISTOSCOPE_DATABASE_URL", request.getfixturevalue("empty_postgres"))
    return Store.open(workspace)


def test_the_queue_goes_on_after_forty_configurations(store: Store, workspace: Workspace) -> None:
    _try(store, workspace, FEW)


@pytest.mark.soak
def test_the_queue_goes_on_after_five_hundred_configurations(store: Store, workspace: Workspace) -> None:
    _try(store, workspace, MANY)


def _try(store: Store, workspace: Workspace, tried: int) -> None:
    counts, random = Counter[str](), Random(20261129)
    bad: list[str] = []
    for number in range(tried):
        run = _given(store, random, number, counts)
        if random.random() < 0.5:
            run = run or _enqueue(store, RunConfig(seed=number), number)
            counts[f"row {_spoil(store, RUNS, RUNS.c.run_id == run.run_id, damage(random, RUN_COLUMNS))}"] += 1
        if run is not None:
            bad.append(run.run_id)
        _check_goes_on(store, workspace, number, bad)
        if len(bad) >= KEPT:
            _delete_all(store, workspace, bad)
            bad = []
    _delete_all(store, workspace, bad)
    print(f"queue: {tried} configurations, after each the queue went on; {dict(counts)}")
    assert min(counts["accepted"], counts["refused"], counts["row damaged"]) > tried / 6


def test_experiments_go_on_beside_damaged_ones(store: Store, workspace: Workspace) -> None:
    table, random = ExperimentTable(workspace), Random(7)
    good = _experiment(table, 0)
    for number in range(1, 31):
        one = _experiment(table, number)
        if number % 3:
            _spoil(store, EXPERIMENTS, EXPERIMENTS.c.experiment_id == one, damage(random, EXPERIMENT_COLUMNS))
        else:
            mine = EXPERIMENT_RUNS.c.experiment_id == one
            _spoil(store, EXPERIMENT_RUNS, mine, damage(random, dict.fromkeys(("changes", "label", "problem"), "json")))
        found = list_experiments(workspace, archived=True)
        names = [one.experiment_id for one in (*found.readable, *found.unreadable)]
        assert good in names
        assert one in names
        for broken in found.unreadable:
            assert broken.why
            with pytest.raises(RunError, match="cannot be read"):
                get_experiment(broken.experiment_id, workspace)
        if number % 10 == 0:
            for name in set(names) - {good}:
                delete_experiment(name, workspace)
            left = list_experiments(workspace, archived=True)
            assert ([one.experiment_id for one in left.readable], left.unreadable) == ([good], ())


def _given(store: Store, random: Random, number: int, counts: Counter[str]) -> Run | None:
    """A random configuration by the front door: refused in words, or queued."""
    try:
        config = RunConfig.parse(odd_config(random))
    except ConfigError:
        counts["refused"] += 1
        return None
    counts["accepted"] += 1
    texts = [value for value in ODD if isinstance(value, str)]
    return _enqueue(store, config, number, name=random.choice(texts), note=random.choice(texts))


def _enqueue(store: Store, config: RunConfig, number: int, *, name: str = "", note: str = "", priority: int = 5) -> Run:
    return store.enqueue(
        *(config,),
        data_hash=f"{number:064x}",
        split_fingerprint="f" * 64,
        device="cpu",
        name=name,
        note=note,
        tags=("fuzz", f"tag {number % 7}"),
        priority=priority,
    )


def _spoil(store: Store, table: sa.Table, mine: sa.ColumnElement[bool], values: dict[str, object]) -> str:
    """Write values past all checks; "refused" where the database itself keeps them out."""
    columns = ", ".join(f'"{name}" = :{name}' for name in values)
    where = mine.compile(compile_kwargs={"literal_binds": True})
    with suppress(StoreError), store.database.write() as connection:
        connection.execute(sa.text(f"UPDATE {table.name} SET {columns} WHERE {where}"), values)  # noqa: S608
        return "damaged"
    return "refused"


def _check_goes_on(store: Store, workspace: Workspace, number: int, bad: list[str]) -> None:
    """A good run is queued, found, moved, started and ended, and every list is there, with the bad ones in it."""
    good = _enqueue(store, RunConfig(seed=number + MANY), number, name="good", priority=0)
    assert good.run_id in {run.run_id for run in store.queue()}
    assert move(good.run_id, workspace, first=True).run_id == good.run_id
    while (first := next_queued(store, [])) != store.get(good.run_id):
        assert first is not None
        assert first.run_id in bad
        claimed = store.claim(first.run_id, ME)
        store.finish(claimed.run_id, ME, RunStatus.FAILED, "as\0it \ud800may")
    store.claim(good.run_id, ME)
    assert store.heartbeat(good.run_id, ME, RunProgress("training", train_loss=float("nan"))) is not None
    assert good.run_id in {held.run.run_id for held in store.running()}
    assert store.finish(good.run_id, ME, RunStatus.SUCCEEDED) is not None
    known = {run.run_id for run in store.runs(limit=10_000, archived=True)}
    assert known >= {good.run_id, *bad}
    assert find_runs(store, RunFilter(text="good", tag="fuzz"), limit=3).total >= 1
    assert find_runs(store, RunFilter(text="\0\ud800"), limit=3).total >= 0
    assert find_runs(store, RunFilter(archived=True), limit=10_000).total == len(known)
    assert "fuzz" in all_tags(store)
    assert states(store)[RunStatus.SUCCEEDED] >= 1
    assert data_used(store)
    delete(good.run_id, workspace)


def _delete_all(store: Store, workspace: Workspace, bad: list[str]) -> None:
    for run_id in bad:
        if store.get(run_id).status.active:
            store.request_cancel(run_id)
        delete(run_id, workspace)
    assert store.runs(archived=True) == []


def _experiment(table: ExperimentTable, number: int) -> str:
    protocol = ProtocolConfig(kind="repeats", repeats=2)
    members = [Member(place, f"none-{number}-{place}", f"seed {place}", {"seed": place}) for place in range(2)]
    return table.add(RunConfig(seed=number), protocol, members, name=f"E{number}", user=LOCAL).experiment_id
