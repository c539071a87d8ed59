"""Compute all metrics of one model by name, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from histo_core.evaluation.agreement import agreement_interval, cohen_kappa, matthews
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.calibration_error import CalibrationError, calibration_error
from histo_core.evaluation.class_report import class_report
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.macro_auroc import macro_auroc_interval
from histo_core.evaluation.metrics import BinaryMetrics
from histo_core.evaluation.multiclass import class_rates
from histo_core.evaluation.precision_recall import auprc_interval, macro_auprc_interval
from histo_core.evaluation.probability_scores import brier_interval, log_loss_interval
from histo_core.evaluation.scorecard_prevalence import reweighted
from histo_core.evaluation.validation import Groups

METRIC_NAMES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "mcc": "MCC",
    "kappa": "Kappa",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ece": "ECE",
}
"""The metrics and what they are called in tables."""
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "ece"})


def scorecard(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    called: np.ndarray,
    at_threshold: BinaryMetrics,
    positive: int,
    groups: Groups = None,
    *,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
    error: CalibrationError | None = None,
) -> Mapping[str, Interval]:
    """Return each metric of `METRIC_NAMES` with its interval; undefined ones say why.

    With more than two classes AUROC and AUPRC are means over the classes, each against the rest; accuracy, balanced
    accuracy, macro and weighted F1, MCC, kappa, Brier score and log loss are those of all classes; the others are those
    of the class of interest against the rest.

    Args:
        y_true: int64 [n], class indices 0 to k - 1.
        probabilities: float64 [n, k], rows that sum to 1.
        called: int64 [n], the predicted class of each sample.
        at_threshold: rates of the class of interest against the rest, with the same groups, confidence and prevalence.
        positive: index of the class of interest.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        prevalence: the stated share of the class of interest, to which everything is reweighted that depends on it
            (`reweighted`); None takes the samples as they are.
        confidence: 0 to 1.
        error: the calibration error of these probabilities where it is known already; it is not computed again then.

    Raises:
        DataError: arrays that do not fit each other.
    """
    k = probabilities.shape[1]
    mine, score = y_true == positive, probabilities[:, positive]
    if k > 2:
        auroc = macro_auroc_interval(y_true, probabilities, groups, confidence=confidence)
        auprc = macro_auprc_interval(y_true, probabilities, groups, confidence=confidence)
    else:
        auroc = auroc_interval(mine, score, groups, confidence=confidence)
        auprc = auprc_interval(mine, score, groups, confidence=confidence)
    rates = class_rates(y_true, called, k, groups, confidence=confidence)
    report = class_report(y_true, called, [str(i) for i in range(k)], groups, confidence=confidence)
    _, macro, weighted = report.averages
    card = {
        "auroc": auroc or Interval.undefined("a class is missing"),
        "auprc": auprc,
        "accuracy": rates.accuracy,
        "balanced_accuracy": rates.balanced_accuracy,
        "sensitivity": at_threshold.sensitivity,
        "specificity": at_threshold.specificity,
        "ppv": at_threshold.precision,
        "npv": at_threshold.npv,
        "f1": at_threshold.f1,
        "macro_f1": macro.f1,
        "weighted_f1": weighted.f1,
        "mcc": agreement_interval(matthews, y_true, called, k, groups, confidence=confidence),
        "kappa": agreement_interval(cohen_kappa, y_true, called, k, groups, confidence=confidence),
        "brier": brier_interval(y_true, probabilities, groups, confidence=confidence),
        "log_loss": log_loss_interval(y_true, probabilities, groups, confidence=confidence),
        "ece": (error or calibration_error(mine, score, groups, confidence=confidence)).ece,
    }
    if prevalence is None:
        return card
    return card | reweighted(
        y_true, probabilities, called, at_threshold, positive, prevalence, groups, confidence=confidence
    )
