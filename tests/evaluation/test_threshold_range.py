"""The range of a chosen threshold, and thresholds by cost."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from histo_core.errors import DataError
from histo_core.evaluation.cost_threshold import threshold_for_cost
from histo_core.evaluation.operating_point import (
    threshold_for_sensitivity,
    threshold_for_specificity,
    youden_threshold,
)
from histo_core.evaluation.threshold_range import threshold_range


@pytest.mark.parametrize(
    "choose",
    [
        youden_threshold,
        lambda y, s, times=None: threshold_for_sensitivity(y, s, 0.9, times),
        lambda y, s, times=None: threshold_for_specificity(y, s, 0.8, times),
        lambda y, s, times=None: threshold_for_cost(y, s, 4, times),
    ],
)
def test_a_sample_that_counts_twice_is_as_if_it_were_there_twice(made, choose) -> None:
    times = np.random.default_rng(0).integers(0, 3, 300)
    y, score = made.y, made.scores[1]
    assert choose(y, score, times) == pytest.approx(choose(np.repeat(y, times), np.repeat(score, times)), abs=1e-9)


def test_the_range_is_of_resampled_patients(made) -> None:
    y, score = made.y, made.scores[1]

    def choose(times: np.ndarray) -> float:
        by_patient = [set(times[made.patients == one]) for one in np.unique(made.patients)]
        assert all(len(each) == 1 for each in by_patient), "whole patients"
        return threshold_for_sensitivity(y, score, 0.9, times)

    low, high = threshold_range(choose, 300, made.patients)
    assert low < threshold_for_sensitivity(y, score, 0.9) < high
    alone = threshold_range(lambda times: threshold_for_sensitivity(y, score, 0.9, times), 300)
    assert high - low > alone[1] - alone[0]


def test_one_patient_or_a_rule_that_seldom_holds_has_no_range() -> None:
    def never(times: np.ndarray) -> float:
        raise DataError("No threshold.", "", "")

    assert np.isnan(threshold_range(lambda _: 0.5, 3, ["a"] * 3)).all()
    assert np.isnan(threshold_range(never, 3)).all()


def test_of_calibrated_probabilities_the_threshold_is_one_over_one_plus_the_ratio() -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(1, 1, 60_000)
    y = rng.random(60_000) < p
    for ratio in (1, 5, 20):
        assert threshold_for_cost(y, p, ratio) == pytest.approx(1 / (1 + ratio), abs=0.01)
        squeezed = expit(0.5 * logit(p) + 1)  # another scale, the same decision
        assert threshold_for_cost(y, squeezed, ratio) == pytest.approx(
            expit(0.5 * logit(threshold_for_cost(y, p, ratio)) + 1), abs=1e-6
        )
    rarer = threshold_for_cost(y, p, 5, prevalence=0.1)  # the odds fall by 9 where one patch in ten has the class
    assert logit(rarer) == pytest.approx(logit(threshold_for_cost(y, p, 5)) + np.log(9), abs=0.03)


@pytest.mark.parametrize(
    ("y", "score"), [([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), ([0, 1], [0.5, 0.5]), ([1, 1, 0, 1, 0, 0], np.arange(6) / 6)]
)
def test_scores_that_cannot_be_calibrated_are_refused(y, score) -> None:
    with pytest.raises(DataError, match="cannot be calibrated"):
        threshold_for_cost(y, score, 5)
