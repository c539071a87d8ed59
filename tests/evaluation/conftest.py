"""Made predictions whose patients matter."""

from typing import NamedTuple

import numpy as np
import pytest


class Made(NamedTuple):
    y: np.ndarray
    scores: np.ndarray
    patients: np.ndarray


@pytest.fixture
def made() -> Made:
    """300 samples of 12 patients, three models, scores tied at two decimals and shifted by patient."""
    rng = np.random.default_rng(7)
    patients = rng.integers(0, 12, 300)
    y = (rng.random(300) < 0.2 + 0.05 * patients).astype(int)
    shift = rng.normal(size=12)[patients]
    logits = np.array([[0.5], [1.5], [2.5]]) * y + 0.7 * shift + rng.normal(size=(3, 300))
    return Made(y, np.round(1 / (1 + np.exp(-logits)), 2), np.char.add("patient ", patients.astype(str)))
