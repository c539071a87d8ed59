"""Which runs a protocol consists of."""

from __future__ import annotations

import pytest

from histo_core.config import RunConfig, SplitConfig, TrainConfig
from histo_core.config_protocol import ProtocolConfig, SweepField
from histo_core.errors import ConfigError
from histo_core.experiments.plan import plan, trial

BASE = RunConfig(seed=7, split=SplitConfig(seed=3))
HELD_OUT = RunConfig(split=SplitConfig(hold_out=True))
RATES = {"train.learning_rate": SweepField(values=(0.001, 0.01)), "train.optimizer": SweepField(values=("sgd", "adam"))}


def test_folds_differ_by_their_number_only() -> None:
    runs = plan(BASE, ProtocolConfig(kind="folds", folds=3))
    assert [run.label for run in runs] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    assert [(run.config.split.folds, run.config.split.fold) for run in runs] == [(3, 0), (3, 1), (3, 2)]
    assert {(run.config.seed, run.config.split.seed, run.config.predict.parts) for run in runs} == {
        (7, 3, ("valid", "test"))
    }


def test_folds_beside_a_held_out_part_never_predict_it() -> None:
    assert {run.config.predict.parts for run in plan(HELD_OUT, ProtocolConfig(kind="folds", folds=3))} == {("valid",)}


def test_folds_are_dealt_anew() -> None:
    runs = plan(BASE, ProtocolConfig(kind="folds", folds=2, repeats=2))
    assert [(run.config.split.seed, run.config.split.fold, run.config.seed) for run in runs] == [
        (3, 0, 7), (3, 1, 7), (4, 0, 8), (4, 1, 8),
    ]  # fmt: skip
    assert runs[3].label == "split 4, fold 2 of 2"


def test_repeats_have_new_seeds_or_new_splits_as_well() -> None:
    seeds = plan(BASE, ProtocolConfig(kind="repeats", repeats=3))
    assert [(run.config.seed, run.config.split.seed, run.label) for run in seeds] == [
        (7, 3, "seed 7"), (8, 3, "seed 8"), (9, 3, "seed 9"),
    ]  # fmt: skip
    splits = plan(BASE, ProtocolConfig(kind="repeats", repeats=2, new="splits"))
    assert [(run.config.seed, run.config.split.seed, run.label) for run in splits] == [
        (7, 3, "split 3"), (8, 4, "split 4"),
    ]  # fmt: skip


def test_a_grid_is_every_combination_and_sees_validation_only() -> None:
    runs = plan(BASE, ProtocolConfig(kind="sweep", sweep=RATES))
    assert [(run.config.train.learning_rate, run.config.train.optimizer) for run in runs] == [
        (0.001, "sgd"), (0.001, "adam"), (0.01, "sgd"), (0.01, "adam"),
    ]  # fmt: skip
    assert runs[1].label == "learning_rate 0.001, optimizer adam"
    assert {run.config.predict.parts for run in runs} == {("valid",)}


def test_random_trials_lie_in_their_ranges_and_come_from_the_seed() -> None:
    sweep = {
        "train.learning_rate": SweepField(low=1e-4, high=0.1, log=True),
        "train.epochs": SweepField(low=2, high=9, whole=True),
        "model.options.dropout": SweepField(values=((0.5, 0.2, 0.0), (0.1, 0.1, 0.0))),
    }
    protocol = ProtocolConfig(kind="sweep", sweep=sweep, sampler="random", trials=40)
    runs = plan(BASE, protocol)
    assert len(runs) == 40
    assert [run.changes for run in runs] == [run.changes for run in plan(BASE, protocol)]
    rates = [run.config.train.learning_rate for run in runs]
    assert min(rates) >= 1e-4
    assert max(rates) <= 0.1
    assert 10 < sum(rate < 10**-2.5 for rate in rates) < 30, "half of them below the geometric middle"
    assert {run.config.train.epochs for run in runs} == set(range(2, 10))
    assert {run.config.model.options["dropout"] for run in runs} == {(0.5, 0.2, 0.0), (0.1, 0.1, 0.0)}


def test_a_trial_over_folds_is_a_run_a_fold() -> None:
    runs = trial(BASE, ProtocolConfig(kind="sweep", sweep=RATES, folds=2), {"train.learning_rate": 0.01})
    assert [run.label for run in runs] == ["learning_rate 0.01, fold 1 of 2", "learning_rate 0.01, fold 2 of 2"]


def test_a_single_run_is_one() -> None:
    (run,) = plan(BASE, ProtocolConfig())
    assert (run.config, run.changes) == (BASE, {})


def test_a_combination_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ConfigError, match="momentum belongs to optimizer"):
        plan(
            RunConfig(train=TrainConfig(optimizer="sgd")),
            ProtocolConfig(
                kind="sweep",
                sweep={"train.optimizer": SweepField(values=("adam",)), "train.momentum": SweepField(values=(0.9,))},
            ),
        )
