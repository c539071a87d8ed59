"""Means over runs, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from histo_core.errors import DataError
from histo_core.evaluation.resampled_ttest import mean_over_seeds, mean_over_splits, spread

UTS = [0.86, 0.89, 0.87, 0.86, 0.91, 0.87, 0.87, 0.87, 0.88, 0.90]
"""F1 of ten runs with random splits, as a study of neuroblastoma published them: 836 images to train, 207 to test."""
T_9, T_1 = 2.2621571628, 12.7062047362
"""Quantiles of Student's t at 0.975, from a printed table."""


def test_ten_published_repeats() -> None:
    assert np.mean(UTS) == pytest.approx(0.878)
    assert spread(UTS) == pytest.approx(math.sqrt(0.00256 / 9))
    assert round(spread(UTS), 3) == 0.017
    found = mean_over_splits(UTS, train=836, test=207)
    half = T_9 * math.sqrt((1 / 10 + 207 / 836) * 0.00256 / 9)
    assert (found.value, found.low, found.high) == pytest.approx((0.878, 0.878 - half, 0.878 + half))
    assert str(found) == "0.878 (0.856 to 0.900)"
    assert "Nadeau" in found.method


def test_over_seeds_it_is_students_interval() -> None:
    found = mean_over_seeds(UTS)
    half = T_9 * math.sqrt(0.00256 / 9 / 10)
    assert (found.low, found.high) == pytest.approx((0.878 - half, 0.878 + half))
    assert str(found) == "0.878 (0.866 to 0.890)"


def test_two_values() -> None:
    found = mean_over_splits([0.80, 0.90], train=800, test=200)
    assert found.high - found.value == pytest.approx(T_1 * math.sqrt(0.75 * 0.005))


def test_the_correction_keeps_its_promise_where_the_plain_interval_does_not() -> None:
    """A mean is learnt from 80 of 100 draws and judged on the other 20; the truth is its expected loss."""
    rng = np.random.default_rng(0)
    held = {"corrected": 0, "plain": 0}
    trials = 300
    truth = 1 + 1 / 80
    for _ in range(trials):
        data, losses = rng.normal(size=100), []
        for _ in range(15):
            order = rng.permutation(100)
            losses.append(float(((data[order[80:]] - data[order[:80]].mean()) ** 2).mean()))
        for name, found in (("corrected", mean_over_splits(losses, 80, 20)), ("plain", mean_over_seeds(losses))):
            held[name] += found.low <= truth <= found.high
    assert held["corrected"] / trials > 0.85
    assert held["plain"] / trials < 0.75


@pytest.mark.parametrize("values", [[], [0.5], [0.5, math.nan]])
def test_too_few_or_no_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(DataError, match="Two finite numbers"):
        mean_over_seeds(values)


def test_a_set_without_samples_is_refused() -> None:
    with pytest.raises(DataError, match="above 0"):
        mean_over_splits(UTS, train=0, test=5)


def test_no_spread_of_one_value() -> None:
    assert math.isnan(spread([0.5]))


def test_runs_that_do_not_vary_say_nothing_of_others() -> None:
    """Else three runs that are all right would be certain of any other."""
    for found in (mean_over_seeds([1.0, 1.0, 1.0]), mean_over_splits([1.0, 1.0, 1.0], train=80, test=20)):
        assert not found.defined
        assert "do not vary" in found.method
