"""The colour-only baseline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.auditing.colour import colour_baseline
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import SplitError
from histo_core.workspace import Workspace

WHERE = [
    (split_set, name) for split_set, n in (("train", 30), ("valid", 8), ("test", 12)) for name in "ab" for _ in range(n)
]
RNG = np.random.default_rng(0)


def noise(shift: float) -> np.ndarray:
    """Patches of a class a and a class b that differ by ``shift`` grey levels in red."""
    images = RNG.normal(150, 30, (len(WHERE), 16, 16, 3))
    images[[name == "b" for _, name in WHERE], ..., 0] += shift
    return images.clip(0, 255).astype(np.uint8)


def test_colours_that_differ_are_told_apart(make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(noise(25), WHERE)
    table = colour_baseline(dataset, make_split(dataset, SplitConfig()))
    assert table["split"].value_counts().to_dict() == {"test": 24, "valid": 16}
    assert (table["y_true"] == table["y_pred"]).mean() > 0.95


def test_shapes_alone_are_not_seen(make_folder: Callable[..., Dataset]) -> None:
    images = np.full((len(WHERE), 16, 16, 3), 255, np.uint8)
    stripes = np.arange(16) % 4 < 2
    for image, (_, name) in zip(images, WHERE, strict=True):
        (image if name == "a" else image.transpose(1, 0, 2))[stripes] = (120, 60, 140)
    dataset = make_folder(images, WHERE)
    table = colour_baseline(dataset, make_split(dataset, SplitConfig()))
    np.testing.assert_allclose(table["prob_a"], 0.5, atol=1e-6)


def test_it_is_the_same_each_time(make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(noise(3), WHERE)
    split = make_split(dataset, SplitConfig())
    assert colour_baseline(dataset, split).equals(colour_baseline(dataset, split))


def test_a_class_that_training_lacks_has_no_probability(make_folder: Callable[..., Dataset]) -> None:
    where = [*WHERE, ("test", "c")]
    dataset = make_folder([*noise(25), np.zeros((16, 16, 3), np.uint8)], where)
    table = colour_baseline(dataset, make_split(dataset, SplitConfig()))
    assert (table["prob_c"] == 0).all()


def test_one_class_or_no_validation_is_refused(make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(noise(0), WHERE)
    split = make_split(dataset, SplitConfig())
    split.split_sets[split.indices("valid")] = ""
    with pytest.raises(SplitError, match="validation has 0 patches"):
        colour_baseline(dataset, split)
    split = make_split(dataset, SplitConfig())
    split.split_sets[(split.split_sets == "train") & (dataset.table["label"] == 1)] = ""
    with pytest.raises(SplitError, match="Training shows a; "):
        colour_baseline(dataset, split)


def test_real_patches_differ_in_colour_but_not_only(shared_data: Path, workspace: Workspace) -> None:
    dataset = open_dataset(DataConfig(dataset="kpcam", root=str(shared_data / "kpcam")), workspace)
    table = colour_baseline(dataset, make_split(dataset, SplitConfig()))
    test = table[table["split"] == "test"]
    assert 0.6 < roc_auc_score(test["y_true"] == "tumour", test["prob_tumour"]) < 0.95
