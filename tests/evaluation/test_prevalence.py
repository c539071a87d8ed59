"""A stated prevalence: what depends on it is what scikit-learn gives with weights; the rest stands still."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from histo_core.errors import DataError
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.prevalence import at_prevalence, check_prevalence, sample_weights
from histo_core.evaluation.scorecard import METRIC_NAMES, scorecard
from histo_core.evaluation.scorecard_prevalence import UNMOVED


def test_every_metric_that_depends_on_it_is_that_of_weighted_samples(made) -> None:
    y, score, q = made.y, made.scores[1], 0.08
    both, called = np.stack([1 - score, score], axis=1), (score >= 0.5).astype(int)
    sampled = binary_metrics(y, score, 0.5, made.patients)
    rates = at_prevalence(sampled, y, score, q, made.patients)
    found = scorecard(y, both, called, rates, 1, made.patients, prevalence=q)
    plain = scorecard(y, both, called, sampled, 1, made.patients)
    weight = {"sample_weight": sample_weights(y == 1, q)}
    expected = {
        "accuracy": metrics.accuracy_score(y, called, **weight),
        "ppv": metrics.precision_score(y, called, **weight),
        "npv": metrics.precision_score(y, called, pos_label=0, **weight),
        "f1": metrics.f1_score(y, called, **weight),
        "macro_f1": metrics.f1_score(y, called, average="macro", **weight),
        "weighted_f1": metrics.f1_score(y, called, average="weighted", **weight),
        "mcc": metrics.matthews_corrcoef(y, called, **weight),
        "kappa": metrics.cohen_kappa_score(y, called, **weight),
        "auprc": metrics.average_precision_score(y, score, **weight),
        "brier": metrics.brier_score_loss(y, score, **weight),
        "log_loss": metrics.log_loss(y, np.clip(both, 1e-12, 1), **weight),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1e-12), name
        assert found[name].low < value < found[name].high, name
    assert {name for name in METRIC_NAMES if found[name] == plain[name]} == set(UNMOVED)
    as_sampled = at_prevalence(sampled, y, score, float(y.mean()), made.patients)
    for rate in ("accuracy", "precision", "npv", "f1"):
        assert getattr(as_sampled, rate).value == pytest.approx(getattr(sampled, rate).value)
    assert at_prevalence(sampled, y, score, None) is sampled


def test_no_false_alarm_is_no_proof_where_the_class_is_rare() -> None:
    """With 30 negatives and none called, a specificity of 0.88 fits as well, and most calls may be false at 1%."""
    y, score = np.repeat([0, 1], [30, 30]), np.repeat([0.1, 0.9], [30, 30])
    found = at_prevalence(binary_metrics(y, score, 0.5), y, score, 0.01)
    assert found.precision.value == 1
    assert found.precision.low == pytest.approx(0.01 / (0.01 + 0.99 * (1 - 0.025 ** (1 / 30))), abs=1e-4)
    assert found.precision.low < 0.09


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.1, float("nan")])
def test_a_prevalence_lies_between_0_and_1(wrong: float) -> None:
    with pytest.raises(DataError, match="Between 0 and 1 is allowed"):
        check_prevalence(wrong)


@pytest.mark.parametrize("per_patient", [1, 20])
@pytest.mark.parametrize("q", [0.02, 0.3])
def test_the_intervals_hold(per_patient: int, q: float) -> None:
    """95% less three standard errors of 100 draws is 88.5%: by patches, and by 20 patients with both classes."""
    rng = np.random.default_rng(11)
    n_patients = 200 if per_patient == 1 else 20
    patient = np.repeat(np.arange(n_patients), per_patient)
    hits = np.zeros(4)
    for _ in range(100):
        y = rng.integers(0, 2, len(patient))
        shift = rng.normal(size=(2, n_patients))[y, patient] * np.sqrt(0.3) * (per_patient > 1)
        noise = rng.normal(size=len(patient)) * np.sqrt(1 - 0.3 * (per_patient > 1))
        score = shift + noise + 1.5 * y - 0.75
        found = at_prevalence(
            *(binary_metrics(y, score, 0.0, None if per_patient == 1 else patient), y, score, q),
            None if per_patient == 1 else patient,
        )
        s = 0.7733726476231317  # the share of a standard normal variable below 0.75, sensitivity and specificity
        truth = (
            s,
            q * s / (q * s + (1 - q) * (1 - s)),
            (1 - q) * s / ((1 - q) * s + q * (1 - s)),
            2 * q * s / (q * s + q + (1 - q) * (1 - s)),
        )
        limits = found.accuracy, found.precision, found.npv, found.f1
        hits += [one.low <= true <= one.high for one, true in zip(limits, truth, strict=True)]
    assert (hits / 100 >= 0.885).all(), hits / 100
