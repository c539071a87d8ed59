"""Rows from before columns of their own were filled, with numbers that are not finite in them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from histo_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from histo_core.experiments.api import list_experiments
from histo_core.runs.store.database import Database
from histo_core.runs.store.overview import data_used
from histo_core.runs.store.queue import next_queued
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import METADATA, RUNS
from histo_core.runs.store.search import RunFilter, find_runs
from histo_core.storable import as_json
from histo_core.workspace import Workspace

NOW = "2026-11-01 10:00:00.000000"
GOOD = RunConfig(
    data=DataConfig(dataset="phantom", options={"patches": 80}),
    model=ModelConfig(name="resnet18", weights="/home/me/histoscope/runs/abc-1/checkpoint/best.safetensors"),
    train=TrainConfig(devices=3),
).model_dump(mode="json")
BROKEN = as_json(GOOD).replace('"clip_norm": null', '"clip_norm": Infinity').replace("[0.485", "[NaN")
OPTIONAL = as_json(GOOD).replace('"clip_norm": null', '"clip_norm": Infinity')


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database of the version before."""
    workspace.home.mkdir(parents=True)
    url = sa.URL.create("sqlite", database=str(workspace.database))
    if request.param == "postgresql":
        monkeypatch.setenv("HISTOSCOPE_DATABASE_URL", named := request.getfixturevalue("empty_postgres"))
        url = sa.make_url(named)
    database, config = Database(url), Config()
    config.set_main_option("script_location", "histo_core.runs.store:migrations")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    return database


def _add(database: Database, run_id: str, config: str, status: str = "queued") -> None:
    row: dict[str, Any] = {"run_id": run_id, "name": run_id, "user": "me", "config": config, "config_hash": run_id}
    row |= {"data_hash": "d", "split_fingerprint": "f", "attempt": 1, "device": "cpu", "status": status, "reason": ""}
    row |= {"created_at": NOW, "queued_at": NOW, "note": "mine" if run_id == "note-1" else ""}
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    with database.write() as connection:
        connection.execute(sa.text(f"INSERT INTO runs ({names}) VALUES ({values})"), row)  # noqa: S608


def test_rows_get_their_columns(old: Database, workspace: Workspace) -> None:
    _add(old, "good-1", as_json(GOOD))
    store = Store.open(workspace)
    assert store.get("good-1").config == RunConfig.parse(GOOD)
    with store.database.read() as connection:
        row = connection.execute(sa.select(RUNS)).mappings().one()
    found = [row[name] for name in ("model", "dataset", "weights", "asked_device", "devices")]
    assert found == ["resnet18", "phantom", GOOD["model"]["weights"], "auto", 3]
    assert data_used(store) == [(RunConfig.parse(GOOD).data, 1)]
    assert find_runs(store, RunFilter(text="RESNET"), limit=1).total == 1


def test_a_new_row_has_the_columns_that_an_old_one_gets(old: Database, workspace: Workspace) -> None:
    _add(old, "good-1", as_json(GOOD))
    store, config = Store.open(workspace), RunConfig.parse(GOOD)
    store.enqueue(config, data_hash="e", split_fingerprint="f", device="cpu", name="new")
    with store.database.read() as connection:
        names = ("model", "dataset", "weights", "asked_device", "devices", "data")
        first, second = connection.execute(sa.select(*(RUNS.c[name] for name in names))).all()
    assert tuple(first) == tuple(second)


def test_the_tables_are_those_that_the_code_expects_on_postgresql_too(old: Database, workspace: Workspace) -> None:
    with Store.open(workspace).database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("old", ["sqlite"], indirect=True)  # PostgreSQL never kept such JSON
def test_numbers_that_are_not_finite_become_null_with_a_note(old: Database, workspace: Workspace) -> None:
    _add(old, "broken-1", BROKEN)
    _add(old, "note-1", OPTIONAL, status="failed")
    _add(old, "torn-1", '{"data": {"data')
    _add(old, "good-1", as_json(GOOD))
    store = Store.open(workspace)
    broken, note, torn = store.get("broken-1"), store.get("note-1"), store.get("torn-1")
    assert broken.status is RunStatus.UNREADABLE
    assert "preprocess.mean.0 = None: input should be a valid number" in broken.reason
    assert "config.preprocess.mean.0 was nan; config.train.clip_norm was inf" in broken.note
    assert note.status is RunStatus.FAILED
    assert note.config.train.clip_norm is None
    assert note.note.startswith("mine\nNumbers that are not finite were taken out")
    assert torn.status is RunStatus.UNREADABLE
    assert "its configuration is no JSON" in torn.reason
    assert next_queued(store, []) == store.get("good-1")
    with store.database.read() as connection:
        valid = "SELECT count(*) FROM runs WHERE json_valid(config)"
        assert connection.execute(sa.text(valid)).scalar_one() == 3


@pytest.mark.parametrize("old", ["sqlite"], indirect=True)
def test_an_experiment_with_such_numbers_is_named(old: Database, workspace: Workspace) -> None:
    with old.write() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO experiments (experiment_id, name, user, protocol, config, created_at) "
                "VALUES ('e-1', 'E', 'me', '{\"kind\": \"single\"}', :config, :now)"
            ),
            {"config": BROKEN, "now": NOW},
        )
    (one,) = list_experiments(workspace).unreadable
    assert "preprocess.mean.0 = None" in one.why
