"""A comparison made straight from arrays, with names that must be shown letter by letter."""

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.compare import Comparison, compare
from histo_core.comparison.join import Joined, RunPredictions

CLASSES = ("normal", "<b>tumour</b>")


@pytest.fixture
def joined() -> Joined:
    """Two models on 400 patches of 20 patients."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    positive = 1 / (1 + np.exp(-(np.array([[1.0], [2.0]]) * y + rng.normal(size=(2, 400)))))
    runs = tuple(
        RunPredictions(name, f"{name} & <i>", pd.DataFrame(), "", CLASSES, CLASSES[1]) for name in ("a1", "b2")
    )
    return Joined(
        runs=runs, split_set="test", sample_ids=np.arange(400).astype(str), y_true=y,
        probabilities=np.stack([1 - positive, positive], axis=2), groups=rng.integers(0, 20, 400),
        group_kind="patient", classes=CLASSES, positive=CLASSES[1], shared_only=False, dropped=0,
    )  # fmt: skip


@pytest.fixture
def comparison(joined: Joined) -> Comparison:
    return compare(joined, threshold=0.4)
