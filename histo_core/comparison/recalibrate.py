"""Recalibrate the probabilities of a run on its validation set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.isotonic import IsotonicRegression

from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.evaluation.probability_scores import calibration_line

CalibrationMethod = Literal["temperature", "platt", "isotonic"]
WORDS: Mapping[CalibrationMethod, str] = {
    "temperature": "temperature scaling",
    "platt": "Platt scaling",
    "isotonic": "isotonic regression",
}
_EDGE = 1e-6
_WIDEST = np.log(100.0)
"""Temperatures from 0.01 to 100 are tried."""
Recalibration = Callable[[np.ndarray], np.ndarray]
"""Maps probabilities, float64 [n, k], to recalibrated ones of the same shape."""


def recalibrate(run: RunPredictions, method: CalibrationMethod) -> RunPredictions:
    """Fit a recalibration on the run's validation set, and apply it to all of its predictions.

    - ``temperature``: one number divides all logits (Guo et al. 2017, ICML). The order of scores stays.
    - ``platt``: logit p' = a + b logit p, fitted by maximum likelihood; two classes only.
    - ``isotonic``: a step function that never falls; two classes only. It makes ties.

    On the validation set the result is too good, because it was fitted there.

    Args:
        run: predictions with a labelled validation set.
        method: how to recalibrate.

    Returns:
        An entry like a run's, whose id and name say how it was recalibrated.

    Raises:
        ComparisonError: no labelled validation sample of each class, a method for two classes used for more, or a fit
            that does not exist.
    """
    if method not in get_args(CalibrationMethod):
        raise ComparisonError(f"calibration = {method!r}.", f"Allowed: {', '.join(WORDS)}.", "Choose one of them.")
    columns = [f"prob_{name}" for name in run.classes]
    labelled = (run.table["split"] == "valid").to_numpy() & run.table["y_true"].notna().to_numpy()
    names = run.table["y_true"].to_numpy(dtype=object)[labelled]
    truth = np.array([run.classes.index(name) for name in names], np.int64)
    if (known := len(np.unique(truth))) < len(run.classes):
        raise ComparisonError(
            f"{run.name} has labelled validation samples of {known} of {len(run.classes)} classes.",
            "Recalibration is fitted on the validation set, which needs each class.",
            "Choose a run with a validation set that holds all classes.",
        )
    given = run.table[columns].to_numpy(np.float64)
    probabilities = fit_recalibration(truth, given[labelled], method)(given)
    called = np.array(run.classes, dtype=object)[probabilities.argmax(axis=1)]
    table = run.table.assign(y_pred=called, **dict(zip(columns, probabilities.T, strict=True)))
    return replace(run, run_id=f"{run.run_id}:{method}", name=f"{run.name}, {WORDS[method]}", table=table)


def fit_recalibration(y_true: np.ndarray, probabilities: np.ndarray, method: CalibrationMethod) -> Recalibration:
    """Fit a recalibration; `recalibrate` says what the methods do.

    Args:
        y_true: int64 [n], class indices 0 to k - 1, with samples of each class.
        probabilities: float64 [n, k], rows that sum to 1.
        method: how to recalibrate.

    Raises:
        ComparisonError: a method for two classes used for more, or a fit that does not exist.
    """
    if method == "temperature":
        return _temperature(y_true, probabilities)
    k = probabilities.shape[1]
    if k > 2:
        raise ComparisonError(
            f"{WORDS[method].capitalize()} was asked for {k} classes.", "It is for two.", "Use temperature scaling."
        )
    return (_platt if method == "platt" else _isotonic)(y_true == 1, probabilities[:, 1])


def _temperature(y_true: np.ndarray, probabilities: np.ndarray) -> Recalibration:
    logits = np.log(np.clip(probabilities, _EDGE, 1))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(y_true)), y_true].mean())

    found = minimize_scalar(loss, bounds=(-_WIDEST, _WIDEST), method="bounded", options={"xatol": 1e-8})
    temperature = float(np.exp(found.x))
    return lambda given: softmax(np.log(np.clip(given, _EDGE, 1)) / temperature, axis=1)


def _platt(positive: np.ndarray, score: np.ndarray) -> Recalibration:
    intercept, slope = calibration_line(positive, score)
    if np.isnan(slope):
        raise ComparisonError(
            "The validation scores separate the classes, or are all equal.",
            "Platt scaling needs classes that overlap.",
            "Use temperature scaling, or a larger validation set.",
        )
    return lambda given: _both(expit(intercept + slope * logit(np.clip(given[:, 1], _EDGE, 1 - _EDGE))))


def _isotonic(positive: np.ndarray, score: np.ndarray) -> Recalibration:
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, positive)
    return lambda given: _both(fitted.predict(given[:, 1]))


def _both(score: np.ndarray) -> np.ndarray:
    return np.stack([1 - score, score], axis=1)
