"""Measure how well one number or one category alone predicts a class against all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.model_selection import GroupKFold, KFold

from histo_core.auditing.within_fold_auroc import chance_deviation, fold_auroc, fold_auroc_interval
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class SingleFeatureScore:
    """A score of each patch from one simple feature alone.

    Attributes:
        positive: whether a patch has the class, bool [n].
        score: float [n], higher for patches more like the class.
        value: its AUROC.
        high: whether high values indicate the class; None for a category.
        folds: the fold of each patch, int [n]; a category's score was learnt from the other folds. None for a number.
        groups: patient (else slide) ids [n], or None.
    """

    positive: np.ndarray
    score: np.ndarray
    value: float
    high: bool | None
    folds: np.ndarray | None
    groups: np.ndarray | None

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Return the AUROC with its interval."""
        if self.folds is not None:
            return fold_auroc_interval(self.positive, self.score, self.folds, self.groups, confidence=confidence)
        interval = auroc_interval(self.positive, self.score, self.groups, confidence=confidence)
        assert interval is not None  # noqa: S101 - both classes are present
        return interval

    def corrected_lower_bound(self, comparisons: int) -> float:
        """Return the AUROC's Bonferroni-corrected lower bound.

        It is the lower limit at a confidence of 1 - 0.05 / comparisons (two-sided, so that it holds for both
        directions). It is at most 0.5 where chance alone reaches the AUROC at that confidence: with few patches or
        patients of a class, the interval's own variance can be near 0 by chance. Measured on noise (9 classes of 5
        patches, 20 of 5; 3, 6, 8 or 16 patients of a class): at most 2 of 60 data sets reach 0.6.
        """
        confidence = 1 - (1 - CONFIDENCE) / comparisons
        folds = np.zeros(len(self.positive)) if self.folds is None else self.folds
        chance = norm.ppf((1 + confidence) / 2) * chance_deviation(self.positive, folds, self.groups)
        low = self.interval(confidence).low
        return low if self.value - 0.5 >= chance else min(low, 0.5)


def score_numeric_feature(values: pd.Series, positive: np.ndarray, groups: np.ndarray | None) -> SingleFeatureScore:
    """Score patches by a number; the sign is reversed where low values indicate the class.

    Args:
        values: numbers [n], none missing.
        positive: bool [n]; both classes are present.
        groups: ids [n] or None.
    """
    score = values.to_numpy(np.float64)
    auroc = fold_auroc(positive, score, np.zeros(len(score)))
    high = auroc >= 0.5
    return SingleFeatureScore(positive, score if high else -score, max(auroc, 1 - auroc), high, None, groups)


def score_categorical_feature(
    values: pd.Series, positive: np.ndarray, groups: np.ndarray | None
) -> SingleFeatureScore | None:
    """Score patches by a category: the shrunken share of the class among the same value's patches in other folds.

    Each group lies in one fold, so that a category cannot predict by chance what it was fitted on.

    Args:
        values: names [n], none missing.
        positive, groups: as for `score_numeric_feature`.

    Returns:
        None where there are no two groups, or no fold holds both classes.
    """
    names, score = values.astype(str).to_numpy(dtype=object), np.zeros(len(values))
    count = min(_FOLDS, len(values) if groups is None else len(set(groups)))
    if count < 2:
        return None
    made = KFold(count, shuffle=True, random_state=0) if groups is None else GroupKFold(count)
    folds = np.zeros(len(values), np.int64)
    for fold, (seen, held_out) in enumerate(made.split(names, positive, groups)):
        overall = positive[seen].mean()
        shares = pd.Series(positive[seen]).groupby(names[seen]).agg(["sum", "count"])
        rates = (shares["sum"] + overall) / (shares["count"] + 1)
        score[held_out] = pd.Series(names[held_out]).map(rates).fillna(overall)
        folds[held_out] = fold
    value = fold_auroc(positive, score, folds)
    return None if np.isnan(value) else SingleFeatureScore(positive, score, value, None, folds, groups)
