"""A comparison whose names try everything that a report must survive."""

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined, RunPredictions
from histo_core.comparison.results import Comparison

CLASSES = ("normal", "=tumour()")
HOSTILE = ("</script><script>alert(1)</script>", "=HYPERLINK(1)", '<img src="https://example.org/x">')


@pytest.fixture
def joined() -> Joined:
    """Three models on 60 patches without patient ids."""
    rng = np.random.default_rng(1)
    y = np.arange(60) % 2
    positive = np.clip(0.4 * y + rng.random((3, 60)) * 0.6, 0, 1)
    runs = tuple(
        RunPredictions(f"run{i}", name, pd.DataFrame(), "", CLASSES, CLASSES[1]) for i, name in enumerate(HOSTILE)
    )
    return Joined(
        runs, "test", np.arange(60), y, np.stack([1 - positive, positive], 2), None, None, CLASSES, CLASSES[1], False, 0
    )


@pytest.fixture
def comparison(joined: Joined) -> Comparison:
    """All three, the third of which is a reference."""
    return compare(joined, reference="run2")


@pytest.fixture
def many() -> Comparison:
    """One model on three classes."""
    classes, y = ("stroma", "mucosa", "tumour"), np.arange(30) % 3
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 30)[None]
    run = RunPredictions("run0", "Small CNN", pd.DataFrame(), "", classes, "tumour")
    return compare(Joined((run,), "test", np.arange(30), y, probabilities, None, None, classes, "tumour", False, 0))
