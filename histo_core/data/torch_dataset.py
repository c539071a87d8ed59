"""A data set as PyTorch's loaders take it.

A whole batch is gathered at once, so one process keeps up with any network on a small machine: measured on two
cores, no loader workers beat two.

    DataLoader(Patches(dataset, rows), batch_size=64, shuffle=True, collate_fn=identity)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as MapDataset

from histo_core.data.dataset import Dataset
from histo_core.errors import CorruptDataError

Batch = tuple[Tensor, Tensor]


class Patches(MapDataset[Batch]):
    """Some rows of a data set, as uint8 patches with their labels.

    Args:
        dataset: where pixels come from.
        rows: int64 [m], rows of its table; None for all.
    """

    def __init__(self, dataset: Dataset, rows: np.ndarray | None = None) -> None:
        self._dataset = dataset
        self._rows = np.arange(len(dataset)) if rows is None else np.asarray(rows, np.int64)
        self._labels = dataset.table["label"].to_numpy(np.int64)[self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Batch:
        """One patch, uint8 [h, w, 3], and its label, int64."""
        patches, labels = self.__getitems__([index])
        return patches[0], labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch: uint8 [n, h, w, 3] and int64 [n].

        Raises:
            CorruptDataError: a patch cannot be read, or the patches have different sizes.
        """
        places = np.asarray(indices, np.int64)
        patches = self._dataset.read(self._rows[places])
        if not isinstance(patches, np.ndarray):
            patches = _stacked(patches)
        return torch.from_numpy(patches), torch.from_numpy(self._labels[places])


def identity(batch: Any) -> Any:
    """The collate function for `Patches`, whose batches are whole already."""
    return batch


def _stacked(patches: Sequence[np.ndarray]) -> np.ndarray:
    sizes = sorted({patch.shape[:2] for patch in patches})
    if len(sizes) > 1:
        shown = ", ".join(f"{width} x {height}" for height, width in sizes[:3])
        raise CorruptDataError(
            f"Patches of one batch have different sizes: {shown}.",
            "One size is needed.",
            "Crop and resize them with a preprocessing, or choose rows of one size.",
        )
    return np.stack(patches)
