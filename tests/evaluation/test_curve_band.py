"""Bands: by hand with patients left out, empty where nothing can be estimated, and wide enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_curve

from histo_core.evaluation.curve_band import net_benefit_band, precision_recall_band, roc_band
from histo_core.evaluation.decision_curve import decision_curve


def test_the_band_holds_the_curve_and_is_by_patient(made) -> None:
    band = roc_band(made.y, made.scores[1], made.patients)
    fpr, tpr, _ = roc_curve(made.y, made.scores[1])
    curve = np.interp(band.x, fpr, tpr)
    assert (band.low <= curve + 1e-9).all()
    assert (curve <= band.high + 1e-9).all()
    alone = roc_band(made.y, made.scores[1])
    assert (band.high - band.low).mean() > (alone.high - alone.low).mean(), "patches of one patient count together"


def test_net_benefit_is_jackknifed_at_each_threshold(made) -> None:
    t = np.array([0.2, 0.5])
    band = net_benefit_band(made.y, made.scores[1], made.patients, thresholds=t)
    whole = decision_curve(made.y, made.scores[1], t).net_benefit
    left = np.array(
        [
            decision_curve(made.y[kept], made.scores[1][kept], t).net_benefit
            for one in np.unique(made.patients)
            for kept in (made.patients != one,)
        ]
    )
    error = np.sqrt(11 / 12 * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    width = band.high - band.low
    assert (band.low < whole).all()
    assert (whole < band.high).all()
    assert (width > 2 * 1.96 * error).all()
    assert (width < 2 * 3.5 * error).all()


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1]])
def test_one_class_or_one_patient_has_no_band(y: list[int]) -> None:
    assert not len(roc_band(y, [0.1, 0.2, 0.3]).x)
    assert not len(precision_recall_band([0, 1, 1], [0.1, 0.2, 0.3], ["a", "a", "b"]).x), "one patient has the rest"


def test_equal_scores_and_two_patches_give_a_band() -> None:
    band = roc_band([0, 1, 0, 1], [0.5] * 4)
    assert np.isfinite([band.low, band.high]).all()


@pytest.mark.parametrize("prevalence", [None, 0.1])
def test_each_point_is_held_about_as_often_as_promised(prevalence: float | None) -> None:
    rng, d, t, draws = np.random.default_rng(5), 1.2, np.array([0.1, 0.3, 0.5]), 60
    q = 0.5 if prevalence is None else prevalence
    patient = np.repeat(np.arange(15), 20)
    hits = {"roc": 0.0, "pr": 0.0, "net": 0.0}
    for _ in range(draws):
        y = rng.integers(0, 2, 300)
        z = np.sqrt(0.3) * rng.normal(size=15)[patient] + np.sqrt(0.7) * rng.normal(size=300) + d * y
        score, cut = norm.cdf(z - d / 2), norm.ppf(t) + d / 2
        band = roc_band(y, score, patient)
        true = norm.cdf(d + norm.ppf(band.x))
        hits["roc"] += ((band.low <= true) & (true <= band.high)).mean() / draws
        band = precision_recall_band(y, score, patient, prevalence=prevalence)
        inner = (band.x > 0.09) & (band.x < 1)
        x, low, high = band.x[inner], band.low[inner], band.high[inner]
        true = q * x / (q * x + (1 - q) * norm.cdf(norm.ppf(x) - d))
        hits["pr"] += ((low <= true) & (true <= high)).mean() / draws
        band = net_benefit_band(y, score, patient, thresholds=t, prevalence=prevalence)
        true = q * norm.sf(cut - d) - (1 - q) * norm.sf(cut) * t / (1 - t)
        hits["net"] += ((band.low <= true) & (true <= band.high)).mean() / draws
    assert min(hits.values()) > 0.88, hits


def test_net_benefit_at_a_prevalence_is_at_most_the_prevalence(made) -> None:
    t = np.array([0.01, 0.5, 0.99])
    band = net_benefit_band(made.y, made.scores[1], made.patients, thresholds=t, prevalence=0.05)
    assert (band.high <= 0.05).all()
    assert (band.low >= -0.95 * t / (1 - t)).all()


def test_the_band_of_a_roc_never_falls(made) -> None:
    band = roc_band(made.y, made.scores[1], made.patients)
    assert (np.diff(band.low) >= 0).all()
    assert (np.diff(band.high) >= 0).all()
