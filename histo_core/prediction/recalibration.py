"""Recalibrate probabilities: fit a temperature, Platt scaling or isotonic regression, and apply it to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.isotonic import IsotonicRegression

from histo_core.errors import ComparisonError
from histo_core.evaluation.probability_scores import calibration_line

CalibrationMethod = Literal["temperature", "platt", "isotonic"]
METHODS: tuple[CalibrationMethod, ...] = get_args(CalibrationMethod)
METHOD_NAMES: Mapping[CalibrationMethod, str] = {
    "temperature": "temperature scaling",
    "platt": "Platt scaling",
    "isotonic": "isotonic regression",
}
_EDGE = 1e-6
_WIDEST = np.log(100.0)
"""Temperatures from 0.01 to 100 are tried."""


@dataclass(frozen=True)
class Recalibration:
    """A fitted recalibration; call it with probabilities, float64 [n, k], for recalibrated ones of the same shape.

    Attributes:
        method: how it was fitted.
        parameters: the temperature; the intercept and slope of Platt scaling; or the corners of the step function of
            isotonic regression, first those of the given and then those of the fitted probability of class 1.
    """

    method: CalibrationMethod
    parameters: tuple[tuple[float, ...], ...]

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        if self.method == "temperature":
            ((temperature,),) = self.parameters
            return softmax(np.log(np.clip(probabilities, _EDGE, 1)) / temperature, axis=1)
        first, second = self.parameters
        score = probabilities[:, 1]
        if self.method == "platt":
            score = expit(first[0] + second[0] * logit(np.clip(score, _EDGE, 1 - _EDGE)))
        else:
            score = np.interp(score, first, second)
        return np.stack([1 - score, score], axis=1)

    def facts(self) -> dict[str, Any]:
        """Return it as plain values, which `from_facts` reads."""
        return {"method": self.method, "parameters": [list(one) for one in self.parameters]}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Recalibration:
        """Read plain values.

        Raises:
            KeyError, TypeError, ValueError: they are not those of `facts`.
        """
        method, given = facts["method"], facts["parameters"]
        if method not in METHODS:
            raise ValueError(method)
        parameters = tuple(tuple(float(number) for number in one) for one in given)
        lengths = {len(one) for one in parameters}
        expected = 1 if method == "temperature" else 2
        single = method != "isotonic"
        numbers = np.array([number for one in parameters for number in one])
        if len(parameters) != expected or len(lengths) != 1 or (single and lengths != {1}) or 0 in lengths:
            raise ValueError(given)
        if not np.isfinite(numbers).all() or (method == "temperature" and numbers[0] <= 0):
            raise ValueError(given)
        return cls(method, parameters)


def fit_recalibration(y_true: np.ndarray, probabilities: np.ndarray, method: CalibrationMethod) -> Recalibration:
    """Fit a recalibration.

    - ``temperature``: one number divides all logits (Guo et al. 2017, ICML). The order of scores stays.
    - ``platt``: logit p' = a + b logit p, fitted by maximum likelihood; two classes only.
    - ``isotonic``: a step function that never falls; two classes only. It makes ties.

    Args:
        y_true: int64 [n], class indices 0 to k - 1, with samples of each class.
        probabilities: float64 [n, k], rows that sum to 1.
        method: how to recalibrate.

    Raises:
        ComparisonError: a method for two classes used for more, or a fit that does not exist.
    """
    if method == "temperature":
        return Recalibration(method, ((_temperature(y_true, probabilities),),))
    k = probabilities.shape[1]
    if k > 2:
        raise ComparisonError(
            f"{METHOD_NAMES[method].capitalize()} was asked for {k} classes.",
            "It is for two.",
            "Use temperature scaling.",
        )
    positive, score = y_true == 1, probabilities[:, 1]
    if method == "isotonic":
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, positive)
        corners = (fitted.X_thresholds_, fitted.y_thresholds_)
        return Recalibration(method, tuple(tuple(map(float, one)) for one in corners))
    intercept, slope = calibration_line(positive, score)
    if np.isnan(slope):
        raise ComparisonError(
            "The validation scores separate the classes, or are all equal.",
            "Platt scaling needs classes that overlap.",
            "Use temperature scaling, or a larger validation set.",
        )
    return Recalibration(method, ((float(intercept),), (float(slope),)))


def _temperature(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    logits = np.log(np.clip(probabilities, _EDGE, 1))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(y_true)), y_true].mean())

    found = minimize_scalar(loss, bounds=(-_WIDEST, _WIDEST), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x))
