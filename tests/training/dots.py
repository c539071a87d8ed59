"""A tiny data set with a signal, for whoever trains in a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.config import Config
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split, fingerprint
from histo_core.workspace import Workspace

SIDE = 24
TRAIN, VALID, TEST = 37, 14, 9


class Dots(Dataset):
    """Noise; samples of class 1 have a bright square in the middle."""

    reads = 0

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dots:
        raise NotImplementedError

    @classmethod
    def drawn(cls, classes: Sequence[str] = ("normal", "tumour")) -> Dots:
        random = np.random.default_rng(7)
        count = TRAIN + VALID + TEST
        labels = random.permutation(np.arange(count) % len(classes))
        pixels = random.integers(0, 120, (count, SIDE, SIDE, 3), dtype=np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[8:16, 8:16] += np.uint8(label * 60)
        table = pd.DataFrame({"sample_id": [f"s{row:02}" for row in range(count)], "label": labels.astype(np.int64)})
        dots = cls("dots", table, classes)
        dots.pixels = pixels
        return dots

    pixels: np.ndarray

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        self.reads += len(indices)
        return self.pixels[np.asarray(indices, dtype=np.int64)]


def split_of(dataset: Dataset) -> Split:
    split_sets = np.array(["train"] * TRAIN + ["valid"] * VALID + ["test"] * TEST, dtype=object)
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    return Split(split_sets, "random", fingerprint(ids, labels, split_sets.tolist()), "A split for tests.")
