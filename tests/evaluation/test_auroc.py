"""The AUROC's interval against its formulas written out, and what it must never do."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import jackknife_by_hand, satterthwaite
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score

from histo_core.errors import DataError
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.delong import delong
from histo_core.evaluation.intervals import Interval


def newcombe(true: float, m: int, n: int) -> float:
    """Newcombe 2006, Stat. Med. 25:559, method 5, as printed: N* = (m + n) / 2 - 1 stands for both sizes less one."""
    half = (m + n) / 2 - 1
    return true * (1 - true) / (m * n) * (1 + half * (1 - true) / (2 - true) + half * true / (1 + true))


def test_without_groups_it_is_newcombes_score_interval_with_delongs_variance(made) -> None:
    y, score = made.y, made.scores[1]
    m, n = int(y.sum()), int((1 - y).sum())
    auroc, covariance = delong(y, score)
    found = auroc_interval(y, score, confidence=0.9)
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    pairs = (score[y == 1][:, None] > score[y == 0]) + 0.5 * (score[y == 1][:, None] == score[y == 0])
    parts = pairs.mean(axis=1).var(ddof=1) / m, pairs.mean(axis=0).var(ddof=1) / n
    assert sum(parts) == pytest.approx(covariance[0, 0])
    welch = sum(parts) ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1))
    equal = (1 / m + 1 / n) ** 2 / (1 / m**2 / (m - 1) + 1 / n**2 / (n - 1))
    df = min(welch, equal)
    ratio = sum(parts) / newcombe(auroc[0], m, n)
    if ratio < 1:
        ratio, df = (df * ratio + 30) / (df + 30), df + 30
    z = stats.t.ppf(0.95, df)
    outside = lambda x: (auroc[0] - x) ** 2 - z**2 * ratio * newcombe(x, m, n)  # noqa: E731
    expected = brentq(outside, 1e-9, auroc[0]), brentq(outside, auroc[0], 1 - 1e-9)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_with_groups_each_patient_is_left_out_in_turn(made) -> None:
    y, score, patients = made.y, made.scores[1], made.patients
    found, alone = auroc_interval(y, score, patients), auroc_interval(y, score)
    ids = sorted(set(patients))
    left = np.array([roc_auc_score(y[patients != p], score[patients != p]) for p in ids])
    sizes = np.array([[np.sum((patients == p) & (y == c)) for c in (1, 0)] for p in ids])
    pairs = (score[y == 1][:, None] > score[y == 0]) + 0.5 * (score[y == 1][:, None] == score[y == 0])
    placed = [pairs.mean(axis=1), pairs.mean(axis=0)]
    value = pairs.mean()
    pulls = [
        [sum(v - value for v, p in zip(placed[i], patients[y == c], strict=True) if p == one) for one in ids]
        for i, c in enumerate((1, 0))
    ]
    variances = [12 / 11 * sum(x**2 for x in pull) / len(v) ** 2 for pull, v in zip(pulls, placed, strict=True)]
    df = min(satterthwaite(sizes), satterthwaite(sizes, variances))
    assert found is not None
    assert alone is not None
    assert found.value == pytest.approx(value, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(jackknife_by_hand(value, left, sizes, df), rel=1e-6)
    assert found.high - found.low > alone.high - alone.low
    assert found.method == f"jackknife of 12 groups, logit scale, t with {df:.1f} degrees of freedom"


def test_degrees_of_freedom_of_equal_patients_are_one_less_and_of_separate_classes_welchs() -> None:
    assert satterthwaite(np.tile([8, 12], (7, 1)), [0.3, 0.1]) == pytest.approx(6)
    apart = np.array([[10, 0]] * 3 + [[0, 10]] * 5)
    s = [0.4, 0.2]
    assert satterthwaite(apart, s) == pytest.approx(0.6**2 / (0.4**2 / 2 + 0.2**2 / 4))


def test_patients_with_one_sample_each_are_independent_samples(made) -> None:
    y, score = made.y, made.scores[1]
    assert auroc_interval(y, score, np.arange(len(y))) == auroc_interval(y, score)


def test_no_narrower_than_for_independent_samples() -> None:
    """Patients who resemble each other more than their samples do would claim more than the samples hold."""
    y, patients = np.tile([0, 1], 40), np.repeat(np.arange(10), 8)
    score = np.tile([0.1, 0.4, 0.2, 0.3, 0.25, 0.15, 0.05, 0.35], 10) + 0.001 * patients
    found = auroc_interval(y, score, patients)
    z = stats.norm.ppf(0.975)
    value = roc_auc_score(y, score)
    low = brentq(lambda x: (value - x) ** 2 - z**2 * newcombe(x, 40, 40), 1e-9, value)
    assert found is not None
    assert found.low <= low + 1e-9


def test_one_class_has_no_auroc() -> None:
    assert auroc_interval([1, 1], [0.2, 0.3]) is None


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


@pytest.mark.parametrize("groups", [None, ["a", "a", "b", "b"]])
def test_what_does_not_vary_has_a_limit_and_no_width_of_nothing(groups: list[str] | None) -> None:
    found = auroc_interval([0, 1, 0, 1], [0.4] * 4, groups)
    share = 0.025 ** (1 / (2 if groups is None else 1))
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 * share, 1 - 0.5 * share))


def test_patients_without_whom_the_auroc_is_the_same_give_an_interval() -> None:
    found = auroc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.2, 0.4]), ["a", "b", "a", "b"])
    assert found is not None
    assert found.value == 0.75  # and 1 without either
    assert 0 <= found.low < found.value < found.high <= 1


def test_a_class_of_one_sample_or_one_patient_leaves_all_open() -> None:
    one = auroc_interval([0, 1, 0], [0.1, 0.2, 0.3])
    assert one == Interval(0.5, 0, 1, "one sample of a class: no interval can be estimated")
    by_patient = auroc_interval([0, 0, 1, 1, 1], [0.1, 0.3, 0.2, 0.4, 0.5], ["a", "a", "b", "c", "c"])
    assert by_patient is not None
    assert (by_patient.low, by_patient.high) == (0, 1)
    assert by_patient.method == "one group of a class: no interval can be estimated"
    assert by_patient.warning.startswith("Only 3 independent groups")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_it_always_holds_the_value_and_has_a_width(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 24))
    y = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    score = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    groups = data.draw(st.none() | st.lists(st.integers(0, 4), min_size=n, max_size=n))
    found = auroc_interval(y, np.asarray(score) / 5, groups)
    if found is None:
        assert len(set(y)) == 1
        return
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high > found.low
    assert found.value == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    wider = auroc_interval(y, np.asarray(score) / 5, groups, confidence=0.99)
    assert wider is not None
    assert wider.low <= found.low + 1e-12
    assert wider.high >= found.high - 1e-12


def test_group_ids_must_fit() -> None:
    with pytest.raises(DataError, match="3 group ids for 2 samples"):
        auroc_interval([0, 1], [0.1, 0.2], ["a", "b", "c"])
    with pytest.raises(DataError, match="1 of 2 group ids are missing"):
        auroc_interval([0, 1], [0.1, 0.2], ["a", None])
