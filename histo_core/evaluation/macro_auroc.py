"""Compute the macro average of the AUROCs of each class against the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.auroc_estimate import AurocEstimate, auroc_estimate
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.jackknife import jackknife_limits
from histo_core.evaluation.limits import Unknown
from histo_core.evaluation.validation import Groups, check_groups, check_scores
from histo_core.evaluation.warnings import few_groups


def macro_auroc_interval(
    y_true: ArrayLike, probabilities: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the mean AUROC of the classes that have samples, each against the rest, with its interval.

    The value equals scikit-learn's ``roc_auc_score(multi_class="ovr", average="macro")``, but classes without samples
    are left out. The interval is that of the delete-one-group jackknife of the mean
    (`histo_core.evaluation.jackknife`), with the smallest degrees of freedom among the classes.

    Args:
        y_true: class indices 0 to k - 1 [n].
        probabilities: float [n, k].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Returns:
        None when fewer than two classes have samples.

    Raises:
        DataError: an index that is no class, scores that are not finite numbers, or group ids that do not fit.
    """
    estimates = _by_class(y_true, probabilities, groups)
    if not estimates:
        return None
    value = float(np.mean([one.value for one in estimates]))
    grouped, k = estimates[0].grouped, min(one.smaller for one in estimates)
    unit = "groups" if grouped else "samples"
    warning = few_groups(k) if grouped else ""
    if k < 2:
        method = f"one {unit[:-1]} of a class: no interval can be estimated"
        return Unknown(value, method, warning).interval(confidence)
    df = min(one.df for one in estimates)
    without = np.mean([np.where(np.isnan(one.without), one.value, one.without) for one in estimates], axis=0)
    method = f"jackknife of {len(without):,} {unit}, logit scale, t with {df:.1f} degrees of freedom"
    step = min(one.step for one in estimates)
    return jackknife_limits(value, without, df, method, warning, k=k, unit=unit, step=step).interval(confidence)


def macro_auroc(y_true: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Return the mean AUROC alone; arguments and errors as in `macro_auroc_interval`."""
    estimates = _by_class(y_true, probabilities, None)
    return float(np.mean([one.value for one in estimates])) if estimates else None


def _by_class(y_true: ArrayLike, probabilities: ArrayLike, groups: Groups) -> list[AurocEstimate]:
    truth, table = np.asarray(y_true), np.asarray(probabilities)
    if truth.ndim != 1 or table.ndim != 2 or len(table) != len(truth) or not len(truth):
        raise DataError(
            f"y_true has shape {truth.shape} and the probabilities {table.shape}.",
            "One class and one row of probabilities a sample are expected.",
            "Join them.",
        )
    if truth.min() < 0 or truth.max() >= table.shape[1]:
        raise DataError(
            f"Class indices run from {truth.min()} to {truth.max()}.",
            f"0 to {table.shape[1] - 1} are allowed for {table.shape[1]} classes.",
            "Leave unlabelled samples out.",
        )
    scores, codes = check_scores(table.T, len(truth)), check_groups(groups, len(truth))
    present = np.unique(truth)
    return [auroc_estimate(truth == index, scores[index], codes) for index in present] if len(present) > 1 else []
