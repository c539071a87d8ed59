"""Compute intervals of the metrics in `class_scores` from one prediction a sample: of a test set or of pooled folds."""

from __future__ import annotations

import numpy as np

from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.class_scores import losses
from histo_core.evaluation.counts import counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.jackknife import degrees_of_freedom, jackknife_limits
from histo_core.evaluation.limits import Unknown
from histo_core.evaluation.macro_auroc import macro_auroc_interval
from histo_core.evaluation.multiclass import class_rates, mean_f1, rows, square, weighted_f1
from histo_core.evaluation.validation import Groups, check_groups
from histo_core.evaluation.warnings import few_groups


def pooled_intervals(
    y_true: np.ndarray, probabilities: np.ndarray, positive: int, groups: Groups = None
) -> dict[str, Interval]:
    """Return each metric of `class_scores` with its 95% interval, by name.

    Accuracy and balanced accuracy come from `class_rates`. The AUROC comes from `auroc_interval` or, for more than two
    classes, from `macro_auroc_interval`. F1 and the loss have intervals by the delete-one-group jackknife.

    Args:
        y_true: int64 [n], class indices.
        probabilities: float64 [n, k].
        positive: index of the class of interest.
        groups: patient (else slide) ids [n]; None takes samples as independent.

    Raises:
        DataError: no sample, an index that is no class, or group ids that do not fit.
    """
    k, called = probabilities.shape[1], probabilities.argmax(axis=1)
    shares = class_rates(y_true, called, k, groups)
    codes, cells = check_groups(groups, len(y_true)), y_true * k + called
    auroc = (
        macro_auroc_interval(y_true, probabilities, groups)
        if k > 2
        else auroc_interval(y_true == positive, probabilities[:, positive], groups)
    )
    f1 = {
        name: counts_interval(cells, k * k, lambda counts, mean=mean: mean(square(counts)), codes, units=rows(k))
        for name, mean in (("macro_f1", mean_f1), ("weighted_f1", weighted_f1))
    }
    return {
        "auroc": auroc or Interval.undefined("a class is missing"),
        "accuracy": shares.accuracy,
        "balanced_accuracy": shares.balanced_accuracy,
        **f1,
        "loss": mean_interval(losses(y_true, probabilities), codes),
    }


def mean_interval(values: np.ndarray, codes: np.ndarray | None = None, *, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of non-negative numbers, such as losses, with its interval by the jackknife on the log scale.

    Args:
        values: float64 [n], at least 0.
        codes: int64 [n], the number of each sample's group; None where each sample is one.
        confidence: 0 to 1.
    """
    group = np.arange(len(values)) if codes is None else codes
    sums, sizes = np.bincount(group, weights=values), np.bincount(group).astype(np.float64)
    n, unit = len(sizes), "samples" if codes is None else "groups"
    mean, warning, bounds = float(values.mean()), "" if codes is None else few_groups(n), (0.0, np.inf)
    if n == 1:
        return Unknown(mean, f"one {unit[:-1]}: no interval can be estimated", warning, bounds).interval(confidence)
    df = degrees_of_freedom(sizes[:, None])
    method = f"jackknife of {n:,} {unit}, log scale, t with {df:.1f} degrees of freedom"
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    return jackknife_limits(mean, without, df, method, warning, k=n, unit=unit, bounds=bounds).interval(confidence)
