"""Batches of patches, as the network takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from histo_core.config import AugmentConfig
from histo_core.data.dataset import Dataset
from histo_core.data.transforms.preprocess import Preprocess

MEMORY_LIMIT = 1 << 30
"""Bytes. Patches that take less stay in memory after they were first read, cropped and resized."""
AHEAD = 2
"""Batches that are made while an accelerator computes. A CPU that trains has no time to spare for that."""


@dataclass(frozen=True)
class Augmentation:
    """What changes training patches in one epoch."""

    config: AugmentConfig
    seed: int
    epoch: int


@dataclass(frozen=True, eq=False)
class BatchRequest:
    """A batch that is asked for; see `Batches.batch`."""

    rows: np.ndarray
    augmentation: Augmentation | None = None
    keys: np.ndarray | None = None


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
        patches, labels = self._patches(rows), self._sent(self.labels(rows))
        if augmentation is None:
            return self._sent(self._preprocess.normalise(patches)), labels
        images = self._preprocess.augmented(
            patches,
            augmentation.config,
            seed=augmentation.seed,
            epoch=augmentation.epoch,
            samples=rows if keys is None else keys,
            device=self._device,
        )
        return images, labels

    def labels(self, rows: np.ndarray) -> Tensor:
        """Labels alone, int64 [n] on the CPU."""
        return torch.from_numpy(self._labels[rows])

    def each(self, wanted: Iterable[BatchRequest], ahead: int | None = None) -> Generator[tuple[Tensor, Tensor]]:
        """Batch after batch, in order; the next ones are made in a thread while the caller computes with one.

        Close the iterator when no more is taken: it ends the thread. Batches do not depend on ``ahead``.

        Args:
            wanted: the batches.
            ahead: how many are made beforehand; None: `AHEAD` for an accelerator, else none.

        Raises:
            DataError: as `batch`, when the batch's turn comes.
        """
        ahead = (AHEAD if self._device.type != "cpu" else 0) if ahead is None else ahead
        if not ahead:
            for one in wanted:
                yield self.batch(one.rows, one.augmentation, one.keys)
            return
        on_gpu = self._device.type == "cuda"
        # A stream of its own: copies and augmentation overlap with the network instead of queueing behind it.
        beside = torch.cuda.Stream(self._device) if on_gpu else None
        reader, coming = ThreadPoolExecutor(1, thread_name_prefix="batches"), deque[Future[_Made]]()
        try:
            for one in wanted:
                coming.append(reader.submit(self._made, one, beside))
                if len(coming) > ahead:
                    yield _taken(coming.popleft().result())
            while coming:
                yield _taken(coming.popleft().result())
        finally:
            reader.shutdown(cancel_futures=True)

    def _made(self, one: BatchRequest, beside: torch.cuda.Stream | None) -> _Made:
        if beside is None:
            return _Made(*self.batch(one.rows, one.augmentation, one.keys))
        with torch.cuda.stream(beside):
            images, labels = self.batch(one.rows, one.augmentation, one.keys)
        ready = torch.cuda.Event()
        ready.record(beside)
        return _Made(images, labels, ready)

    def _sent(self, tensor: Tensor) -> Tensor:
        """To the device; from pinned memory where that lets the copy go on by itself."""
        if self._device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self._device, non_blocking=True)

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


@dataclass(frozen=True, eq=False)
class _Made:
    images: Tensor
    labels: Tensor
    ready: torch.cuda.Event | None = None


def _taken(made: _Made) -> tuple[Tensor, Tensor]:
    """Let the current stream wait for a batch, and keep its memory until that stream is done with it."""
    if made.ready is not None:
        stream = torch.cuda.current_stream(made.images.device)
        stream.wait_event(made.ready)
        for tensor in (made.images, made.labels):
            tensor.record_stream(stream)
    return made.images, made.labels
