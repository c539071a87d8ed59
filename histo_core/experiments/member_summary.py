"""Summarise the members of an experiment: mean, SD, interval, and the data that the interval is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from histo_core.evaluation.class_scores import METRICS
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.evaluation.resampled_ttest import mean_over_seeds, mean_over_splits, spread
from histo_core.experiments.records import Experiment
from histo_core.experiments.scores import Pool, RunScores, join_pools, kind_of
from histo_core.shown_text import count, plural


@dataclass(frozen=True)
class MetricSummary:
    """The summary of one metric over all finished members.

    Attributes:
        metric: a name of `METRICS`.
        n: number of members that have it.
        mean: mean over members; NaN without any.
        sd: sample SD over members; NaN for fewer than two.
        interval: the interval that `Summary.about` explains; undefined, with the reason, where there is none.
    """

    metric: str
    n: int
    mean: float
    sd: float
    interval: Interval


def summarise_members(
    experiment: Experiment, scores: Sequence[RunScores], members: int, split_set: str
) -> dict[str, MetricSummary]:
    """Summarise each metric over the finished members; empty for a sweep, whose trials differ on purpose.

    Args:
        experiment: the experiment, whose protocol determines the interval.
        scores: scores of the members that have them.
        members: number of all members.
        split_set: valid or test.
    """
    if experiment.protocol.kind == "sweep":
        return {}
    known = [one for one in scores if split_set in one.scores]
    intervals = _intervals(experiment, known, split_set, complete=len(known) == members)
    found = {}
    for metric in METRICS:
        values = _values(known, split_set, metric)
        mean = float(np.mean(values)) if values else np.nan
        found[metric] = MetricSummary(metric, len(values), mean, spread(values), intervals[metric])
    return found


def _intervals(
    experiment: Experiment, known: Sequence[RunScores], split_set: str, *, complete: bool
) -> dict[str, Interval]:
    protocol = experiment.protocol
    pooled = protocol.kind == "folds" and protocol.repeats == 1
    if protocol.kind == "single" or pooled:
        if not known or (pooled and not complete):
            return dict.fromkeys(
                METRICS, Interval.undefined("not every fold has finished" if pooled else "not finished")
            )
        one = join_pools([scores.pools[split_set] for scores in known])
        return pooled_intervals(one.y_true, one.probabilities, one.positive, one.groups)
    return {metric: _mean_interval(experiment, known, split_set, metric) for metric in METRICS}


def basis(experiment: Experiment, pools: Sequence[Pool]) -> str:
    """Say what the intervals are computed from; with new splits each run has its own patches."""
    protocol = experiment.protocol
    if not pools or protocol.kind == "sweep":
        return ""
    if protocol.kind == "single" or (protocol.kind == "folds" and protocol.repeats == 1):
        return join_pools(list(pools)).basis
    runs = count(len(pools), "run")
    if protocol.kind == "repeats" and protocol.new == "seeds":
        return f"{runs} on the same patches: {pools[0].basis}"
    sizes, kind = [len(pool.y_true) for pool in pools], kind_of(pools)
    groups = [] if kind is None else [len(set(pool.groups)) for pool in pools if pool.groups is not None]
    of = f" of {_range(groups)} {plural(kind or 'group')}" if groups else ""
    return f"{runs}, each on {_range(sizes)} held-out patches{of}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _mean_interval(experiment: Experiment, known: Sequence[RunScores], split_set: str, metric: str) -> Interval:
    values = _values(known, split_set, metric)
    if len(values) < 2:
        return Interval.undefined("fewer than two runs have finished")
    if experiment.protocol.kind == "repeats" and experiment.protocol.new == "seeds":
        found = mean_over_seeds(values)
    else:
        trained = [scores.train_samples for scores in known if scores.train_samples]
        if not trained:
            return Interval.undefined("it is not known how many patches the runs were trained on")
        held_out = float(np.mean([scores.scores[split_set].n for scores in known]))
        found = mean_over_splits(values, train=float(np.mean(trained)), test=held_out)
    if not found.defined:
        return found
    top = np.inf if metric == "loss" else 1.0
    return replace(found, low=max(found.low, 0.0), high=min(found.high, top))


def _values(known: Sequence[RunScores], split_set: str, metric: str) -> list[float]:
    values = [getattr(scores.scores[split_set], metric) for scores in known]
    return [value for value in values if value is not None]
