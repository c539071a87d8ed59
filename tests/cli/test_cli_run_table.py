"""``runs list`` with columns of results and an order, and ``runs differences``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace


def _config(seed: int, epochs: int = 1) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="phantom", options={"patches": 80, "patients": 20}),
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=epochs, batch_size=16, device="cpu", threads=1),
        seed=seed,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run that has ended, and two that wait."""
    workspace = Workspace(tmp_path_factory.mktemp("table"))
    for seed, name in ((2, "Ended"), (9, "Waits"), (1, "Waits, too")):
        launch(_config(seed, epochs=1 + (seed == 9)), workspace, name=name, start_supervisor=False)
    ended = next(run for run in Store.open(workspace).runs() if run.name == "Ended")
    assert work(ended.run_id, workspace) == 0
    return workspace


@pytest.fixture
def said(trained: Workspace, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command of ``runs`` prints."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(trained.home))

    def said(*words: str) -> str:
        done = call("runs", *words)
        return done.out + done.err

    return said


def test_results_stand_in_columns_with_their_limits(said: Callable[..., str], trained: Workspace) -> None:
    run = next(run for run in Store.open(trained).runs() if run.name == "Ended")
    assert run.results is not None
    assert run.results.test is not None
    assert run.results.test.auroc is not None
    auroc = run.results.test.auroc
    lines = said("list", "--columns", "name,test_auroc,seed", "--sort", "test_auroc").splitlines()
    assert lines[0].split() == ["name", "test_auroc", "seed"]
    assert lines[1].split()[:2] == ["Ended", f"{auroc.value:.3g}"]
    assert f"({auroc.low:.3g} to {auroc.high:.3g})" in lines[1]
    assert sorted(line.split()[-1] for line in lines[2:]) == ["1", "9"], "runs without a value come last"
    (row,) = json.loads(said("list", "--columns", "test_auroc,valid_loss", "--status", "succeeded", "--json"))[
        "tables"
    ]["runs"]
    assert (row["test_auroc"], row["test_auroc_low"]) == (auroc.value, auroc.low)


def test_the_order_is_by_value_and_a_limit_comes_after_it(said: Callable[..., str]) -> None:
    assert said("list", "--columns", "seed", "--sort", "seed").split() == ["seed", "1", "2", "9"]
    assert said("list", "--columns", "seed", "--sort", "seed", "--descending", "--limit", "2").split() == [
        "seed",
        "9",
        "2",
    ]


def test_a_column_that_is_not_there_is_named(said: Callable[..., str]) -> None:
    assert "There is no column 'colour'" in said("list", "--columns", "name,colour")


def test_differences_are_listed(said: Callable[..., str], trained: Workspace) -> None:
    ids = [next(run for run in Store.open(trained).runs() if run.name == name).run_id for name in ("Ended", "Waits")]
    lines = [line.split() for line in said("differences", *ids).splitlines()]
    assert lines == [["setting", *ids], ["train.epochs", "1", "2"], ["seed", "2", "9"]]
    assert said("differences", ids[0], ids[0]) == "They have the same settings.\n"
