"""Scores of k classes and their intervals, against scikit-learn and against drawing sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from histo_core.errors import DataError
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.class_scores import METRICS, class_scores
from histo_core.evaluation.pooled_predictions import pooled_intervals


def _made(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k)) + np.eye(k)[y]
    return y, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [2, 5])
def test_scores_are_those_of_scikit_learn(k: int) -> None:
    y, p = _made(300, k)
    called, found = p.argmax(axis=1), class_scores(y, p, positive=1)
    assert found.n == 300
    assert found.accuracy == pytest.approx(accuracy_score(y, called))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(y, called))
    assert found.macro_f1 == pytest.approx(f1_score(y, called, average="macro"))
    assert found.loss == pytest.approx(log_loss(y, p))
    assert found.weighted_f1 == pytest.approx(f1_score(y, called, average="weighted"))
    expected = roc_auc_score(y, p[:, 1]) if k == 2 else roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert found.auroc == pytest.approx(expected)


def test_a_class_that_is_missing_counts_as_scikit_learn_counts_it() -> None:
    y, p = np.array([0, 0, 1]), np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1]])
    found = class_scores(y, p, positive=2)
    assert found.auroc == pytest.approx(np.mean([roc_auc_score(y == c, p[:, c]) for c in (0, 1)]))
    assert class_scores(np.zeros(3, np.int64), p, positive=2).auroc is None
    assert found.balanced_accuracy == pytest.approx(0.75)
    assert found.macro_f1 == pytest.approx(f1_score(y, p.argmax(axis=1), average="macro"))


def test_a_probability_of_nothing_has_a_finite_loss() -> None:
    assert np.isfinite(class_scores(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]), 1).loss)


def test_no_sample_is_refused() -> None:
    with pytest.raises(DataError, match="no sample"):
        class_scores(np.zeros(0, np.int64), np.zeros((0, 2)), 1)


@pytest.mark.parametrize("grouped", [True, False])
def test_intervals_are_those_of_drawing_again(grouped: bool) -> None:
    y, p = _made(240, 3)
    groups = np.repeat(np.arange(40), 6).astype(str) if grouped else None
    found = pooled_intervals(y, p, 1, groups)
    assert set(found) == set(METRICS)
    rng, drawn = np.random.default_rng(1), []
    for _ in range(400):
        if grouped:
            rows = np.concatenate([np.arange(6) + 6 * group for group in rng.integers(0, 40, 40)])
        else:
            rows = rng.integers(0, 240, 240)
        scores = class_scores(y[rows], p[rows], 1)
        drawn.append([getattr(scores, name) for name in METRICS])
    low, high = np.quantile(np.asarray(drawn), [0.025, 0.975], axis=0)
    for name, least, most in zip(METRICS, low, high, strict=True):
        width = most - least
        assert found[name].value == getattr(class_scores(y, p, 1), name)
        assert found[name].low == pytest.approx(least, abs=0.3 * width), name
        assert found[name].high == pytest.approx(most, abs=0.3 * width), name


def test_the_auroc_is_that_of_auroc_interval() -> None:
    y, p = _made(100, 2)
    groups = np.arange(100) // 5
    assert pooled_intervals(y, p, 1, groups)["auroc"] == auroc_interval(y == 1, p[:, 1], groups)
    assert not pooled_intervals(np.zeros(5, np.int64), p[:5], 1)["auroc"].defined


def test_few_patients_are_warned_of() -> None:
    y, p = _made(12, 2)
    assert "Only 3" in pooled_intervals(y, p, 1, np.arange(12) % 3)["accuracy"].warning


def test_without_groups_accuracy_gets_the_exact_interval() -> None:
    y, p = _made(60, 3)
    right = int((p.argmax(axis=1) == y).sum())
    low, high = proportion_confint(right, 60, method="beta")
    assert pooled_intervals(y, p, 1)["accuracy"].low == pytest.approx(low)
    assert pooled_intervals(y, p, 1)["accuracy"].high == pytest.approx(high)


def _all_right(n: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(n) % 2
    return y, np.where(np.eye(2)[y] == 1, 0.9, 0.1)


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_what_does_not_vary_gets_a_limit_and_no_certainty(grouped: bool, wrong: bool) -> None:
    """Of 20 that are all right, 83% could have been expected to be: 0.025^(1 / 20)."""
    y, p = _all_right(20)
    found = pooled_intervals(1 - y if wrong else y, p, 1, np.arange(20) // 4 if grouped else None)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1"):
        one = found[name]
        assert one.value == (0.0 if wrong else 1.0)
        assert one.high - one.low > 0.1, name
    if not grouped and not wrong:
        assert found["accuracy"].low == pytest.approx(0.025 ** (1 / 20))
        assert found["macro_f1"].low == pytest.approx(0.025 ** (1 / 10))  # 10 of each class
    if grouped and not wrong:
        assert found["macro_f1"].low == found["accuracy"].low == pytest.approx(0.025 ** (1 / 5))
    assert (found["loss"].low, found["loss"].high) == (0.0, np.inf)
    assert "no interval can be estimated" in found["loss"].method


def test_all_called_the_same_give_the_mean_recall_the_limit_of_what_does_not_vary() -> None:
    """One class all right, the other all wrong in each of 10 patients: at least 69% of patients are like that."""
    y, p = np.arange(40) % 2, np.tile([0.8, 0.2], (40, 1))
    found = pooled_intervals(y, p, 1, np.arange(40) // 4)["balanced_accuracy"]
    share = 0.025 ** (1 / 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 * share, 0.5 * share + 1 - share))
    assert found.method == "exact limit of 10 groups"


def test_one_patient_says_nothing_about_others() -> None:
    y, p = _made(30, 2)
    found = pooled_intervals(y, p, 1, np.zeros(30))
    assert {(one.low, one.high) for name, one in found.items() if name != "loss"} == {(0.0, 1.0)}
    assert (found["loss"].low, found["loss"].high) == (0.0, np.inf)


def test_a_loss_is_never_below_nothing() -> None:
    y, p = np.array([0, 0, 0]), np.array([[0.99, 0.01], [0.98, 0.02], [0.03, 0.97]])
    found = pooled_intervals(y, p, 1)["loss"]
    assert 0 < found.low < found.value < found.high
