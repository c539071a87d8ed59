"""Which runs a protocol consists of."""

from __future__ import annotations

import pytest

from histo_core.config import RunConfig, SplitConfig, TrainConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.errors import ConfigError
from histo_core.experiments.protocol_runs import Planned, next_trials, plan, trial
from histo_core.experiments.sweep.sampling import Trial

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


def test_folds_beside_a_held_out_set_never_predict_it() -> None:
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


def _folds_of(run: Planned) -> tuple[bool, int | None, int]:
    assert run.config is not None
    return run.config.split.hold_out, run.config.split.folds, run.config.split.fold


def test_a_sweep_over_folds_holds_the_test_set_out_of_them_all() -> None:
    runs = plan(BASE, ProtocolConfig(kind="sweep", sweep={"seed": SweepField(values=(0, 1))}, folds=2))
    assert [_folds_of(run) for run in runs] == [(True, 2, 0), (True, 2, 1)] * 2
    assert [sorted(run.changes) for run in runs] == [["seed", "split.fold", "split.folds"]] * 4


def test_folds_beside_a_held_out_set_are_dealt_once() -> None:
    with pytest.raises(ConfigError, match="Another seed holds out other patches"):
        plan(HELD_OUT, ProtocolConfig(kind="folds", folds=2, repeats=2))


def test_a_trial_over_folds_is_a_run_a_fold() -> None:
    runs = trial(BASE, ProtocolConfig(kind="sweep", sweep=RATES, folds=2), {"train.learning_rate": 0.01})
    assert [run.label for run in runs] == ["learning_rate 0.01, fold 1 of 2", "learning_rate 0.01, fold 2 of 2"]


def test_a_single_run_is_one() -> None:
    (run,) = plan(BASE, ProtocolConfig())
    assert (run.config, run.changes) == (BASE, {})


MOMENTA = {"train.optimizer": SweepField(values=("adam", "sgd")), "train.momentum": SweepField(values=(0.0, 0.9))}


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_a_combination_that_is_not_allowed_is_told_and_the_others_are_tried(sampler: str) -> None:
    """Momentum under adam, of the four combinations."""
    protocol = ProtocolConfig.model_validate({"kind": "sweep", "sweep": MOMENTA, "sampler": sampler})
    runs = plan(BASE, protocol)
    assert len(runs) == protocol.size
    wrong = [run for run in runs if run.changes == {"train.optimizer": "adam", "train.momentum": 0.9}]
    assert wrong
    assert all(run.config is None and "momentum belongs to optimizer" in run.problem for run in wrong)
    assert all(run.config is not None and not run.problem for run in runs if run not in wrong)


def test_what_learns_from_trials_counts_those_that_are_not_allowed_as_failed() -> None:
    protocol = ProtocolConfig.model_validate({"kind": "sweep", "sweep": MOMENTA, "sampler": "tpe", "trials": 6})
    trials: list[Trial] = []
    refused = 0
    while len(trials) < 6:
        runs = next_trials(BASE, protocol, trials)
        assert all(run.config is None for run in runs[:-1])
        assert runs[-1].config is not None or len(trials) + len(runs) == 6
        refused += sum(run.config is None for run in runs)
        trials += [Trial(run.changes, "failed" if run.config is None else "complete", 0.5) for run in runs]
    assert (len(trials), refused) == (6, sum(trial.state == "failed" for trial in trials))
    assert refused, "by this seed"
    assert next_trials(BASE, protocol, trials) == ()


def test_an_optimiser_or_schedule_takes_its_own_settings_along() -> None:
    """The base's own momentum and step belong to what two of the three trials replace."""
    base = RunConfig(train=TrainConfig(optimizer="sgd", momentum=0.9, nesterov=True, schedule="step", step_epochs=3))
    sweep = {
        "train.optimizer": SweepField(values=("sgd", "adam")),
        "train.schedule": SweepField(values=("step", "none")),
    }
    runs = plan(base, ProtocolConfig(kind="sweep", sweep=sweep))
    found = [run.config.train for run in runs if run.config is not None]
    assert [(one.momentum, one.nesterov, one.step_epochs) for one in found] == [
        (0.9, True, 3), (0.9, True, 10), (0.0, False, 3), (0.0, False, 10),
    ]  # fmt: skip


def test_when_no_combination_is_allowed_the_sweep_is_refused() -> None:
    with pytest.raises(ConfigError, match="momentum belongs to optimizer"):
        plan(
            RunConfig(train=TrainConfig(optimizer="sgd")),
            ProtocolConfig(
                kind="sweep",
                sweep={"train.optimizer": SweepField(values=("adam",)), "train.momentum": SweepField(values=(0.9,))},
            ),
        )
