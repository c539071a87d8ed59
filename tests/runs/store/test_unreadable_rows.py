"""One row that cannot be read is named and can be deleted; every statement goes on for the others."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from histo_core.config import RunConfig
from histo_core.errors import ConfigError, RunError
from histo_core.files import append_line, read_json, write_json
from histo_core.jobs.state import Job, JobFolder
from histo_core.maintenance.check import check_workspace
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.store.delete import delete
from histo_core.runs.store.edit import set_note
from histo_core.runs.store.overview import data_used, states
from histo_core.runs.store.queue import next_queued
from histo_core.runs.store.records import RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, all_tags, find_runs
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.supervisor import Supervisor
from histo_core.storable import as_json, storable_text, why_not
from histo_core.training.events import EpochDone, to_json
from histo_core.workspace import Workspace

EPOCH = EpochDone(0, 0.7, 0.6, 0.8, 0.85, 1.5, best=True)
ME = ProcessIdentity.current()


def damage(store: Store, run_id: str, column: str, value: Any) -> None:
    with store.database.write() as connection:
        change = sa.text(f'UPDATE runs SET "{column}" = :value WHERE run_id = :run_id')  # noqa: S608
        connection.execute(change, {"value": value, "run_id": run_id})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("config", '{"train": {"devices": NaN}, "data": {"dataset": "phantom"}}'),
        ("config", '{"data": {"data'),
        ("config", "12"),
        ("config", '"\\ud800"'),
        ("config", "[" * 100_000),
        ("device", "cuda:many"),
        ("device", b"\xff"),
        ("attempt", "first"),
        ("priority", "high"),
        ("created_at", "yesterday"),
        ("status", "running"),
    ],
)
def test_a_damaged_row_stops_nobody_is_named_and_can_be_deleted(
    column: str, value: Any, store: Store, workspace: Workspace, enqueue
) -> None:
    bad, good = enqueue("bad"), enqueue("good")
    damage(store, bad.run_id, column, value)
    found = store.get(bad.run_id)
    assert found.status is RunStatus.UNREADABLE
    assert "cannot be read" in found.reason
    assert next_queued(store, []) == store.get(good.run_id)
    assert {run.run_id for run in find_runs(store, RunFilter(), limit=9).runs} == {bad.run_id, good.run_id}
    assert find_runs(store, RunFilter(text="phantom"), limit=9).total == 2
    assert states(store)
    assert sum(number for _, number in data_used(store)) == 2
    assert store.running() == []
    delete(bad.run_id, workspace)
    assert [run.run_id for run in store.runs()] == [good.run_id]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tags", "[NaN"),
        ("tags", '{"a": 1}'),
        ("progress", '{"phase": "training", "epoch": "x"}'),
        ("note", b"\xff\xfe"),
    ],
)
def test_what_a_run_does_without_costs_nothing_where_it_is_damaged(
    column: str, value: Any, store: Store, enqueue
) -> None:
    bad, good = enqueue("bad"), enqueue("good")
    damage(store, bad.run_id, column, value)
    assert store.get(bad.run_id).status is RunStatus.QUEUED
    assert all_tags(store) == []
    assert [run.run_id for run in store.queue()] == [bad.run_id, good.run_id]
    assert next_queued(store, []) == store.get(bad.run_id)


@pytest.mark.parametrize("devices", [0, 2**40, "many", b"\xff"])
def test_a_number_of_devices_that_no_run_asks_for_holds_up_nobody(devices: Any, store: Store, enqueue) -> None:
    bad, good = enqueue("bad", device="cuda:0"), enqueue("good")
    damage(store, bad.run_id, "devices", devices)
    assert next_queued(store, []) == store.get(good.run_id)
    assert store.get(bad.run_id).status is RunStatus.FAILED


def test_a_row_of_elsewhere_whose_id_names_no_folder_stops_nobody(store: Store, workspace: Workspace, enqueue) -> None:
    bad, good = enqueue("bad"), enqueue("good")
    odd = "../../elsewhere"
    damage(store, bad.run_id, "run_id", odd)
    assert store.get(odd).status is RunStatus.UNREADABLE
    started = next_queued(store, ())
    assert started is not None
    assert started.run_id == good.run_id
    assert check_workspace(workspace).findings
    delete(odd, workspace)
    assert [run.run_id for run in store.runs()] == [good.run_id]


def test_a_supervisor_starts_the_next_run_beside_a_damaged_one(supervisor: Supervisor, store: Store, enqueue) -> None:
    waiting, running, good = enqueue("waiting"), enqueue("running"), enqueue("good")
    damage(store, waiting.run_id, "config", "{NaN")
    damage(store, running.run_id, "status", "running")
    supervisor.poll()
    assert [child.run_id for child in supervisor._children.values()] == [good.run_id]
    assert store.get(waiting.run_id).status is RunStatus.UNREADABLE


def test_a_run_that_cannot_be_read_and_is_worked_on_is_asked_to_stop_first(
    store: Store, workspace: Workspace, enqueue
) -> None:
    run = enqueue()
    store.claim(run.run_id, ME)
    damage(store, run.run_id, "config", "{NaN")
    with pytest.raises(RunError, match=f"worked on by process {ME.pid}, which was asked to stop"):
        delete(run.run_id, workspace)
    assert store.get(run.run_id).cancel_requested
    gone = replace(ME, started=0.0)
    damage(store, run.run_id, "process_started", gone.started)
    damage(store, run.run_id, "heartbeat_at", "2020-01-01 00:00:00.000000")
    delete(run.run_id, workspace)
    assert store.runs() == []


def test_text_that_no_database_keeps_is_replaced(store: Store, workspace: Workspace, enqueue) -> None:
    run = enqueue("nul\0 half \ud800")
    assert store.get(run.run_id).name == "nul� half �"
    assert set_note(run.run_id, "\udcff", workspace).note == "�"
    store.claim(run.run_id, ME)
    ended = store.finish(run.run_id, ME, RunStatus.FAILED, "b/\udcff.png cannot be read")
    assert ended is not None
    assert ended.reason == "b/�.png cannot be read"
    with pytest.raises(RunError, match="There is no run"):
        store.get("\ud800\0")


def test_progress_that_is_not_finite_is_kept_as_none(store: Store, enqueue) -> None:
    run = enqueue()
    store.claim(run.run_id, ME)
    store.heartbeat(run.run_id, ME, RunProgress("training", train_loss=math.inf, epoch=2))
    found = store.get(run.run_id).progress
    assert found == RunProgress("training", epoch=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preprocess": {"std": [math.inf, 1, 1]}}, "preprocess.std.0 = inf: a finite number is expected"),
        ({"preprocess": {"mean": ["nan", 0, 0]}}, "preprocess.mean.0 = 'nan': input should be a finite number"),
        ({"data": {"options": {"x": math.nan}}}, "data.options.x = nan: a finite number is expected"),
        ({"model": {"options": {"dropout": (0.1, -math.inf)}}}, "model.options.dropout.1 = -inf: a finite number"),
        ({"train": {"learning_rate": math.nan}}, "train.learning_rate = nan: a finite number"),
        ({"data": {"root": "/a\0b"}}, "data.root = '/a\\x00b': text without NUL, in UTF-8, is expected"),
        ({"data": {"options": {"\ud800": 1}}}, "text without NUL, in UTF-8, is expected"),
        ({"model": {"options": {"x": 10**400}}}, "model.options.x: a whole number of at most 64 bits"),
        ({"split": {"seed": 2**32}}, "split.seed = 4294967296: input should be less than 4294967296"),
        ({"train": {"device": "cuda:" + "9" * 5000}}, "must be auto, cpu, mps or cuda:<number>"),
    ],
)
def test_a_configuration_that_no_database_keeps_is_refused_in_words(values: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.parse(values)
    assert message in str(caught.value)


def test_json_has_null_for_what_is_not_finite(tmp_path) -> None:
    write_json(tmp_path / "a.json", {"x": [math.nan, 1.5, (math.inf,)], "y": {"z": -math.inf}})
    assert read_json(tmp_path / "a.json") == {"x": [None, 1.5, [None]], "y": {"z": None}}
    assert "NaN" not in as_json([math.nan])
    assert why_not({"a": [1, 2.5, "x", None, True]}) == ""
    assert storable_text("漢字 🔬") == "漢字 🔬"


def test_a_line_of_events_with_values_of_wrong_types_is_left_out(tmp_path) -> None:
    file = tmp_path / "events.jsonl"
    append_line(file, to_json(EPOCH))
    append_line(file, to_json(EPOCH).replace('"epoch": 0', '"epoch": "many"'))
    append_line(file, to_json(EPOCH).replace('"valid_loss": 0.6', '"valid_loss": NaN'))
    append_line(file, "[" * 100_000)
    append_line(file, to_json(replace(EPOCH, epoch=1, valid_auroc=math.nan)))
    assert read_events(tmp_path) == [EPOCH, replace(EPOCH, epoch=1, valid_auroc=None)]


def test_a_job_that_fails_over_a_name_that_is_not_utf8_says_so(workspace: Workspace) -> None:
    folder = JobFolder("check-0123456789abcdef", workspace)
    job = Job(job_id=folder.path.name, kind="check", title="C", params={}, state="failed", asked_at=datetime.now(UTC))
    folder.write(job.model_copy(update={"error": "b/\udcff.png cannot be read"}))
    assert folder.poll() == job.model_copy(update={"error": "b/�.png cannot be read"})
    (folder.path / "job.json").write_bytes(b'{"job_id": NaN')
    assert folder.poll() is None
