import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score

from histo_core.errors import DataError
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.roc import roc_curve


def test_each_point_is_the_decision_at_its_threshold(made) -> None:
    curve = roc_curve(made.y, made.scores[2])
    for fpr, tpr, threshold in zip(curve.fpr, curve.tpr, curve.thresholds, strict=True):
        decision = binary_metrics(made.y, made.scores[2], threshold)
        assert (1 - decision.specificity.value, decision.sensitivity.value) == pytest.approx((fpr, tpr))
    assert auc(curve.fpr, curve.tpr) == pytest.approx(roc_auc_score(made.y, made.scores[2]))
    assert curve.thresholds[0] == np.inf


def test_one_class_has_no_curve() -> None:
    curve = roc_curve([1, 1], [0.1, 0.2])
    assert len(curve.fpr) == len(curve.tpr) == len(curve.thresholds) == 0


def test_scores_must_be_numbers() -> None:
    with pytest.raises(DataError, match="no finite numbers"):
        roc_curve([0, 1], [0.1, np.inf])
