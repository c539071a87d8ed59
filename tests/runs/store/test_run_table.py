"""Lists of runs with results: what each row says, groups of folds, and how little work two thousand runs are."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from histo_core.config import DataConfig, ModelConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.config.differences import differences
from histo_core.runs.store.records import Estimate, RunProgress, RunResults, RunStatus, SetResults
from histo_core.runs.store.run_table import Band, RunRow, RunTable, grouped, run_frame, run_table
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS, RUNS
from histo_core.runs.store.search import RunFilter
from histo_core.workspace import Workspace

NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)


def _results(auroc: float) -> RunResults:
    one = SetResults(60, 12, Estimate(auroc, 0.75, 0.95), Estimate(0.8, 0.7, 0.9), Estimate(0.4))
    return RunResults(one, SetResults(60, 12, None, Estimate(0.75), Estimate(0.5)))


def _values(number: int, config: RunConfig, **changes: Any) -> dict[str, Any]:
    values = {
        "run_id": f"r{number:05}-1", "name": f"Net fold {number}", "user": "me",
        "config": config.model_dump(mode="json"), "archived_at": None,
        "config_hash": f"h{number}", "data_hash": "d", "split_fingerprint": "f", "attempt": 1, "device": "cpu",
        "status": "succeeded", "reason": "", "progress": asdict(RunProgress("predicting", losses=(0.9, 0.5))),
        "results": asdict(_results(0.9)), "created_at": NOW - timedelta(seconds=number), "queued_at": NOW,
        "started_at": NOW, "ended_at": NOW + timedelta(seconds=90), "priority": 0, "tags": ["paper"], "note": "why",
    }  # fmt: skip
    return values | changes


def _config(fold: int = 0, seed: int = 0, epochs: int = 3, split_seed: int = 0) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="phantom", options={"patches": 80}),
        split=SplitConfig(folds=5, fold=fold, seed=split_seed),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=epochs),
        seed=seed,
    )


def _table(workspace: Workspace, rows: list[dict[str, Any]]) -> RunTable:
    store = Store.open(workspace)
    with store.database.write() as connection:
        connection.execute(sa.insert(RUNS), rows)
    return run_table(store, RunFilter())


def test_a_row_says_what_a_researcher_asks_for(workspace: Workspace) -> None:
    table = _table(workspace, [_values(1, _config(fold=2, seed=7))])
    (row,) = table.rows
    assert table.total == 1
    assert (row.run_id, row.name, row.state, row.data, row.network) == (
        *("r00001-1", "Net fold 1", RunStatus.SUCCEEDED, "phantom", "cnn_narrow"),
    )
    assert (row.seed, row.fold, row.seconds, row.tags, row.note) == (7, 2, 90.0, ("paper",), "why")
    assert row.valid_auroc == Estimate(0.9, 0.75, 0.95)
    assert (row.test_auroc, row.test_accuracy, row.test_loss) == (None, Estimate(0.75), Estimate(0.5))
    assert row.losses == (0.9, 0.5)
    record = run_frame(table.rows).iloc[0]
    assert record["valid_auroc_low"] == 0.75
    assert record["state"] == "succeeded"


def test_a_run_of_an_older_version_has_its_best_epoch_without_interval(workspace: Workspace) -> None:
    progress = asdict(RunProgress("training", best_valid_loss=0.3, best_valid_accuracy=0.8, best_valid_auroc=0.87))
    del progress["losses"], progress["losses_every"]
    (row,) = _table(workspace, [_values(1, _config(), results=None, progress=progress)]).rows
    assert row.valid_auroc == Estimate(0.87)
    assert (row.valid_loss, row.test_auroc, row.losses) == (Estimate(0.3), None, ())


def test_damaged_values_hide_no_row(workspace: Workspace) -> None:
    store = Store.open(workspace)
    with store.database.write() as connection:
        connection.execute(sa.insert(RUNS), [_values(number, _config()) for number in range(4)])
        for number, change in enumerate(("results = '{'", "config = '['", "status = 'odd'", "progress = '7'")):
            connection.execute(sa.text(f"UPDATE runs SET {change} WHERE run_id = 'r0000{number}-1'"))  # noqa: S608
    rows = {row.run_id: row for row in run_table(store, RunFilter()).rows}
    assert len(rows) == 4
    assert rows["r00000-1"].test_loss is None
    assert [rows[f"r0000{number}-1"].state for number in (1, 2)] == [RunStatus.UNREADABLE] * 2
    assert rows["r00003-1"].losses == ()


def test_filters_and_experiments(workspace: Workspace) -> None:
    away = _values(2, _config(), archived_at=NOW)
    failed = _values(3, _config(), status="failed", reason="It is full.", results=None, progress=None)
    store = Store.open(workspace)
    with store.database.write() as connection:
        connection.execute(
            sa.insert(EXPERIMENTS),
            {
                "experiment_id": "e1",
                "name": "Five folds",
                "user": "me",
                "protocol": {},
                "config": {},
                "created_at": NOW,
            },
        )
        member = {"experiment_id": "e1", "position": 0, "run_id": "r00001-1", "label": "fold 1", "changes": {}}
        connection.execute(sa.insert(EXPERIMENT_RUNS), member)
    rows = _table(workspace, [_values(1, _config()), away, failed]).rows
    assert [(row.run_id, row.experiment) for row in rows] == [("r00001-1", "Five folds"), ("r00003-1", "")]
    assert rows[1].reason == "It is full."
    assert rows[1].valid_auroc is None
    everything = run_table(store, RunFilter(archived=True), limit=2)
    assert (len(everything.rows), everything.total) == (2, 3)
    assert [row.run_id for row in run_table(store, RunFilter(statuses=(RunStatus.FAILED,))).rows] == ["r00003-1"]


def test_folds_seeds_and_repeats_are_one_group_with_mean_and_band(workspace: Workspace) -> None:
    rows = [
        _values(n, _config(fold=n % 3, seed=n, split_seed=n // 3), results=asdict(_results(0.8 + n / 100)))
        for n in range(6)
    ]
    rows.append(_values(6, _config(epochs=9), name="Longer"))
    rows.append(_values(7, _config(), data_hash="other data"))
    groups = grouped(_table(workspace, rows).rows)
    assert [(group.name, len(group.rows)) for group in groups] == [("Net", 6), ("Longer", 1), ("Net fold 7", 1)]
    band = groups[0].band("valid_auroc")
    assert band is not None
    assert band == Band(pytest.approx(0.825), 0.8, pytest.approx(0.85), 6)
    assert groups[0].band("test_auroc") is None


def test_another_seed_of_a_single_split_is_another_question(workspace: Workspace) -> None:
    configs = [_config().model_copy(update={"split": SplitConfig(seed=seed)}) for seed in (0, 1)]
    groups = grouped(_table(workspace, [_values(n, config) for n, config in enumerate(configs)]).rows)
    assert len(groups) == 2


def test_differences_are_only_what_differs() -> None:
    one, other = _config(), _config(fold=3, epochs=8).model_copy(update={"data": DataConfig(dataset="phantom")})
    found = {
        each.field: each.values for each in differences([one.model_dump(mode="json"), other.model_dump(mode="json")])
    }
    assert found == {"data.options.patches": (80, None), "split.fold": (0, 3), "train.epochs": (3, 8)}
    assert differences([one.model_dump(mode="json")] * 3) == ()


def test_two_thousand_runs_are_two_queries_and_no_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(workspace)
    with store.database.write() as connection:
        connection.execute(sa.insert(RUNS), [_values(n, _config(fold=n % 5, seed=n // 5)) for n in range(1999)])
    statements: list[str] = []
    with store.database.read() as connection:
        sa.event.listen(connection.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    began = time.process_time()
    with monkeypatch.context() as patched:
        for name in ("builtins.open", "pathlib.Path.open", "histo_core.config.RunConfig.model_validate"):
            patched.setattr(name, lambda *_, **__: pytest.fail("a file was opened, or a configuration parsed"))
        rows: tuple[RunRow, ...] = run_table(store, RunFilter()).rows
    read = time.process_time() - began
    groups = grouped(rows)
    frame = run_frame(rows)
    print(f"1,999 runs: {read:.2f} s of CPU to read, {time.process_time() - began - read:.2f} s to group and tabulate")
    assert (len(rows), len(groups), len(frame)) == (1999, 1, 1999)
    assert len([text for text in statements if text.startswith("SELECT")]) == 2
