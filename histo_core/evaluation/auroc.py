"""Compute the area under the ROC curve (AUROC) with its interval."""

from __future__ import annotations

from numpy.typing import ArrayLike

from histo_core.evaluation.auroc_difference import PairedDifference, auroc_difference
from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

__all__ = ["PairedDifference", "auroc_difference", "auroc_interval"]


def auroc_interval(
    y_true: ArrayLike, score: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the AUROC with an interval that keeps its coverage with few patients and few samples of a class.

    With groups: the delete-one-group jackknife on the logit scale, with Student's t and a correction for skewed
    influence (`histo_core.evaluation.jackknife`); never narrower than for independent samples.

    Without groups, or where each sample is a group of its own: a score interval (Newcombe 2006, Stat. Med. 25:559,
    method 5). Its variance at the true AUROC is scaled to DeLong's at the estimate. DeLong's variance is often too
    small with few samples; where it is the smaller one, it is shrunk towards Newcombe's as if that came from 30 more
    samples.

    An AUROC of exactly 0 or 1 has no variance to estimate. Its limit is (alpha / 2)^(1 / k), where k is the number of
    pairs of a positive and a negative group in which no group occurs twice. All samples can be in order only if these k
    independent pairs are. A class with a single group gives 0 to 1: the variation between its groups is unknown.
    docs/statistics.md gives the simulated coverage.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Returns:
        None when a class is missing: the AUROC is not defined then.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.

    Example:
        >>> from histo_core import auroc_interval
        >>> y_true, score = [0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.3, 0.2, 0.8, 0.9]
        >>> str(auroc_interval(y_true, score))
        '0.778 (0.134 to 0.987)'
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    codes = check_groups(groups, len(positive))
    if positive.all() or not positive.any():
        return None
    return auroc_estimate(positive, scores, codes).limits.interval(confidence)
