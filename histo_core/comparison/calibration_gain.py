"""Judge recalibrations of a model on patients that did not fit them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import GroupKFold

from histo_core.comparison.recalibrate import fit_on_validation, validation_rows
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.data.grouping import known_groups
from histo_core.errors import ComparisonError
from histo_core.evaluation.calibration_error import CalibrationError, calibration_error
from histo_core.evaluation.class_scores import losses
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.leave_out import mean_interval
from histo_core.evaluation.probability_scores import (
    brier_interval,
    brier_scores,
    calibration_intervals,
    log_loss_interval,
)
from histo_core.evaluation.validation import check_groups
from histo_core.prediction.recalibration import METHODS, CalibrationMethod, fit_recalibration
from histo_core.shown_text import count, plural

FOLDS = 5
_LARGEST_LOSS = float(losses(np.zeros(1, np.int64), np.zeros((1, 1)))[0])
"""The log loss of a sample whose class was given a probability of 0, in nats."""

NOT_FITTED = Interval.undefined("not fitted")


@dataclass(frozen=True, eq=False)
class CalibrationScores:
    """Numbers that say how well probabilities are calibrated.

    Attributes:
        intercept: calibration in the large, of the class of interest; 0 is calibrated. At the stated prevalence.
        slope: slope of calibration, of the class of interest; 1 is calibrated. At the stated prevalence.
        brier, log_loss: of all classes; like the ECE as sampled.
        ece: expected calibration error of the class of interest, with what a calibrated model would show.
    """

    intercept: Interval
    slope: Interval
    brier: Interval
    log_loss: Interval
    ece: CalibrationError


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """One method's result; where ``reason`` is not empty it says why there is none.

    Attributes:
        method: how it was recalibrated.
        scores: on samples of patients that did not fit it.
        brier_gain, log_loss_gain: after less before, of the same samples; below 0 is better.
        probabilities: float64 [n, k], the recalibrated ones of the comparison's samples.
        reason: why there is no result, in a sentence or two.
    """

    method: CalibrationMethod
    scores: CalibrationScores | None = None
    brier_gain: Interval = NOT_FITTED
    log_loss_gain: Interval = NOT_FITTED
    probabilities: np.ndarray | None = None
    reason: str = ""


def calibration_scores(
    comparison: Comparison, probabilities: np.ndarray, error: CalibrationError | None = None
) -> CalibrationScores:
    """Return how well probabilities, float64 [n, k], of the comparison's samples are calibrated.

    Args:
        comparison: gives labels, groups, the class of interest and the confidence.
        probabilities: of its samples.
        error: their calibration error where it is known already.
    """
    index = comparison.classes.index(comparison.class_of_interest)
    truth, groups, confidence = comparison.y_true, comparison.groups, comparison.confidence
    mine, score = truth == index, probabilities[:, index]
    intercept, slope = calibration_intervals(
        mine, score, groups, prevalence=comparison.prevalence, confidence=confidence
    )
    return CalibrationScores(
        intercept,
        slope,
        brier_interval(truth, probabilities, groups, confidence=confidence),
        log_loss_interval(truth, probabilities, groups, confidence=confidence),
        error or calibration_error(mine, score, groups, confidence=confidence),
    )


def recalibrated(comparison: Comparison, result: ModelResult, method: CalibrationMethod) -> Recalibrated:
    """Recalibrate a model on its validation set and judge it on other patients of the compared set.

    On the validation set itself, each of `FOLDS` parts of its patients is recalibrated by a fit on the others.

    Args:
        comparison: a comparison.
        result: one of its models.
        method: how to recalibrate.
    """
    try:
        made = _probabilities(comparison, result, method)
    except ComparisonError as error:
        return Recalibrated(method, reason=f"{error.found} {error.allowed}")
    truth, before = comparison.y_true, result.probabilities
    top = 1.0 if len(comparison.classes) == 2 else 2.0
    return Recalibrated(
        method,
        calibration_scores(comparison, made),
        _gain(comparison, lambda given: brier_scores(truth, given), before, made, top),
        _gain(comparison, lambda given: losses(truth, given), before, made, _LARGEST_LOSS),
        made,
    )


def all_recalibrated(comparison: Comparison, result: ModelResult) -> tuple[Recalibrated, ...]:
    """Return `recalibrated` of each method."""
    return tuple(recalibrated(comparison, result, method) for method in METHODS)


def fitted_where(comparison: Comparison, result: ModelResult) -> str:
    """Return which samples fit a recalibration and which judge it, in a sentence or two."""
    rows = validation_rows(result.source)
    if not len(rows):
        return "There are no labelled validation patches to fit a recalibration on."
    if result.source.recipe is not None and result.source.recipe.kind == "stacking":
        return "This ensemble was fitted on the validation set itself, so that a recalibration fitted there misleads."
    groups, kind = known_groups(rows)
    if groups is None or kind is None:
        fitted = count(len(rows), "validation patch")
    else:
        fitted = f"{count(len(rows), 'validation patch')} of {count(len(set(groups)), kind)}"
    if comparison.split_set == "valid":
        parts = f"each of {FOLDS} parts of the {plural(kind or 'patient')} is recalibrated by a fit on the others"
        return f"Fitted and judged on {fitted}: {parts}."
    judged = f"Fitted on {fitted}, judged on {count(comparison.n, f'{comparison.split_set} patch')}"
    if groups is None or kind is None or comparison.groups is None or kind != comparison.group_kind:
        return f"{judged}. Whether they share patients is not known; if they do, the gain is too large."
    judged = f"{judged} of {count(comparison.n_groups, kind)}"
    shared = len(set(groups) & set(comparison.groups))
    if not shared:
        return f"{judged}. They share no {kind}."
    return f"{judged}. They share {count(shared, kind)}, so that the gain may be too large."


def _probabilities(comparison: Comparison, result: ModelResult, method: CalibrationMethod) -> np.ndarray:
    if comparison.split_set == "train":
        raise ComparisonError(
            "The models have learnt from the training set.", "Calibration is judged on other patches."
        )
    if comparison.split_set == "valid":
        return _by_folds(comparison, result, method)
    source = replace(result.source, classes=comparison.classes)  # a run can list the same classes in another order
    return fit_on_validation(source, method)(result.probabilities)


def _by_folds(comparison: Comparison, result: ModelResult, method: CalibrationMethod) -> np.ndarray:
    """Recalibrate each part of the patients by a fit on the others, float64 [n, k]."""
    truth, given, groups = comparison.y_true, result.probabilities, comparison.groups
    if groups is None:
        raise ComparisonError(
            "Neither patients nor slides are known.",
            "On the validation set itself a gain is shown only by parts of its patients.",
        )
    if comparison.n_groups < FOLDS:
        raise ComparisonError(
            f"The validation set has {count(comparison.n_groups, comparison.group_kind or 'patient')}.",
            f"{FOLDS} or more are needed for a gain on the validation set itself.",
        )
    made = np.empty_like(given, dtype=np.float64)
    for fitting, judged in GroupKFold(FOLDS).split(given, truth, groups):
        if len(np.unique(truth[fitting])) < len(comparison.classes):
            raise ComparisonError(
                "A class is missing in a part of the validation patients.", "Each part is fitted with all classes."
            )
        made[judged] = fit_recalibration(truth[fitting], given[fitting], method)(given[judged])
    return made


def _gain(
    comparison: Comparison,
    score: Callable[[np.ndarray], np.ndarray],
    before: np.ndarray,
    after: np.ndarray,
    top: float,
) -> Interval:
    difference = score(after) - score(before)
    if not difference.any():
        return Interval(0.0, 0.0, 0.0, "no probability changes")
    codes = check_groups(comparison.groups, comparison.n)
    return mean_interval(difference, codes, bounds=(-top, top), confidence=comparison.confidence)
