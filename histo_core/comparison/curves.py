"""Compute the curves of all models of a comparison that Compare draws, and their points as tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from histo_core.comparison.results import Comparison, ModelResult
from histo_core.evaluation.curve_band import (
    NO_BAND,
    CurveBand,
    net_benefit_band,
    precision_recall_band,
    roc_band,
)
from histo_core.evaluation.decision_curve import DecisionCurve, decision_curve
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.precision_recall import (
    PrecisionRecallCurve,
    auprc_interval,
    precision_recall_curve,
    reweighted_precision,
)
from histo_core.evaluation.probability_scores import calibration_intervals
from histo_core.evaluation.reliability import DRAWS, Reliability, reliability

MOST_BANDS = 4
"""With more models no bands are drawn: they would cover each other."""


@dataclass(frozen=True, eq=False)
class ModelCurve:
    """A model's precision-recall curve, its area and its band."""

    curve: PrecisionRecallCurve
    area: Interval
    band: CurveBand


@dataclass(frozen=True, eq=False)
class ModelBenefit:
    """A model's decision curve, its band, and whether its probabilities are calibrated as far as can be told.

    Attributes:
        doubt: in which way they are not calibrated, in a sentence; empty where nothing is known against them.
    """

    curve: DecisionCurve
    band: CurveBand
    doubt: str


def truth_and_score(comparison: Comparison, result: ModelResult) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each sample is of the class of interest, bool [n], and the model's probabilities, float64 [n]."""
    index = comparison.classes.index(comparison.class_of_interest)
    return comparison.y_true == index, result.probabilities[:, index]


def has_both(comparison: Comparison) -> bool:
    """Return whether there are samples of the class of interest and others."""
    return 0 < comparison.share < 1


def roc_bands(comparison: Comparison) -> tuple[CurveBand, ...]:
    """Return the band of each model's ROC curve, by patient; empty bands for more than `MOST_BANDS` models."""
    return tuple(
        roc_band(*truth_and_score(comparison, result), comparison.groups, confidence=comparison.confidence)
        if _few(comparison)
        else NO_BAND
        for result in comparison.results
    )


def precision_recall_curves(comparison: Comparison) -> tuple[ModelCurve, ...]:
    """Return each model's precision-recall curve at the comparison's prevalence."""
    prevalence, confidence = comparison.prevalence, comparison.confidence
    found: list[ModelCurve] = []
    for result in comparison.results:
        truth, score = truth_and_score(comparison, result)
        curve = precision_recall_curve(truth, score)
        curve = replace(curve, precision=reweighted_precision(curve.precision, comparison.share, comparison.prevalence))
        few = _few(comparison) and has_both(comparison)
        band = (
            precision_recall_band(truth, score, comparison.groups, prevalence=prevalence, confidence=confidence)
            if few
            else NO_BAND
        )
        area = auprc_interval(truth, score, comparison.groups, prevalence=prevalence, confidence=confidence)
        found.append(ModelCurve(curve, area, band))
    return tuple(found)


def reliabilities(comparison: Comparison) -> tuple[Reliability, ...]:
    """Return each model's reliability diagram at the comparison's prevalence."""
    return tuple(
        reliability(
            *truth_and_score(comparison, result),
            prevalence=comparison.prevalence,
            confidence=comparison.confidence,
            draws=DRAWS if _few(comparison) else 0,
        )
        for result in comparison.results
    )


def decision_curves(comparison: Comparison) -> tuple[ModelBenefit, ...]:
    """Return each model's decision curve at the comparison's prevalence."""
    found: list[ModelBenefit] = []
    for result in comparison.results:
        truth, score = truth_and_score(comparison, result)
        curve = decision_curve(truth, score, prevalence=comparison.prevalence)
        band = NO_BAND
        if _few(comparison) and has_both(comparison):
            band = net_benefit_band(
                *(truth, score, comparison.groups),
                thresholds=curve.thresholds,
                prevalence=comparison.prevalence,
                confidence=comparison.confidence,
            )
        found.append(ModelBenefit(curve, band, _doubt(comparison, result)))
    return tuple(found)


def _few(comparison: Comparison) -> bool:
    return len(comparison.results) <= MOST_BANDS


def _doubt(comparison: Comparison, result: ModelResult) -> str:
    intercept, slope = calibration_intervals(
        *truth_and_score(comparison, result),
        comparison.groups,
        prevalence=comparison.prevalence,
        confidence=comparison.confidence,
    )
    wrong = [
        f"{name} {found}, calibrated {ideal:g}"
        for name, found, ideal in (("intercept", intercept, 0.0), ("slope", slope, 1.0))
        if found.defined and not found.low <= ideal <= found.high
    ]
    return f"{result.name} is not calibrated ({'; '.join(wrong)})." if wrong else ""


def precision_recall_points(comparison: Comparison, curves: tuple[ModelCurve, ...]) -> pd.DataFrame:
    """Return every point of the curves: model, threshold, recall, precision."""
    return _points(
        comparison,
        [
            {
                "threshold": np.append(one.curve.thresholds, np.nan)[: len(one.curve.recall)],
                "recall": one.curve.recall,
                "precision": one.curve.precision,
            }
            for one in curves
        ],
    )


def reliability_points(comparison: Comparison, found: tuple[Reliability, ...]) -> pd.DataFrame:
    """Return every distinct probability of each model, how many samples have it, and the observed share."""
    return _points(
        comparison,
        [{"probability": one.probability, "samples": one.samples, "observed": one.observed} for one in found],
    )


def decision_points(comparison: Comparison, found: tuple[ModelBenefit, ...]) -> pd.DataFrame:
    """Return each model's net benefit at each threshold, with its limits, and false alarms avoided in 100 patches."""
    return _points(
        comparison,
        [
            {
                "threshold": one.curve.thresholds,
                "net_benefit": one.curve.net_benefit,
                "low": one.band.low if len(one.band.x) else np.nan,
                "high": one.band.high if len(one.band.x) else np.nan,
                "treat_all": one.curve.treat_all,
                "avoided_per_100": one.curve.avoided,
                "prevalence": one.curve.prevalence,
            }
            for one in found
        ],
    )


def reliability_table(comparison: Comparison, found: tuple[Reliability, ...]) -> pd.DataFrame:
    """Return one row a model, to read: the Brier score and its three terms, and both means."""
    return pd.DataFrame(
        [
            {
                "Model": result.name,
                "Brier score": f"{one.brier:.4f}",
                "Miscalibration": f"{one.miscalibration:.4f}",
                "Discrimination": f"{one.discrimination:.4f}",
                "Uncertainty": f"{one.uncertainty:.4f}",
                "Mean probability": f"{one.mean:.3f}",
                f"Share of {comparison.class_of_interest}": f"{one.share:.3f}",
            }
            for result, one in zip(comparison.results, found, strict=True)
        ]
    )


def _points(comparison: Comparison, columns: list[dict[str, object]]) -> pd.DataFrame:
    """Return all models' points under each other, with the id and name of each model."""
    return pd.concat(
        [
            pd.DataFrame({"run_id": result.run_id, "model": result.name} | one)
            for result, one in zip(comparison.results, columns, strict=True)
        ],
        ignore_index=True,
    )
