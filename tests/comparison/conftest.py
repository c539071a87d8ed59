"""Made predictions in the contract's form."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.join import Joined, RunPredictions, join
from histo_core.data.predictions import check_predictions

CLASSES = ("normal", "tumour")
Make = Callable[..., RunPredictions]


def run_predictions(
    run_id: str = "a1",
    name: str = "Small CNN",
    *,
    skill: float = 1.5,
    n: int = 240,
    patients: int | None = 12,
    classes: tuple[str, ...] = CLASSES,
    fingerprint: str = "f" * 64,
    seed: int = 0,
    noise: int = 0,
) -> RunPredictions:
    """Half the samples in test, half in valid. ``seed`` makes the samples, ``noise`` the model's errors."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, patients or 1, n)
    label = np.concatenate([np.arange(len(classes)), rng.integers(0, len(classes), n - len(classes))])
    logits = np.random.default_rng(noise).normal(size=(n, len(classes))) + skill * (
        np.arange(len(classes)) == label[:, None]
    )
    odds = np.exp(logits)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    names = np.array(classes, dtype=object)
    table = pd.DataFrame(
        {
            "sample_id": [f"s{i:04}" for i in range(n)],
            "patient_id": pd.Series([f"p{p}" for p in patient] if patients else [None] * n, dtype="str"),
            "slide_id": pd.Series([None] * n, dtype="str"),
            "split": np.where(np.arange(n) < n // 2, "test", "valid"),
            "fold": pd.array([None] * n, dtype="Int64"),
            "y_true": names[label],
            "y_pred": names[probabilities.argmax(axis=1)],
        }
        | {f"prob_{name}": probabilities[:, i] for i, name in enumerate(classes)}
    )
    return RunPredictions(run_id, name, check_predictions(table), fingerprint, classes, classes[-1])


@pytest.fixture
def make() -> Make:
    return run_predictions


@pytest.fixture
def three(make: Make) -> Joined:
    """Three models, of which the second is the best and the third guesses."""
    return join(
        [
            make("a1", "Small CNN", skill=1.2, noise=1),
            make("b2", "ResNet18", skill=2.2, noise=2),
            make("c3", "Coin", skill=0.0, noise=3),
        ]
    )
