"""Compute the expected calibration error, and what a calibrated model of as many samples would show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

BINS = 15
"""Bins of equal width, as in Guo et al. (2017, ICML)."""
DRAWS = 1_000
_SEED = 32_767


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error (ECE) of one model.

    Attributes:
        ece: mean distance between the predicted and the observed share of the class of interest over the bins,
            weighted by the samples of each, 0 to 1.
        bins: how many bins of equal width.
        calibrated: the mean ECE that these probabilities would show if they were right, because so few samples fall
            into each bin.
        calibrated_high: its 95th percentile; an ECE below it is no evidence against calibration.
    """

    ece: Interval
    bins: int
    calibrated: float
    calibrated_high: float

    @property
    def scheme(self) -> str:
        """Return how it was computed, for a caption."""
        return f"{self.bins} bins of equal width"


def calibration_error(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    bins: int = BINS,
    confidence: float = CONFIDENCE,
) -> CalibrationError:
    """Return the ECE of the class of interest's probabilities with the interval of `leave_out_interval`.

    The ECE is biased upwards: a calibrated model has one above 0. So what a calibrated model would show stands beside
    it, from labels that are drawn with the predicted probabilities. Labels are drawn independently: those of one
    patient resemble each other, so that a calibrated model may show still more.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: its probabilities [n], 0 to 1.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        bins: how many bins of equal width.
        confidence: 0 to 1.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    codes = check_groups(groups, len(positive))
    bin_of = np.clip(np.ceil(scores * bins).astype(np.int64) - 1, 0, bins - 1)
    found = leave_out_interval(
        lambda kept: float(_ece(positive[kept][None], scores[kept], bin_of[kept], bins)[0]),
        np.ones((1, len(scores)), bool),
        codes,
        confidence=confidence,
    )
    drawn = _when_calibrated(scores, bin_of, bins)
    if found.defined:
        biased = f"too large by design: a calibrated model would show {drawn.mean():.3f} here"
        found = replace(found, method=f"{bins} bins of equal width; {found.method}", warning=biased)
    return CalibrationError(found, bins, float(drawn.mean()), float(np.quantile(drawn, 0.95)))


def _ece(positive: np.ndarray, scores: np.ndarray, bin_of: np.ndarray, bins: int) -> np.ndarray:
    """Return the ECE for several sets of labels, float64 [d]; ``positive`` is bool [d, n]."""
    gaps = np.stack([np.bincount(bin_of, scores - one, minlength=bins) for one in positive])
    return np.abs(gaps).sum(axis=1) / len(scores)


def _when_calibrated(scores: np.ndarray, bin_of: np.ndarray, bins: int) -> np.ndarray:
    """Return the ECE of `DRAWS` sets of labels that are drawn with the probabilities, float64 [DRAWS].

    The number of positive samples of a bin is a sum of unequal coins. In a bin of more than 30 samples it is drawn
    from the normal distribution of the same mean and variance, else coin by coin.
    """
    rng = np.random.default_rng(_SEED)
    gaps = np.zeros((DRAWS, bins))
    for one in range(bins):
        inside = scores[bin_of == one]
        if len(inside) > 30:
            gaps[:, one] = rng.normal(0, np.sqrt((inside * (1 - inside)).sum()), DRAWS)
        elif len(inside):
            gaps[:, one] = inside.sum() - (rng.random((DRAWS, len(inside))) < inside).sum(axis=1)
    return np.abs(gaps).sum(axis=1) / len(scores)
