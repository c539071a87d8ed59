"""Net benefit: the numbers of the package dcurves on its own data, and the band's coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.evaluation.decision_curve import THRESHOLDS, decision_curve
from histo_core.evaluation.prevalence import sample_weights


def test_net_benefit_is_that_of_dcurves_on_its_data() -> None:
    """dcurves 1.1.7, `cancerpredmarker`."""
    cancer = pd.read_csv(Path(__file__).with_name("dcurves.csv"))
    found = decision_curve(cancer["cancer"], cancer["cancerpredmarker"], [0.05, 0.10, 0.20])
    np.testing.assert_allclose(found.net_benefit, [0.1055438596, 0.0874074074, 0.0673333333], atol=1e-10)
    np.testing.assert_allclose(found.treat_all, [0.0947368421, 0.0444444444, -0.075], atol=1e-10)
    assert found.avoided[2] == pytest.approx(56.9333, abs=1e-4)
    assert found.prevalence == pytest.approx(0.14)


def test_a_stated_prevalence_is_that_of_weighted_samples(made) -> None:
    score, t = made.scores[1], THRESHOLDS
    weights = sample_weights(made.y == 1, 0.07)
    found = decision_curve(made.y, score, prevalence=0.07)
    called = score[:, None] >= t
    gained = (weights * (made.y == 1)) @ called / 300 - (weights * (made.y == 0)) @ called / 300 * t / (1 - t)
    np.testing.assert_allclose(found.net_benefit, gained, atol=1e-12)
    np.testing.assert_allclose(found.treat_all, 0.07 - 0.93 * t / (1 - t), atol=1e-12)


def test_a_score_at_the_threshold_is_positive() -> None:
    assert decision_curve([1, 0], [0.5, 0.2], [0.5]).net_benefit[0] == 0.5
    assert decision_curve([1, 0], [0.5, 0.2], [0.51]).net_benefit[0] == 0
