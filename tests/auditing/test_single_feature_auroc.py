"""Scores by one simple thing, and what may be said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import mannwhitneyu, norm

from histo_core.auditing.shortcuts import NOTE
from histo_core.auditing.single_feature_auroc import score_categorical_feature, score_numeric_feature
from histo_core.auditing.within_fold_auroc import chance_deviation, fold_auroc, fold_auroc_interval
from histo_core.evaluation.auroc import auroc_interval

SOME = np.random.default_rng(3)
POSITIVE = SOME.random(60) < 0.4
SCORE = SOME.normal(size=60).round(1) + POSITIVE
PATIENTS = np.repeat(np.arange(12), 5)
FOLDS = PATIENTS % 3


def test_only_pairs_of_one_fold_are_compared() -> None:
    pairs = [(i, j) for i in np.flatnonzero(POSITIVE) for j in np.flatnonzero(~POSITIVE) if FOLDS[i] == FOLDS[j]]
    right = [(SCORE[i] > SCORE[j]) + 0.5 * (SCORE[i] == SCORE[j]) for i, j in pairs]
    assert fold_auroc(POSITIVE, SCORE, FOLDS) == pytest.approx(np.mean(right))
    assert np.isnan(fold_auroc(FOLDS == 0, SCORE, FOLDS))
    assert not fold_auroc_interval(FOLDS == 0, SCORE, FOLDS).defined


@pytest.mark.parametrize("groups", [None, PATIENTS], ids=["patches", "patients"])
@pytest.mark.parametrize("confidence", [0.95, 0.999])
@pytest.mark.parametrize("score", [SCORE, POSITIVE.astype(float)], ids=["some", "perfect"])
def test_the_interval_of_one_fold_is_that_of_all_pairs(
    groups: np.ndarray | None, confidence: float, score: np.ndarray
) -> None:
    expected = auroc_interval(POSITIVE, score, groups, confidence=confidence)
    found = fold_auroc_interval(POSITIVE, score, np.zeros(60), groups, confidence=confidence)
    assert expected is not None
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_over_folds_each_patient_is_left_out_in_turn() -> None:
    found = fold_auroc_interval(POSITIVE, SCORE, FOLDS, PATIENTS)
    left = [fold_auroc(POSITIVE[kept], SCORE[kept], FOLDS[kept]) for kept in (p != PATIENTS for p in range(12))]
    error = np.sqrt(11 / 12 * ((logit(left) - np.mean(logit(left))) ** 2).sum())
    assert found.value == fold_auroc(POSITIVE, SCORE, FOLDS)
    # At least the logit limits with the normal quantile, at most those with 2 degrees of freedom and skewness 1.
    assert 1.96 * error < logit(found.value) - logit(found.low) < (4.3 + 6.3) * error
    assert found.method.startswith("jackknife of 12 groups")
    assert found.method.endswith("pairs of one fold")


def test_chance_is_as_wide_as_the_rank_sum_says() -> None:
    positive, score = np.arange(30) < 12, np.random.default_rng(1).normal(size=30)
    test = mannwhitneyu(score[positive], score[~positive], method="asymptotic", use_continuity=False)
    z = (fold_auroc(positive, score, np.zeros(30)) - 0.5) / chance_deviation(positive, np.zeros(30))
    assert 2 * norm.sf(abs(z)) == pytest.approx(test.pvalue)
    some, folds = np.arange(40) % 5 < 2, np.arange(40) % 4 // 3  # folds of 30 and 10
    noise = np.random.default_rng(2).normal(size=(1000, 40))
    spread = np.std([fold_auroc(some, score, folds) for score in noise])
    assert chance_deviation(some, folds) == pytest.approx(spread, rel=0.05)
    by_patient = chance_deviation(PATIENTS < 4, np.zeros(60), PATIENTS)
    assert by_patient == pytest.approx(np.sqrt((4 + 8 + 1) / (12 * 4 * 8)))


@pytest.mark.parametrize(("values", "patients"), [(3, 0), (3, 24)], ids=["a value a patch", "a value a patient"])
def test_a_random_category_is_worth_half_on_average(values: int, patients: int) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(60):
        count = patients or 120
        positive, kinds = rng.permutation(np.arange(count) % 2 == 0), rng.integers(0, values, count)
        groups = np.repeat(np.arange(patients), 5) if patients else None
        each = 5 if patients else 1
        telling = score_categorical_feature(pd.Series(kinds.repeat(each)), positive.repeat(each), groups)
        assert telling is not None
        found.append(telling.value)
    assert np.mean(found) == pytest.approx(0.5, abs=3 * np.std(found) / np.sqrt(len(found)))


def test_a_telling_category_is_told() -> None:
    kinds = pd.Series(np.where(POSITIVE, "Aperio", "Philips"))
    telling = score_categorical_feature(kinds, POSITIVE, None)
    assert telling is not None
    assert (telling.value, telling.high) == (1, None)
    assert score_categorical_feature(kinds, POSITIVE, np.zeros(60)) is None


@pytest.mark.parametrize(("classes", "each", "patients"), [(9, 5, False), (20, 5, False), (2, 30, True)])
def test_noise_surely_tells_nothing(classes: int, each: int, patients: bool) -> None:
    """At most one of 20 data sets of noise may be called telling; plain limits of single patches call most so."""
    rng = np.random.default_rng(0)
    labels, called, plainly = np.repeat(np.arange(classes), each), 0, 0
    groups = labels * 6 + np.tile(np.arange(each) % 6, classes) if patients else None
    targets = range(classes) if classes > 2 else (1,)
    for _ in range(20):
        facts = rng.normal(size=(4, len(labels)))
        if groups is not None:
            facts = facts / 2 + rng.normal(size=(4, groups.max() + 1))[:, groups]
        tellings = [
            score_numeric_feature(pd.Series(fact), labels == target, groups) for fact in facts for target in targets
        ]
        best = sorted(tellings, key=lambda telling: -telling.value)[:3]
        called += max(telling.corrected_lower_bound(len(tellings)) for telling in best) >= NOTE
        plainly += max(telling.interval().low for telling in best) >= NOTE
    assert called <= 1
    assert plainly > 1 or patients


def test_what_is_sure_is_the_corrected_limit() -> None:
    telling = score_numeric_feature(pd.Series(SCORE), POSITIVE, None)
    corrected = auroc_interval(POSITIVE, SCORE, confidence=1 - 0.05 / 12)
    assert corrected is not None
    assert telling.corrected_lower_bound(12) == corrected.low < telling.interval().low


def test_what_chance_reaches_as_well_is_at_most_a_half() -> None:
    """Six patients a class: the interval leaves 0.5 out, and chance deviates by more than the AUROC does."""
    rng = np.random.default_rng(115)
    k = int(rng.integers(3, 9))
    groups = np.repeat(np.arange(2 * k), rng.integers(1, 5, 2 * k))
    positive = groups < k
    values = pd.Series(rng.normal(0, 1, len(positive)) + rng.choice([0.5, 1.0, 2.0]) * positive)
    found = score_numeric_feature(values, positive, groups.astype(str).astype(object))
    assert (k, len(positive)) == (6, 25)
    assert found.interval().low > 0.5
    assert found.corrected_lower_bound(1) == 0.5
