"""Measure everything that an audit needs in one pass over the pixels: each patch is read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.auditing.dct_signature import FEATURELESS, SIDE, signatures, structure
from histo_core.auditing.pixel_stats import luma, measure
from histo_core.data.dataset import Dataset
from histo_core.progress import Progress, silent

_BATCH = 256
_BATCH_BYTES = 1 << 26
"""Largest size of a batch's pixels, so that a batch of large images does not fill the memory."""


@dataclass(frozen=True, eq=False)
class Scan:
    """The measurements of some rows of a data set, in their order.

    Attributes:
        rows: int64 [n].
        digests: digest of each patch's shape and pixels (`pixel_digest`), n.
        signatures: float32 [n, SIDE, SIDE]; see `histo_core.auditing.dct_signature`.
        facts: n rows; the columns of `histo_core.auditing.pixel_stats.measure`, and ``height`` and ``width`` in pixels.
    """

    rows: np.ndarray
    digests: list[bytes]
    signatures: np.ndarray
    facts: pd.DataFrame

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def featureless(self) -> int:
        """Return how many patches have too little structure to be recognised."""
        return int((structure(self.signatures) < FEATURELESS).sum())


def scan(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> Scan:
    """Read some rows once and measure them.

    Raises:
        CorruptDataError: a patch cannot be read.
        CancelledError: raised by ``progress``.
    """
    digests: list[bytes] = []
    coarse = np.zeros((len(rows), SIDE, SIDE), np.float32)
    facts: dict[str, np.ndarray] = {}
    for start, images in _batches(dataset, rows, progress):
        digests += map(pixel_digest, images)
        for places, stack in _by_size(images):
            grey = luma(stack)
            coarse[start + places] = signatures(grey)
            measured = measure(stack, grey)
            measured |= dict(zip(("height", "width"), np.repeat([grey.shape[1:]], len(grey), axis=0).T, strict=True))
            for name, values in measured.items():
                facts.setdefault(name, np.zeros(len(rows), values.dtype))[start + places] = values
    return Scan(np.asarray(rows, np.int64), digests, coarse, pd.DataFrame(facts))


def digests(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> list[bytes]:
    """Return only the digests of some rows; see `scan`."""
    return [pixel_digest(image) for _, images in _batches(dataset, rows, progress) for image in images]


def pixel_digest(image: np.ndarray) -> bytes:
    """Return the SHA-256 over an image's shape and pixels."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def _batches(dataset: Dataset, rows: np.ndarray, progress: Progress) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Yield the index in ``rows`` at which a batch begins, and its images."""
    start, size = 0, 1
    while start < len(rows):
        images = list(dataset.read(rows[start : start + size]))
        yield start, images
        start += len(images)
        progress(start, len(rows))
        size = int(np.clip(_BATCH_BYTES // max(image.nbytes for image in images), 1, _BATCH))


def _by_size(images: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield indices, int64 [m], and the images there, uint8 [m, H, W, 3], for each size."""
    sizes = [image.shape for image in images]
    for size in dict.fromkeys(sizes):
        places = np.array([place for place, other in enumerate(sizes) if other == size])
        yield places, np.stack([images[place] for place in places])
