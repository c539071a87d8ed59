"""Intervals of any statistic of counts."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import jackknife_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score, f1_score

from histo_core.evaluation.counts import counts_interval, ratio_interval
from histo_core.evaluation.macro_auroc import macro_auroc, macro_auroc_interval
from histo_core.evaluation.multiclass import mean_f1, rows, square

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 3, 90)
CALLED = np.where(RNG.random(90) < 0.7, TRUE, RNG.integers(0, 3, 90))
GROUPS = np.repeat(np.arange(9), 10)


def _macro_f1(counts: np.ndarray) -> np.ndarray:
    return mean_f1(square(counts))


def test_without_groups_each_sample_is_left_out_in_turn() -> None:
    found = counts_interval(TRUE * 3 + CALLED, 9, _macro_f1, units=rows(3))
    kept = [np.arange(90) != i for i in range(90)]
    left = np.array([f1_score(TRUE[k], CALLED[k], average="macro") for k in kept])
    sizes = np.eye(3)[TRUE]
    assert (found.low, found.high) == pytest.approx(jackknife_by_hand(found.value, left, sizes), rel=1e-6)
    assert "jackknife of 90 samples" in found.method


def test_with_groups_each_group_is_left_out_in_turn() -> None:
    found = counts_interval(TRUE * 3 + CALLED, 9, _macro_f1, GROUPS, units=rows(3))
    left = np.array([f1_score(TRUE[k], CALLED[k], average="macro") for k in (g != GROUPS for g in range(9))])
    sizes = np.array([[np.sum((g == GROUPS) & (c == TRUE)) for c in range(3)] for g in range(9)])
    assert (found.low, found.high) == pytest.approx(jackknife_by_hand(found.value, left, sizes), rel=1e-6)


def test_a_statistic_may_lie_below_nothing() -> None:
    def kappa(counts: np.ndarray) -> np.ndarray:
        table = square(counts) / counts.sum(axis=-1)[..., None, None]
        chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
        return (np.trace(table, axis1=-2, axis2=-1) - chance) / (1 - chance)

    found = counts_interval(TRUE * 3 + CALLED, 9, kappa, GROUPS, bounds=(-1, 1))
    assert found.value == pytest.approx(cohen_kappa_score(TRUE, CALLED))
    assert -1 < found.low < found.value < found.high < 1


def test_a_rate_without_a_miss_rests_on_its_hits() -> None:
    """Precision of three right answers among six samples of three groups: one more right answer changes nothing."""

    def precision(counts: np.ndarray) -> np.ndarray:
        return counts[..., 0] / (counts[..., 0] + counts[..., 1])

    found = counts_interval([0, 2, 0, 2, 0, 2], 3, precision, np.array([0, 0, 1, 1, 2, 2]))
    assert (found.value, found.low, found.high) == pytest.approx((1, 0.025 ** (1 / 3), 1))


def test_a_part_of_one_group_allows_no_interval() -> None:
    true = np.where(GROUPS == 0, 2, TRUE % 2)
    found = counts_interval(true * 3 + CALLED, 9, _macro_f1, GROUPS, units=rows(3))
    assert (found.low, found.high) == (0, 1)
    assert found.method == "one group: no interval can be estimated"
    assert not counts_interval([0], 1, lambda counts: np.full(counts.shape[:-1], np.nan)).defined


def test_a_rate_without_groups_is_exact_and_with_groups_no_narrower() -> None:
    right = TRUE == CALLED
    found = ratio_interval(right, np.ones(90, bool), confidence=0.9)
    expected = binomtest(int(right.sum()), 90).proportion_ci(0.9, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    same = np.tile([True] * 7 + [False] * 3, 9)  # every group alike: 0.7 in each
    by_group = ratio_interval(same, np.ones(90, bool), GROUPS)
    share = 0.025 ** (1 / 9)
    assert (by_group.low, by_group.high) == pytest.approx((0.7 * share, 0.7 * share + 1 - share))
    assert not ratio_interval([False], [False]).defined


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_a_rate_lies_within_limits_that_are_apart(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 20))
    flags = st.lists(st.booleans(), min_size=n, max_size=n)
    tried, won = np.array(data.draw(flags)), np.array(data.draw(flags))
    codes = data.draw(st.none() | st.lists(st.integers(0, 3), min_size=n, max_size=n))
    codes = None if codes is None else np.unique(codes, return_inverse=True)[1]
    found = ratio_interval(won & tried, tried, codes)
    if not tried.any():
        assert not found.defined
        return
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high > found.low
    assert found.value == pytest.approx((won & tried).sum() / tried.sum())


def test_the_macro_auroc_leaves_each_patient_out_in_turn() -> None:
    from sklearn.metrics import roc_auc_score

    p = RNG.dirichlet(np.ones(3), 90) + np.eye(3)[TRUE] * 0.4
    p /= p.sum(axis=1, keepdims=True)
    found = macro_auroc_interval(TRUE, p, GROUPS)
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(TRUE, p, multi_class="ovr"))
    left = [roc_auc_score(TRUE[k], p[k], multi_class="ovr") for k in (g != GROUPS for g in range(9))]
    df = float(found.method.split("t with ")[1].split(" degrees")[0])
    expected = jackknife_by_hand(found.value, np.array(left), np.ones((9, 1)), df)
    assert (found.low, found.high) == pytest.approx(expected, rel=2e-2)
    assert macro_auroc(np.zeros(3, int), p[:3]) is None
