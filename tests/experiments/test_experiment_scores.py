"""Which of a run's predictions an experiment scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.comparison.join import RunPredictions
from histo_core.data.predictions import check_predictions
from histo_core.experiments.scores import pool


def predicted(labels: list[str | None]) -> RunPredictions:
    """Four validation patches and two test patches; the columns of the classes are not in the classes' order."""
    tumour = np.array([0.9, 0.2, 0.6, 0.3, 0.8, 0.1])
    table = pd.DataFrame(
        {
            "sample_id": [f"s{number}" for number in range(6)],
            "patient_id": pd.Series(["p1", "p1", "p2", "p3", "p4", "p5"], dtype="str"),
            "slide_id": pd.Series([None] * 6, dtype="str"),
            "split": ["valid"] * 4 + ["test"] * 2,
            "fold": pd.array([None] * 6, dtype="Int64"),
            "y_true": pd.Series(labels, dtype="str"),
            "y_pred": np.where(tumour >= 0.5, "tumour", "normal"),
            "prob_tumour": tumour,
            "prob_normal": 1 - tumour,
        }
    )
    return RunPredictions("a1", "A run", check_predictions(table), "f" * 64, ("normal", "tumour"), "tumour")


def test_only_labelled_patches_of_the_set_are_scored() -> None:
    found = pool(predicted(["tumour", None, "normal", "normal", "tumour", "normal"]), "valid")
    assert found is not None
    assert found.y_true.tolist() == [1, 0, 0]
    np.testing.assert_allclose(found.probabilities, [[0.1, 0.9], [0.4, 0.6], [0.7, 0.3]])
    assert found.groups is not None
    assert found.groups.tolist() == ["p1", "p2", "p3"]
    assert (found.classes, found.positive, found.group_kind) == (("normal", "tumour"), 1, "patient")


def test_a_set_without_labels_is_not_scored() -> None:
    assert pool(predicted([None] * 4 + ["tumour", "normal"]), "valid") is None
