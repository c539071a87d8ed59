"""Choose the decision threshold that a cost ratio asks for, on calibrated probabilities.

If a miss costs as much as r false alarms, a sample is best called positive from the probability 1 / (1 + r) on (Elkan
2001, IJCAI). That holds for calibrated probabilities: so the scores are calibrated by Platt scaling first, and the
threshold is carried back to the scale of the scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from histo_core.errors import DataError
from histo_core.evaluation.probability_scores import calibration_line
from histo_core.evaluation.validation import check_scores, check_truth


def threshold_for_cost(
    y_true: ArrayLike,
    score: ArrayLike,
    ratio: float,
    times: np.ndarray | None = None,
    *,
    prevalence: float | None = None,
) -> float:
    """Return the score from which a sample is best called positive when a miss costs ``ratio`` false alarms.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: its probabilities [n], 0 to 1.
        ratio: cost of a miss over that of a false alarm, above 0.
        times: int64 [n], how often each sample counts, as in a resample; None for once.
        prevalence: the share of the class where the threshold will be used, 0 to 1; None takes that of the samples.

    Raises:
        DataError: the scores cannot be calibrated by a line that rises: a class is missing, the scores separate the
            classes, or higher scores have fewer positive samples.

    Example:
        >>> y, p = [0, 0, 1, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9]
        >>> threshold_for_cost(y, p, 1) > threshold_for_cost(y, p, 5)
        True
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    weights = np.ones(len(scores)) if times is None else times.astype(np.float64)
    used = weights > 0
    positive, scores, weights = positive[used], scores[used], weights[used]
    intercept, slope = calibration_line(positive, scores, weights=weights) if len(scores) else (np.nan, np.nan)
    if not slope > 0:
        raise DataError(
            "The scores cannot be calibrated: they separate the classes, are all equal, or fall where the class of "
            "interest gets more frequent.",
            "A cost ratio needs calibrated probabilities.",
            "Take a rule that needs none, such as a sensitivity to reach.",
        )
    share = float(weights[positive].sum() / weights.sum())
    shift = 0.0 if prevalence is None else float(logit(prevalence) - logit(share))
    return float(expit((-np.log(ratio) - shift - intercept) / slope))
