"""Choose a decision threshold on one set of samples, for use on another.

A threshold t calls a sample positive when its score is at or above t. The decision changes only where t passes an
observed score, so each choice leaves a gap between two neighbouring scores. The threshold is the **midpoint** of that
gap, as in R's pROC (Robin 2011, BMC Bioinformatics 12:77). An observed score would lie at the edge of the gap, and a
new sample just below it would be called negative. (The points of `roc.roc_curve` are scikit-learn's and lie at observed
scores.) The threshold 0 calls everything positive; the midpoint between the highest score and 1 calls nothing positive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.validation import check_scores, check_truth


def youden_threshold(y_true: ArrayLike, score: ArrayLike, times: np.ndarray | None = None) -> float:
    """Return the threshold with the largest sensitivity + specificity - 1 (Youden 1950, Cancer 3:32).

    Where several are equally good, the lowest is returned: it has the highest sensitivity.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: probabilities of the class of interest, 0 to 1 [n].
        times: int64 [n], how often each sample counts, as in a resample; None for once.

    Returns:
        0 to 1.

    Raises:
        DataError: a class is missing, or the arrays are not as described.
    """
    cuts, tp, tn, positives, negatives = _cuts(y_true, score, times)
    # J * positives * negatives is a whole number, so that ties are exact.
    gain = tp * negatives + tn * positives
    return float(cuts[np.flatnonzero(gain == gain.max())[0]])


def threshold_for_sensitivity(
    y_true: ArrayLike, score: ArrayLike, at_least: float, times: np.ndarray | None = None
) -> float:
    """Return the highest threshold that reaches a sensitivity: it has the best specificity.

    Args:
        y_true, score, times: as for `youden_threshold`.
        at_least: the required sensitivity, 0 to 1.

    Returns:
        0 to 1; 0, which calls everything positive, always reaches it.

    Raises:
        DataError: what `youden_threshold` raises.
    """
    cuts, tp, _, positives, _ = _cuts(y_true, score, times)
    return float(cuts[np.flatnonzero(_reaches(tp, positives, at_least))[-1]])


def threshold_for_specificity(
    y_true: ArrayLike, score: ArrayLike, at_least: float, times: np.ndarray | None = None
) -> float:
    """Return the lowest threshold that reaches a specificity: it has the best sensitivity.

    Args:
        y_true, score, times: as for `youden_threshold`.
        at_least: the required specificity, 0 to 1.

    Raises:
        DataError: what `youden_threshold` raises, or no threshold reaches it: negative samples score exactly 1.
    """
    cuts, _, tn, _, negatives = _cuts(y_true, score, times)
    reached = np.flatnonzero(_reaches(tn, negatives, at_least))
    if not len(reached):
        raise DataError(
            f"No threshold has a specificity of {at_least:g} or more: the highest is {tn.max() / negatives:.3f}, "
            "because negative samples have a probability of exactly 1.",
            "A threshold lies from 0 to 1.",
            "Ask for a lower specificity.",
        )
    return float(cuts[reached[0]])


def _cuts(
    y_true: ArrayLike, score: ArrayLike, times: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
    """Return distinct thresholds, ascending, float64 [c]; their true positives and negatives, int64 [c]; and totals."""
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    weight = np.ones(len(scores), np.int64) if times is None else times
    if times is not None:
        used = times > 0
        positive, scores, weight = positive[used], scores[used], weight[used]
    positives, negatives = int(weight[positive].sum()), int(weight[~positive].sum())
    if not positives or not negatives:
        raise DataError(
            f"A threshold cannot be chosen on {positives:,} positive and {negatives:,} negative samples.",
            "Both classes are needed.",
            "Choose it on a set that has both, or give a number.",
        )
    values, block = np.unique(scores, return_inverse=True)
    below = (values[:-1] + values[1:]) / 2
    below = np.where(below > values[:-1], below, values[1:])  # neighbouring floats have no number between them
    cuts, p, n = (
        np.concatenate([[0.0], below]),
        np.bincount(block, positive * weight),
        np.bincount(block, ~positive * weight),
    )
    tn = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
    tp = positives - np.concatenate([[0], np.cumsum(p)]).astype(np.int64)
    if values[-1] < 1:
        return np.append(cuts, max((values[-1] + 1) / 2, np.nextafter(values[-1], 1))), tp, tn, positives, negatives
    return cuts, tp[:-1], tn[:-1], positives, negatives


def _reaches(right: np.ndarray, total: int, at_least: float) -> np.ndarray:
    """Return whether right / total reaches a rate, bool [c]; 19 of 20 reaches 0.95 although the floats may differ."""
    return right >= at_least * total - 1e-9
