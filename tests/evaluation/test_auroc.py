import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from histo_core.errors import DataError
from histo_core.evaluation.auroc import auroc_difference, auroc_interval, delong
from histo_core.evaluation.intervals import Interval


def test_delong_interval_on_the_logit_scale(made) -> None:
    auc, covariance = delong(made.y, made.scores[1])
    found = auroc_interval(made.y, made.scores[1], confidence=0.9)
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(made.y, made.scores[1]))
    # Through odds and the delta method, in another notation than the code.
    odds = auc[0] / (1 - auc[0])
    error = np.sqrt(covariance[0, 0]) * (1 / auc[0] + 1 / (1 - auc[0]))
    limits = [odds * np.exp(sign * 1.6448536 * error) for sign in (-1, 1)]
    assert (found.low, found.high) == pytest.approx([limit / (1 + limit) for limit in limits], rel=1e-6)
    assert found.method == "DeLong, logit scale"


def test_near_one_the_interval_keeps_its_promise() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], 40)
    shift = stats.norm.ppf(0.95) * np.sqrt(2)
    intervals = [auroc_interval(y, rng.normal(size=80) + shift * y) for _ in range(400)]
    held = np.mean([i is not None and i.low <= 0.95 <= i.high for i in intervals])
    assert 0.925 <= held <= 0.98


def test_patients_widen_the_interval_when_they_matter(made) -> None:
    alone = auroc_interval(made.y, made.scores[1])
    by_patient = auroc_interval(made.y, made.scores[1], made.patients)
    assert alone is not None
    assert by_patient is not None
    assert by_patient.value == alone.value
    assert by_patient.low < by_patient.value < by_patient.high
    assert by_patient.high - by_patient.low > alone.high - alone.low
    assert by_patient.method == "cluster bootstrap of 12 groups, 2,000 draws"
    assert by_patient == auroc_interval(made.y, made.scores[1], made.patients)
    assert by_patient != auroc_interval(made.y, made.scores[1], made.patients, seed=1)


def test_patients_of_one_sample_each_give_about_delongs_interval() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 250)
    score = rng.normal(size=250) + y
    alone, by_patient = auroc_interval(y, score), auroc_interval(y, score, np.arange(250))
    assert alone is not None
    assert by_patient is not None
    assert (by_patient.low, by_patient.high) == pytest.approx((alone.low, alone.high), abs=0.012)


def test_one_class_has_no_auroc() -> None:
    assert auroc_interval([1, 1], [0.2, 0.3]) is None
    assert auroc_difference([1, 1], [0.2, 0.3], [0.1, 0.2]) is None


def test_perfect_order_gets_an_exact_limit() -> None:
    y = np.repeat([0, 1], [30, 10])
    found = auroc_interval(y, np.arange(40))
    assert found is not None
    assert found.low == pytest.approx(stats.binomtest(10, 10).proportion_ci(method="exact").low)
    assert (found.value, found.high) == (1, 1)
    reverse = auroc_interval(y, -np.arange(40))
    assert reverse is not None
    assert (reverse.low, reverse.high) == pytest.approx((0, 1 - found.low))
    by_patient = auroc_interval(y, np.arange(40), np.arange(40) % 8)  # every patient has both: 4 independent pairs
    assert by_patient is not None
    assert by_patient.low == pytest.approx(0.025 ** (1 / 4))


@pytest.mark.parametrize(
    ("y", "score", "groups", "expected"),
    [
        ([0, 1, 0, 1], [0.4] * 4, None, Interval(0.5, 0.5, 0.5, "all scores are equal")),
        ([0, 1, 0], [0.1, 0.2, 0.3], None, Interval(0.5, 0, 1, "one sample of a class: no interval can be estimated")),
    ],
)
def test_what_cannot_vary_is_stated(y, score, groups, expected: Interval) -> None:
    assert auroc_interval(y, score, groups) == expected


def test_a_single_patient_leaves_everything_open() -> None:
    found = auroc_interval([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], ["a"] * 4)
    assert found is not None
    assert (found.low, found.high) == (0, 1)
    assert found.warning.startswith("Only 1 independent group")
    difference = auroc_difference([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], ["a"] * 4)
    assert difference is not None
    assert difference.p_value is None
    assert (difference.low, difference.high) == (-1, 1)


def test_paired_difference_without_patients_is_delongs_test(made) -> None:
    auc, covariance = delong(made.y, made.scores[:2])
    z = (auc[1] - auc[0]) / np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    found = auroc_difference(made.y, made.scores[1], made.scores[0])
    assert found is not None
    assert found.value == pytest.approx(auc[1] - auc[0])
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(-abs(z)))
    assert found.value == pytest.approx((found.low + found.high) / 2)
    assert str(found).startswith("+0.")


def test_paired_difference_by_patient(made) -> None:
    found = auroc_difference(made.y, made.scores[2], made.scores[0], made.patients)
    turned = auroc_difference(made.y, made.scores[0], made.scores[2], made.patients)
    assert found is not None
    assert turned is not None
    assert found.low > 0
    assert found.p_value == pytest.approx(2 / 2001)  # no replicate at or below 0
    assert (turned.low, turned.high, turned.p_value) == pytest.approx((-found.high, -found.low, found.p_value))


def test_the_same_order_is_no_difference(made) -> None:
    score = made.scores[1]
    for groups in (None, made.patients):
        same = auroc_difference(made.y, score, score, groups)
        monotone = auroc_difference(made.y, score, score / 2, groups)
        assert same is not None
        assert monotone is not None
        assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)
        assert (monotone.value, monotone.low, monotone.high, monotone.p_value) == (0, 0, 0, 1)


def test_perfect_against_constant_takes_the_separate_intervals() -> None:
    y = np.repeat([0, 1], 20)
    for groups in (None, np.arange(40)):
        found = auroc_difference(y, np.arange(40), np.full(40, 0.3), groups)
        assert found is not None
        assert found.value == 0.5
        assert found.low == pytest.approx(0.025 ** (1 / 20) - 0.5)
        assert found.high == 0.5
        assert found.p_value is None


def test_group_ids_must_fit() -> None:
    with pytest.raises(DataError, match="3 group ids for 2 samples"):
        auroc_interval([0, 1], [0.1, 0.2], ["a", "b", "c"])
    with pytest.raises(DataError, match="1 of 2 group ids are missing"):
        auroc_interval([0, 1], [0.1, 0.2], ["a", None])
