"""Which pairs are tested, and the correction for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from histo_core.comparison.pairs import family, holm, paired_differences


def test_the_best_is_looked_for_over_all_pairs_or_one_is_named_beforehand() -> None:
    assert family([2, 0, 1], None) == [(2, 0), (2, 1), (0, 1)]
    assert family([2, 0, 1], 0) == [(2, 0), (1, 0)]
    assert family([1], None) == []


def test_holm_is_the_step_down_procedure() -> None:
    # By hand: sorted 0.01, 0.02, 0.04 times 3, 2, 1, never falling.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([]) == []


def test_holm_is_that_of_statsmodels() -> None:
    for seed in range(5):
        p_values = np.random.default_rng(seed).random(8) ** 3
        p_values[:2] = 0.01
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_allclose(holm(p_values.tolist()), expected)


def test_a_pair_without_a_p_value_is_one_of_the_family_all_the_same() -> None:
    assert holm([0.04, None, 0.01]) == [pytest.approx(0.08), None, pytest.approx(0.03)]


@pytest.mark.parametrize("models", [3, 6])
def test_among_equal_models_one_is_hardly_ever_called_better(models: int) -> None:
    """Normal scores without patients; at most 5% of 200 comparisons, and its error: 0.05 + 3 * 0.0154."""
    rng, wrong, draws = np.random.default_rng(5), 0, 200
    y_true = np.repeat([1, 0], 50)
    for _ in range(draws):
        common, own = rng.normal(size=100), rng.normal(size=(models, 100))
        scores = norm.cdf(1.5 * y_true + np.sqrt(0.5) * common + np.sqrt(0.5) * own)
        found = paired_differences(y_true, scores, None, family(range(models), None), confidence=0.95, seed=0)
        wrong += any(p is not None and p < 0.05 for _, p in found)
    assert wrong / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)
