"""The same patches under a model's class names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.label_mapping import under_classes
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

MODEL = ("normal", "tumour")


class Grey(Dataset):
    """One grey patch a row, as bright as its number."""

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Grey:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.repeat(np.asarray(indices, np.uint8), 48).reshape(-1, 4, 4, 3)


def grey(labels: Sequence[int], classes: Sequence[str]) -> Grey:
    table = pd.DataFrame({"sample_id": [f"s{row}" for row in range(len(labels))], "label": np.array(labels, np.int64)})
    return Grey("grey", table, classes, microns_per_pixel=0.5)


def test_classes_of_the_same_name_are_matched_in_any_order() -> None:
    found = under_classes(grey([0, 1, UNLABELLED, 0], ("tumour", "normal")), MODEL, "tumour")
    assert found.table["label"].tolist() == [1, 0, UNLABELLED, 1]
    assert (found.classes, found.positive, found.microns_per_pixel) == (MODEL, "tumour", 0.5)
    np.testing.assert_array_equal(np.asarray(found.read([2]))[0, 0, 0], [2, 2, 2])


def test_a_mapping_says_what_classes_stand_for() -> None:
    source = grey([0, 1, 2, 2], ("adenosis", "ductal", "artefact"))
    found = under_classes(source, MODEL, "tumour", {"adenosis": "normal", "ductal": "tumour", "artefact": ""})
    assert found.table["label"].tolist() == [0, 1, UNLABELLED, UNLABELLED]


def test_a_class_the_model_does_not_know_is_refused_where_it_has_samples() -> None:
    with pytest.raises(ConfigError, match=r"class 'benign', which the model does not know.*benign=normal"):
        under_classes(grey([0, 1], ("benign", "tumour")), MODEL, "tumour")
    unused = under_classes(grey([1, UNLABELLED], ("benign", "tumour")), MODEL, "tumour")
    assert unused.table["label"].tolist() == [1, UNLABELLED]


def test_a_mapping_may_not_name_what_is_not_there() -> None:
    with pytest.raises(ConfigError, match="'malign', which the data do not have"):
        under_classes(grey([0, 1], ("benign", "tumour")), MODEL, "tumour", {"malign": "tumour"})
    with pytest.raises(ConfigError, match="'benign', which the model does not know"):
        under_classes(grey([0, 1], ("benign", "tumour")), MODEL, "tumour", {"benign": "healthy"})
