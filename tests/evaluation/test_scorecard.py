"""All metrics of a model against scikit-learn, for two classes and for three."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.scorecard import LOWER_IS_BETTER, METRIC_NAMES, scorecard


@pytest.mark.parametrize("k", [2, 3])
def test_values_are_scikit_learns(k: int) -> None:
    rng = np.random.default_rng(k)
    true, patients = rng.integers(0, k, 240), np.repeat(np.arange(24), 10)
    table = rng.dirichlet(np.ones(k), 240) * 0.6 + 0.4 * np.eye(k)[rng.permutation(true)]
    table = np.where(rng.random((240, 1)) < 0.5, table, np.eye(k)[true] * 0.5 + 0.5 / k)
    called = table.argmax(axis=1)
    mine, score = true == 1, table[:, 1]
    at = binary_metrics(mine, score, 0.5, patients)
    found = scorecard(true, table, called, at, 1, patients)
    macro = {"multi_class": "ovr", "average": "macro"}
    f1 = metrics.f1_score
    expected = {
        "auroc": metrics.roc_auc_score(true, table if k > 2 else score, **(macro if k > 2 else {})),
        "auprc": metrics.average_precision_score(np.eye(k)[true] if k > 2 else mine, table if k > 2 else score),
        "accuracy": metrics.accuracy_score(true, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(true, called),
        "sensitivity": metrics.recall_score(mine, score >= 0.5),
        "specificity": metrics.recall_score(~mine, score < 0.5),
        "ppv": metrics.precision_score(mine, score >= 0.5),
        "npv": metrics.precision_score(~mine, score < 0.5),
        "f1": f1(mine, score >= 0.5),
        "macro_f1": f1(true, called, average="macro"),
        "weighted_f1": f1(true, called, average="weighted"),
        "mcc": metrics.matthews_corrcoef(true, called),
        "kappa": metrics.cohen_kappa_score(true, called),
        "brier": metrics.brier_score_loss(true, table if k > 2 else score),
        "log_loss": metrics.log_loss(true, table),
    }
    assert list(found) == list(METRIC_NAMES)
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=1e-9)
    for name, one in found.items():
        assert one.low < one.value < one.high, name
        assert one.method, name


def test_a_better_model_is_better_in_every_metric() -> None:
    rng = np.random.default_rng(9)
    true = rng.integers(0, 2, 2_000)
    cards = []
    for noise in (2.0, 0.7):
        p = 1 / (1 + np.exp(-(2 * true - 1) * 2 / noise**2 - 2 / noise * rng.normal(size=2_000)))
        at = binary_metrics(true, p, 0.5)
        cards.append(scorecard(true, np.stack([1 - p, p], axis=1), (p >= 0.5).astype(int), at, 1))
    for name in METRIC_NAMES:
        rise = cards[1][name].value - cards[0][name].value
        assert (rise < 0) == (name in LOWER_IS_BETTER), name


def test_metrics_that_need_no_threshold_do_not_move_with_it() -> None:
    rng = np.random.default_rng(4)
    true, p = (rng.random(200) < 0.7).astype(int), rng.random(200)
    cards = [
        scorecard(true, np.stack([1 - p, p], axis=1), (p >= t).astype(int), binary_metrics(true, p, t), 1)
        for t in (0.3, 0.6)
    ]
    moved = {name for name in METRIC_NAMES if cards[0][name] != cards[1][name]}
    assert moved == set(METRIC_NAMES) - {"auroc", "auprc", "brier", "log_loss", "ece"}


def test_one_class_only_says_what_is_not_defined() -> None:
    true, table = np.ones(6, int), np.tile([0.3, 0.7], (6, 1))
    found = scorecard(true, table, np.ones(6, int), binary_metrics(true, table[:, 1]), 1)
    assert [name for name, one in found.items() if not one.defined] == ["auroc", "auprc", "specificity", "npv", "kappa"]
    assert all(one.method for one in found.values())
