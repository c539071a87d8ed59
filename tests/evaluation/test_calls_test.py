"""Tests of calls: McNemar's against statsmodels, Durkalski's by hand, and how often it errs."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from histo_core.errors import DataError
from histo_core.evaluation.calls_test import calls_test


def test_mcnemar_equals_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, other = rng.random(60) < 0.8, rng.random(60) < 0.7
        table = [[(first & other).sum(), (first & ~other).sum()], [(~first & other).sum(), (~first & ~other).sum()]]
        found = calls_test(first, other)
        assert (found.first_only, found.other_only) == (table[0][1], table[1][0])
        assert found.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)  # pyright: ignore[reportAttributeAccessIssue]
        assert found.difference == pytest.approx(first.mean() - other.mean())


def test_durkalski_by_hand() -> None:
    first = [1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 1]
    other = [0, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1]
    groups = ["A"] * 4 + ["B"] * 5 + ["C"] * 2
    found = calls_test(first, other, groups)
    # Shares 2/4, (1 - 2)/5 and 1/2: (0.5 - 0.2 + 0.5)^2 / (0.25 + 0.04 + 0.25) = 1.185 with one degree of freedom.
    assert found.p_value == pytest.approx(0.2763, abs=1e-4)
    assert found.swap.n_groups == 3
    assert found.swap.p_value == 0.75  # of the 8 sums of +-2, +-1, +-1 six are 2 or more, or -2 or less
    assert found.warning


def test_groups_of_two_alike_are_mcnemar_without_correction() -> None:
    rng = np.random.default_rng(0)
    first, other = rng.random(200) < 0.8, rng.random(200) < 0.7
    table = [[(first & other).sum(), (first & ~other).sum()], [(~first & other).sum(), (~first & ~other).sum()]]
    found = calls_test(first.repeat(2), other.repeat(2), np.arange(200).repeat(2))
    assert found.p_value == pytest.approx(mcnemar(table, exact=False, correction=False).pvalue)  # pyright: ignore[reportAttributeAccessIssue]


def test_patches_of_a_patient_are_not_taken_for_independent() -> None:
    """Two equal models that are right or wrong on whole patients: 5% of the tests may reject, not a third of them."""
    rng = np.random.default_rng(0)
    rejected, by_patch = [], []
    for _ in range(100):
        groups = np.repeat(np.arange(20), rng.integers(5, 40, 20))
        first, other = (
            rng.random(len(groups)) < 1 / (1 + np.exp(-1 - rng.normal(0, 1.5, 20)[groups])) for _ in range(2)
        )
        found = calls_test(first, other, groups)
        rejected.append((found.p_value or 1) < 0.05)
        by_patch.append((calls_test(first, other).p_value or 1) < 0.05)
    assert np.mean(rejected) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert np.mean(by_patch) > 0.3


def test_models_that_agree_have_no_p_value() -> None:
    right = np.array([True, False, True])
    assert calls_test(right, right).p_value is None
    assert calls_test(right, right, ["A", "A", "B"]).p_value is None


def test_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="same length"):
        calls_test([True], [True, False])
