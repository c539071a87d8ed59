"""What optuna makes of the trials so far."""

from __future__ import annotations

import math
from statistics import mean

from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.experiments.sweep.sampling import Trial, suggested, trials_to_prune

RATE = "train.learning_rate"
PROTOCOL = ProtocolConfig(
    kind="sweep",
    sweep={RATE: SweepField(low=1e-5, high=1.0, log=True), "train.optimizer": SweepField(values=("sgd", "adam"))},
    sampler="tpe",
    trials=40,
    pruning=True,
)


def _value(changes: dict) -> float:
    """Best at a rate of 0.001 with adam."""
    return -abs(math.log10(changes[RATE]) + 3) - (changes["train.optimizer"] == "sgd")


def test_the_estimator_moves_towards_what_is_good() -> None:
    trials: list[Trial] = []
    for _ in range(40):
        changes = suggested(PROTOCOL, trials, seed=0)
        trials.append(Trial(changes, "complete", _value(changes)))
    values = [trial.value or 0.0 for trial in trials]
    assert mean(values[-10:]) > mean(values[:10]) + 0.5
    assert max(values) > -0.3


def test_the_same_trials_give_the_same_answer() -> None:
    trials = [Trial({RATE: 0.01 * number, "train.optimizer": "adam"}, "complete", 0.5) for number in range(1, 15)]
    assert suggested(PROTOCOL, trials, 3) == suggested(PROTOCOL, trials, 3)
    assert suggested(PROTOCOL, trials, 3) != suggested(PROTOCOL, trials[:-1], 3)


def test_failed_and_pruned_trials_are_passed_over() -> None:
    changes = {RATE: 0.01, "train.optimizer": "adam"}
    trials = [Trial(changes, "failed"), Trial(changes, "pruned", steps={0: 0.5}), Trial(changes, "running")]
    assert set(suggested(PROTOCOL, trials, 0)) == {RATE, "train.optimizer"}


def test_a_trial_below_the_median_is_given_up_once_there_is_a_median() -> None:
    changes = {RATE: 0.01, "train.optimizer": "adam"}
    done = [Trial(changes, "complete", 0.9, {0: 0.7, 1: 0.6 + 0.1 * number}) for number in range(4)]
    poor, good = Trial(changes, "running", steps={0: 0.7, 1: 0.72}), Trial(changes, "running", steps={0: 0.7, 1: 0.8})
    late = Trial(changes, "running", steps={0: 0.76, 1: 0.5})
    assert trials_to_prune(PROTOCOL, [*done, poor, good, late]) == [4], "of its epochs the best counts"
    assert trials_to_prune(PROTOCOL, [*done[1:], poor]) == []


def test_of_losses_the_lower_one_is_better() -> None:
    protocol = PROTOCOL.model_copy(update={"metric": "valid_loss"})
    changes = {RATE: 0.01, "train.optimizer": "adam"}
    done = [Trial(changes, "complete", 0.3, {0: 0.3 + 0.1 * number}) for number in range(4)]
    running = [Trial(changes, "running", steps={0: loss}) for loss in (0.4, 0.6)]
    assert trials_to_prune(protocol, [*done, *running]) == [5]


def test_values_that_are_several_numbers_come_back_from_json() -> None:
    protocol = ProtocolConfig(
        kind="sweep", sweep={"model.options.dropout": SweepField(values=((0.5, 0.2), (0.1, 0.0)))}, sampler="tpe"
    )
    trials = [Trial({"model.options.dropout": [0.1, 0.0]}, "complete", 0.5)]
    assert suggested(protocol, trials, 0)["model.options.dropout"] in ((0.5, 0.2), (0.1, 0.0))
