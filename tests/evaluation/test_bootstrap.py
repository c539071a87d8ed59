"""The cluster bootstrap against resampling patients one by one."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.evaluation import bootstrap
from histo_core.evaluation.inputs import check_groups


def one_by_one(y: np.ndarray, score: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> list[float]:
    found = []
    for times in weights.astype(int):
        rows = np.concatenate([np.flatnonzero(codes == code) for code in np.repeat(np.arange(len(times)), times)])
        found.append(roc_auc_score(y[rows], score[rows]) if len(set(y[rows])) == 2 else np.nan)
    return found


def test_replicates_are_those_of_resampled_tables(made, monkeypatch) -> None:
    codes = check_groups(made.patients, len(made.y))
    assert codes is not None
    weights = bootstrap.draw_groups(12, draws=60, seed=3)
    expected = one_by_one(made.y, made.scores[1], codes, weights)
    found = bootstrap.auroc_replicates(made.y == 1, made.scores[1], codes, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    monkeypatch.setattr(bootstrap, "_CELLS", 1)  # one patient's wins at a time
    np.testing.assert_array_equal(bootstrap.auroc_replicates(made.y == 1, made.scores[1], codes, weights), found)


def test_replicates_without_a_class_are_marked_and_told() -> None:
    y, score, codes = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.5, 0.1]), np.array([0, 0, 1, 1])
    weights = np.array([[2.0, 0], [1, 1], [0, 2]])
    found = bootstrap.auroc_replicates(y == 1, score, codes, weights)
    np.testing.assert_array_equal(found, [np.nan, 0.75, np.nan])
    assert bootstrap.percentiles(found, 0.95) == (0.75, 0.75)
    assert bootstrap.method_text(2, found) == "cluster bootstrap of 2 groups, 3 draws, 2 undefined and left out"


def test_every_draw_has_as_many_patients_as_the_data() -> None:
    weights = bootstrap.draw_groups(9, draws=500, seed=1)
    assert (weights.sum(axis=1) == 9).all()
    np.testing.assert_array_equal(weights, bootstrap.draw_groups(9, draws=500, seed=1))
    assert (weights != bootstrap.draw_groups(9, draws=500, seed=2)).any()
    assert weights.var(axis=0).mean() == pytest.approx(8 / 9, rel=0.1)  # multinomial: G * 1/G * (1 - 1/G)


def test_few_groups_are_warned_of() -> None:
    assert bootstrap.warning_text(5) == ""
    assert bootstrap.warning_text(4).startswith("Only 4 independent groups: ")
    assert bootstrap.warning_text(1).startswith("Only 1 independent group: ")
