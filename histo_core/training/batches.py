"""Batches of patches, as the network takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from histo_core.config import AugmentConfig
from histo_core.data.base import Dataset
from histo_core.data.transforms.preprocess import Preprocess

MEMORY_LIMIT = 1 << 30
"""Bytes. Patches that take less stay in memory after they were first read, cropped and resized."""


@dataclass(frozen=True)
class Augmentation:
    """What changes training patches in one epoch."""

    config: AugmentConfig
    seed: int
    epoch: int


class Batches:
    """Reads, crops and resizes each patch once where memory allows; augments and normalises each time.

    Args:
        dataset: where pixels come from.
        preprocess: the run's own.
        rows: int64 rows of the data set that will be asked for.
        device: where batches go.
        memory_limit: bytes that patches may take in memory; more are read anew each time.
    """

    def __init__(
        self,
        dataset: Dataset,
        preprocess: Preprocess,
        rows: np.ndarray,
        device: torch.device,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self._dataset, self._preprocess, self._device = dataset, preprocess, device
        self._labels = dataset.table["label"].to_numpy(np.int64)
        first = self._shaped(rows[:1])
        self.size: tuple[int, int] = first.shape[1:3]
        self._slot = np.full(len(dataset), -1, dtype=np.int64)
        self._slot[rows] = np.arange(len(rows))
        self._kept: np.ndarray | None = None
        if first.nbytes * len(rows) <= memory_limit:
            self._kept = np.empty((len(rows), *first.shape[1:]), dtype=np.uint8)
            self._filled = np.zeros(len(rows), dtype=bool)

    def batch(
        self, rows: np.ndarray, augmentation: Augmentation | None = None, keys: np.ndarray | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images and labels.

        Args:
            rows: int64 [n].
            augmentation: None for patches as they are.
            keys: int64 [n], what each one's changes are drawn from; None for the rows themselves.

        Returns:
            float32 [n, 3, h, w] in channels-last memory and int64 [n], both on the device.

        Raises:
            DataError: a patch cannot be read, or is smaller than the crop.
        """
        patches, labels = self._patches(rows), torch.from_numpy(self._labels[rows]).to(self._device, non_blocking=True)
        if augmentation is None:
            return self._preprocess.normalise(patches).to(self._device, non_blocking=True), labels
        images = self._preprocess.augmented(
            patches,
            augmentation.config,
            seed=augmentation.seed,
            epoch=augmentation.epoch,
            samples=rows if keys is None else keys,
            device=self._device,
        )
        return images, labels

    def _patches(self, rows: np.ndarray) -> np.ndarray:
        if self._kept is None:
            return self._shaped(rows)
        slots = self._slot[rows]
        new = ~self._filled[slots]
        if new.any():
            self._kept[slots[new]] = self._shaped(rows[new])
            self._filled[slots[new]] = True
        return self._kept[slots]

    def _shaped(self, rows: np.ndarray) -> np.ndarray:
        return self._preprocess.geometry(self._dataset.read(rows))
