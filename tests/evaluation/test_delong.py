"""DeLong against the definition, pair by pair."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.errors import DataError
from histo_core.evaluation.delong import delong


def by_pairs(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong et al. 1988, equations 3 to 7, in O(mn)."""
    positives, negatives = scores[:, y == 1], scores[:, y == 0]
    kernel = (positives[:, :, None] > negatives[:, None, :]) + 0.5 * (positives[:, :, None] == negatives[:, None, :])
    auc, v10, v01 = kernel.mean((1, 2)), kernel.mean(2), kernel.mean(1)
    m, n = positives.shape[1], negatives.shape[1]
    s10, s01 = ((v - auc[:, None]) @ (v - auc[:, None]).T / (v.shape[1] - 1) for v in (v10, v01))
    return auc, s10 / m + s01 / n


@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_the_definition_with_and_without_ties(decimals: int, dtype: type) -> None:
    rng = np.random.default_rng(decimals)
    y = (rng.random(157) < 0.3).astype(int)
    scores = np.round(rng.normal(size=(4, 157)) + y * np.array([[0.2], [1], [2], [3]]), decimals).astype(dtype)
    auc, covariance = delong(y, scores)
    expected_auc, expected_covariance = by_pairs(y, scores)
    np.testing.assert_allclose(auc, expected_auc, rtol=1e-12)
    np.testing.assert_allclose(covariance, expected_covariance, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(auc, [roc_auc_score(y, score) for score in scores], rtol=1e-12)


def test_one_model_may_be_given_as_a_row() -> None:
    y, score = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.3, 0.35, 0.8, 0.9])
    auc, covariance = delong(y, score)
    assert auc == pytest.approx([5 / 6])
    assert covariance.shape == (1, 1)


def test_a_missing_class_and_a_single_sample_are_no_numbers() -> None:
    auc, covariance = delong([1, 1], [0.2, 0.3])
    assert np.isnan(auc).all()
    assert np.isnan(covariance).all()
    auc, covariance = delong([1, 0, 0], [0.2, 0.1, 0.3])
    assert auc == pytest.approx([0.5])
    assert np.isnan(covariance).all()


@pytest.mark.parametrize(
    ("y", "scores", "message"),
    [
        ([0, 2], [0.1, 0.2], "y_true holds 0, 2"),
        ([], [], r"y_true has shape \(0,\)"),
        ([0, 1], [0.1, 0.2, 0.3], r"shape \(3,\) for 2 samples"),
        ([0, 1], [0.1, np.nan], "1 of 2 scores are no finite numbers"),
    ],
)
def test_wrong_input_is_named(y: list[int], scores: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        delong(y, scores)
