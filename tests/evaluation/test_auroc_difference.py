"""Two models on the same samples."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from by_hand import satterthwaite
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from histo_core.evaluation.auroc import auroc_difference, auroc_interval
from histo_core.evaluation.delong import delong_test
from histo_core.evaluation.swap_test import swap_test


def _left(made, score: np.ndarray) -> np.ndarray:
    kept = [made.patients != p for p in sorted(set(made.patients))]
    return np.array([roc_auc_score(made.y[k], score[k]) for k in kept])


def test_p_value_and_limits_by_patient_are_the_wider_of_both_scales(made) -> None:
    a, b = made.scores[2], made.scores[0]
    found = auroc_difference(made.y, a, b, made.patients)
    assert found is not None
    values = np.array([roc_auc_score(made.y, a), roc_auc_score(made.y, b)])
    left = np.stack([_left(made, a), _left(made, b)])
    covariance = 11**2 / 12 * np.cov(left)
    on_logits = 11**2 / 12 * np.cov(logit(left))
    error, logit_error = (np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1]) for c in (covariance, on_logits))
    df = float(found.method.split("t with ")[1].split(" degrees")[0])
    sizes = np.array(
        [[np.sum((made.patients == p) & (made.y == c)) for c in (1, 0)] for p in sorted(set(made.patients))]
    )
    assert df <= round(satterthwaite(sizes), 1)
    z = min((values[0] - values[1]) / error, (logit(values[0]) - logit(values[1])) / logit_error)
    assert found.p_value == pytest.approx(2 * stats.t.sf(z, df), rel=0.05)  # df is read with one decimal
    half = stats.t.ppf(0.975, df) * error
    grid = np.linspace(0, 2 * np.pi, 20_001)
    around = logit(values)[:, None] + stats.t.ppf(0.975, df) * np.linalg.cholesky(on_logits) @ [
        np.cos(grid),
        np.sin(grid),
    ]
    over = expit(around[0]) - expit(around[1])
    assert found.low == pytest.approx(min(values[0] - values[1] - half, over.min()), abs=2e-3)
    assert found.high == pytest.approx(max(values[0] - values[1] + half, over.max()), abs=2e-3)


def test_turned_round_it_says_the_same(made) -> None:
    for groups in (None, made.patients):
        found = auroc_difference(made.y, made.scores[2], made.scores[0], groups)
        turned = auroc_difference(made.y, made.scores[0], made.scores[2], groups)
        assert found is not None
        assert turned is not None
        expected = -found.high, -found.low, found.p_value
        assert (turned.low, turned.high, turned.p_value) == pytest.approx(expected, abs=1e-6)
        assert str(found).startswith("+0.")


def test_the_limits_leave_out_nothing_exactly_where_the_p_value_is_small() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        groups = np.repeat(np.arange(6), 10)
        y = rng.permutation(np.tile([0, 1], 30))
        a, b = rng.normal(size=(2, 60)) + np.array([[1.6], [0.6]]) * y
        level = rng.uniform(0.5, 0.99)
        found = auroc_difference(y, a, b, groups, confidence=level)
        assert found is not None
        assert found.p_value is not None
        assert (found.p_value < 1 - level) == (found.low > 0 or found.high < 0)


def test_large_independent_samples_give_delongs_p_value() -> None:
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 2000)
    a, b = rng.normal(size=(2, 4000)) + np.array([[1.0], [0.93]]) * y
    z, p = delong_test(y, a, b)
    found = auroc_difference(y, a, b)
    assert found is not None
    assert found.p_value == pytest.approx(p, rel=0.05)
    assert abs(z) > 0


@pytest.mark.parametrize("groups", [None, "patients"])
def test_the_same_order_is_no_difference_but_may_be_elsewhere(made, groups: str | None) -> None:
    ids = made.patients if groups else None
    found = auroc_difference(made.y, made.scores[1], made.scores[1] / 2, ids)
    assert found is not None
    assert (found.value, found.p_value) == (0, 1)
    pairs = 6 if groups else int(min(made.y.sum(), (1 - made.y).sum()))
    share = 0.025 ** (1 / pairs)
    assert (found.low, found.high) == pytest.approx((share - 1, 1 - share))


def test_a_perfect_model_takes_its_limits_from_both() -> None:
    y = np.repeat([0, 1], 20)
    found = auroc_difference(y, np.arange(40), np.full(40, 0.3))
    perfect, constant = auroc_interval(y, np.arange(40)), auroc_interval(y, np.full(40, 0.3))
    assert found is not None
    assert perfect is not None
    assert constant is not None
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - np.hypot(1 - perfect.low, constant.high - 0.5))
    assert found.high == pytest.approx(0.5 + (0.5 - constant.low))
    assert found.p_value is not None
    assert found.p_value < 0.05


def test_a_class_of_one_patient_has_no_p_value() -> None:
    rng = np.random.default_rng(1)
    y, groups = np.repeat([0, 1], 50), np.repeat(["a", "b"], 50)
    found = auroc_difference(y, rng.normal(size=100), rng.normal(size=100), groups)
    assert found is not None
    assert (found.low, found.high, found.p_value, found.swap) == (-1, 1, None, None)
    assert found.method == "one group of a class: no interval can be estimated"
    assert auroc_difference([1, 1], [0.2, 0.3], [0.1, 0.2]) is None


def _swapped(y: np.ndarray, a: np.ndarray, b: np.ndarray, groups: np.ndarray) -> float:
    """The exact test by the definition: swap scores within patients, compute both AUROCs anew, 2^K times."""
    observed = abs(roc_auc_score(y, a) - roc_auc_score(y, b))
    patients, at_least = np.unique(groups), 0
    for swap in product((0, 1), repeat=len(patients)):
        turn = np.array(swap)[np.searchsorted(patients, groups)]
        one, other = np.where(turn, b, a), np.where(turn, a, b)
        at_least += abs(roc_auc_score(y, one) - roc_auc_score(y, other)) >= observed - 1e-12
    return at_least / 2 ** len(patients)


@pytest.mark.parametrize("decimals", [0, 2])
def test_the_swap_test_is_that_of_all_swaps(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    groups = rng.integers(0, 7, 60)
    y = (rng.random(60) < 0.3 + 0.08 * groups).astype(int)
    a, b = np.round(rng.normal(size=(2, 60)) + np.array([[1.0], [0.4]]) * y, decimals)
    found = swap_test(y == 1, a, b, groups)
    assert found.p_value == pytest.approx(_swapped(y, a, b, groups))
    assert (found.smallest, found.n_groups, found.exact) == (2 / 2**7, 7, True)


def test_five_patients_cannot_give_less_than_a_sixteenth() -> None:
    y, groups = np.tile([0, 1], 25), np.repeat(np.arange(5), 10)
    better = y + np.linspace(0, 0.5, 50)
    found = auroc_difference(y, better, -better, groups)
    assert found is not None
    assert found.swap is not None
    assert found.swap.p_value == found.swap.smallest == 0.0625


def test_many_patients_are_swapped_at_random_or_by_the_normal_limit() -> None:
    rng = np.random.default_rng(5)
    y = np.tile([0, 1], 600)
    a, b = rng.normal(size=(2, 1200)) + np.array([[1.0], [0.9]]) * y
    drawn = swap_test(y == 1, a, b, np.arange(1200) // 4)
    normal = swap_test(y == 1, a, b, None)
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(normal.p_value, abs=0.06)
