import numpy as np
import pytest
from by_hand import jackknife_by_hand
from scipy import stats
from sklearn import metrics

from histo_core.errors import DataError
from histo_core.evaluation.metrics import RATES, binary_metrics, confusion


def test_rates_agree_with_scikit_learn(made) -> None:
    y, score = made.y, made.scores[1]
    found = binary_metrics(y, score, 0.4)
    called = (score >= 0.4).astype(int)
    assert (found.tn, found.fp, found.fn, found.tp) == tuple(metrics.confusion_matrix(y, called).ravel())
    assert found.n == found.tp + found.fp + found.fn + found.tn == 300
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(y, called))
    assert found.sensitivity.value == pytest.approx(metrics.recall_score(y, called))
    assert found.specificity.value == pytest.approx(metrics.recall_score(y, called, pos_label=0))
    assert found.precision.value == pytest.approx(metrics.precision_score(y, called))
    assert found.f1.value == pytest.approx(metrics.f1_score(y, called))


def test_a_score_at_the_threshold_is_positive() -> None:
    found = binary_metrics([1, 0], [0.5, 0.4999], 0.5)
    assert (found.tp, found.tn) == (1, 1)


def test_without_patients_intervals_are_exact(made) -> None:
    found = binary_metrics(made.y, made.scores[1], 0.4, confidence=0.9)
    expected = stats.binomtest(found.tp, found.tp + found.fn).proportion_ci(0.9, method="exact")
    assert (found.sensitivity.low, found.sensitivity.high) == pytest.approx((expected.low, expected.high))
    assert found.f1.method == "exact (Clopper and Pearson)"


def test_f1_limits_agree_with_resampling(made) -> None:
    """F1's limits come from the Jaccard index; a multinomial bootstrap of the four counts must say about the same."""
    found = binary_metrics(made.y, made.scores[1], 0.4)
    counts = np.array([found.tp, found.fp, found.fn, found.tn])
    tp, fp, fn, _ = np.random.default_rng(0).multinomial(300, counts / 300, 20_000).T
    low, high = np.quantile(2 * tp / (2 * tp + fp + fn), [0.025, 0.975])
    assert (found.f1.low, found.f1.high) == pytest.approx((low, high), abs=0.009)


def test_with_patients_limits_are_those_of_leaving_one_out(made) -> None:
    y, called = made.y, made.scores[1] >= 0.4
    found = binary_metrics(y, made.scores[1], 0.4, made.patients).sensitivity
    patients = sorted(set(made.patients))
    left = np.array([metrics.recall_score(y[k], called[k]) for k in (made.patients != p for p in patients)])
    sizes = np.array([[np.sum(y[made.patients == p])] for p in patients])
    low, high = jackknife_by_hand(found.value, left, sizes)
    alone = binary_metrics(y, made.scores[1], 0.4).sensitivity
    assert (found.low, found.high) == pytest.approx((min(low, alone.low), max(high, alone.high)), rel=1e-6)


def test_what_cannot_be_said_is_not_said() -> None:
    nothing_called = binary_metrics([0, 1], [0.1, 0.2], 0.9)
    assert not nothing_called.precision.defined
    assert nothing_called.precision.method == "nothing is called positive"
    assert nothing_called.f1.value == 0
    for groups in (None, ["a", "b"]):
        no_positive = binary_metrics([0, 0], [0.1, 0.2], 0.5, groups)
        assert [name for name in RATES if not getattr(no_positive, name).defined] == ["sensitivity", "precision", "f1"]


def test_rates_that_never_vary_get_exact_limits() -> None:
    y, score, patients = [0, 0, 1, 1, 1, 1], [0.1, 0.2, 0.9, 0.8, 0.9, 0.7], ["a", "b", "a", "b", "c", "c"]
    found = binary_metrics(y, score, 0.5, patients)
    assert found.sensitivity.low == pytest.approx(0.025 ** (1 / 3))
    assert found.specificity.low == pytest.approx(0.025 ** (1 / 2))
    jaccard = 0.025 ** (1 / 3)
    assert found.f1.low == pytest.approx(2 * jaccard / (1 + jaccard))
    assert found.sensitivity.warning
    turned = binary_metrics(y, [1 - s for s in score], 0.5, patients)
    assert (turned.sensitivity.low, turned.sensitivity.high) == pytest.approx((0, 1 - 0.025 ** (1 / 3)))
    alone = binary_metrics(y, score, 0.5, ["a"] * 6)
    assert (alone.accuracy.low, alone.accuracy.high) == (0, 1)


def test_confusion_has_the_true_class_in_rows() -> None:
    true, predicted = [0, 0, 1, 2, 2, 2], [0, 1, 1, 0, 2, 2]
    found = confusion(true, predicted, 4)
    np.testing.assert_array_equal(found, metrics.confusion_matrix(true, predicted, labels=range(4)))
    assert found[0, 1] == 1
    assert found.dtype == np.int64
    assert confusion([], [], 2).sum() == 0


def test_confusion_refuses_what_is_no_class() -> None:
    with pytest.raises(DataError, match="run from -1 to 1"):
        confusion([0, -1], [0, 1], 2)
    with pytest.raises(DataError, match="One value a sample"):
        confusion([0], [0, 1], 2)


def test_npv_is_the_precision_of_the_other_class() -> None:
    y, score = np.array([0, 0, 1, 1, 0]), np.array([0.1, 0.6, 0.4, 0.9, 0.2])
    found, other = binary_metrics(y, score, 0.5), binary_metrics(1 - y, 1 - score, 0.5)
    assert (found.npv.value, found.npv.low, found.npv.high) == (
        other.precision.value,
        other.precision.low,
        other.precision.high,
    )
