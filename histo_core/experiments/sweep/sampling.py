"""Choose the next settings of a sweep and the trials to prune, with optuna and the trials so far.

Nothing is kept between two calls: optuna's study is rebuilt from the trials each time. A process that was killed
therefore continues as if it had not been, and the same trials give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from histo_core.config import SEEDS
from histo_core.config.protocol import ProtocolConfig, SweepField

optuna.logging.set_verbosity(optuna.logging.WARNING)

_STARTUP = 4
"""Finished trials that the median pruner needs."""
_STATES = {
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


@dataclass(frozen=True)
class Trial:
    """A trial: one combination of settings and its result.

    Attributes:
        changes: dotted field to value.
        state: its state.
        value: the metric at its best epoch; None unless complete.
        steps: the metric after each epoch, by the epoch's number counted from 0.
    """

    changes: Mapping[str, Any]
    state: Literal["running", "complete", "pruned", "failed"]
    value: float | None = None
    steps: Mapping[int, float] = field(default_factory=dict)


def grid(protocol: ProtocolConfig) -> list[dict[str, Any]]:
    """Return every combination of the values; the last setting changes fastest."""
    return [
        dict(zip(protocol.sweep, values, strict=True))
        for values in product(*(field.values for field in protocol.sweep.values()))
    ]


def drawn(protocol: ProtocolConfig, seed: int) -> list[dict[str, Any]]:
    """Return as many random combinations as the protocol has trials."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return [_ask(study, protocol) for _ in range(protocol.trials)]


def suggested(protocol: ProtocolConfig, trials: Sequence[Trial], seed: int) -> dict[str, Any]:
    """Return the next combination by the tree-structured Parzen estimator (Bergstra et al. 2011, NeurIPS 24)."""
    # The seed depends on the number of trials: with one seed every early, random trial would be the same.
    sampler = optuna.samplers.TPESampler(seed=(seed + len(trials)) % SEEDS)
    return _ask(_study(protocol, trials, sampler), protocol)


def trials_to_prune(protocol: ProtocolConfig, trials: Sequence[Trial]) -> list[int]:
    """Return the positions of running trials to prune.

    A trial is pruned when its best value so far is worse than the median of the finished trials at that epoch.
    """
    study = _study(protocol, trials, optuna.samplers.RandomSampler(seed=0))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=_STARTUP)
    return [
        number
        for number, trial in enumerate(study.get_trials(deepcopy=False))
        if trial.state is TrialState.RUNNING and trial.intermediate_values and pruner.prune(study, trial)
    ]


def _study(protocol: ProtocolConfig, trials: Sequence[Trial], sampler: optuna.samplers.BaseSampler) -> optuna.Study:
    direction = "minimize" if protocol.metric == "valid_loss" else "maximize"
    study = optuna.create_study(sampler=sampler, direction=direction)
    distributions = _distributions(protocol)
    for trial in trials:
        study.add_trial(
            create_trial(
                state=_STATES[trial.state],
                value=trial.value if trial.state == "complete" else None,
                params={name: _coded(protocol.sweep[name], trial.changes[name]) for name in protocol.sweep},
                distributions=distributions,
                intermediate_values=dict(trial.steps),
            )
        )
    return study


def _ask(study: optuna.Study, protocol: ProtocolConfig) -> dict[str, Any]:
    found = study.ask(_distributions(protocol)).params
    return {name: found[name] if field.ranged else field.values[found[name]] for name, field in protocol.sweep.items()}


def _distributions(protocol: ProtocolConfig) -> dict[str, BaseDistribution]:
    return {name: _distribution(field) for name, field in protocol.sweep.items()}


def _distribution(field: SweepField) -> BaseDistribution:
    if field.low is None or field.high is None:
        return CategoricalDistribution(tuple(range(len(field.values))))  # indices, because a value may be a tuple
    if field.whole:
        return IntDistribution(int(field.low), int(field.high), log=field.log)
    return FloatDistribution(field.low, field.high, log=field.log)


def _coded(field: SweepField, value: Any) -> Any:
    """Encode a value for optuna. Values from the database have lists in place of tuples."""
    if field.ranged:
        return value
    return field.values.index(tuple(value) if isinstance(value, list) else value)
