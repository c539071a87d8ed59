"""Reliability: the three terms of the Brier score, and the band of a calibrated model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from histo_core.evaluation.prevalence import sample_weights
from histo_core.evaluation.reliability import reliability


@pytest.fixture
def cancer() -> pd.DataFrame:
    """The data set of the packages dcurves (1.1.7): 750 patients, prevalence 0.14."""
    return pd.read_csv(Path(__file__).with_name("dcurves.csv"))


@pytest.mark.parametrize(
    ("prevalence", "expected"),
    [
        (None, (0.004946826001463886, 0.0404177282044465, 0.1204, 0.08492909779701738)),
        (0.3, (0.02725948812523281, 0.086494090970534, 0.21, 0.15076539715469883)),
    ],
)
def test_the_terms_are_those_of_model_diagnostics(
    cancer: pd.DataFrame, prevalence: float | None, expected: tuple[float, ...]
) -> None:
    """``model_diagnostics.scoring.decompose`` 1.5.0, weighted to the prevalence by its ``weights``."""
    found = reliability(cancer["cancer"], cancer["cancerpredmarker"], prevalence=prevalence, draws=2)
    terms = found.miscalibration, found.discrimination, found.uncertainty, found.brier
    assert terms == pytest.approx(expected, abs=1e-14)
    assert found.brier == pytest.approx(found.miscalibration - found.discrimination + found.uncertainty, abs=1e-15)


@pytest.mark.parametrize("prevalence", [None, 0.05])
def test_the_curve_is_scikit_learns_isotonic_regression(cancer: pd.DataFrame, prevalence: float | None) -> None:
    y, p = cancer["cancer"].to_numpy(), cancer["cancerpredmarker"].round(2).to_numpy()
    found = reliability(y, p, prevalence=prevalence, draws=2)
    weights = sample_weights(y == 1, prevalence)
    expected = IsotonicRegression(y_min=0, y_max=1).fit(p, y, sample_weight=weights).predict(found.probability)
    np.testing.assert_allclose(found.observed, expected, atol=1e-12)
    assert found.brier == pytest.approx(brier_score_loss(y, p, sample_weight=weights))
    assert found.share == pytest.approx(0.14 if prevalence is None else prevalence)
    assert found.samples.sum() == 750


@pytest.mark.parametrize("prevalence", [None, 0.1])
def test_a_calibrated_model_stays_in_its_band_and_another_does_not(prevalence: float | None) -> None:
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(20):
        p = rng.beta(1, 1, 1500)
        y = rng.random(1500) < p
        if prevalence is not None:  # a sample of half and half, from a population that is calibrated at the prevalence
            weight = np.where(y, prevalence / y.mean(), (1 - prevalence) / (1 - y.mean()))
            odds = p / (1 - p) * (prevalence / y.mean()) / ((1 - prevalence) / (1 - y.mean()))
            assert weight.mean() == pytest.approx(1)
            p = odds / (1 + odds)
        found = reliability(y, p, prevalence=prevalence, draws=100)
        curve = np.interp(found.grid, found.probability, found.observed)
        inside.append(((found.low <= curve) & (curve <= found.high)).mean())
    assert np.mean(inside) > 0.88
    found = reliability(y, p**3, prevalence=prevalence, draws=50)
    curve = np.interp(found.grid, found.probability, found.observed)
    assert (curve > found.high).mean() > 0.3
