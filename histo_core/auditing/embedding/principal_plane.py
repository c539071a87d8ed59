"""Project the features of all patches onto their first two principal components, in two passes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from histo_core.auditing.embedding.describe import Describe
from histo_core.auditing.embedding.pca import Covariance
from histo_core.data.dataset import Dataset
from histo_core.errors import DataError
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular

_BATCH_BYTES, _MOST_PATCHES = 32 << 20, 1024


@dataclass(frozen=True)
class PrincipalPlane:
    """The coordinates of every patch on the first two principal components.

    Attributes:
        xy: float32 [n, 2].
        explained: share of the features' variance along each axis, 0 to 1.
        sampled: float32 [m, d], the features of the requested rows.
    """

    xy: np.ndarray
    explained: tuple[float, float]
    sampled: np.ndarray


def principal_plane(
    dataset: Dataset, describe: Describe, sample: np.ndarray, scratch: Path, progress: Progress = silent
) -> PrincipalPlane:
    """Describe every patch and project all of them by PCA; memory does not grow with the number of features.

    Args:
        dataset: the data set; it is read once, in order, the next batch while the last one is described.
        describe: maps images to float32 [n, d], d at least 2.
        sample: int64 [m], in order: rows whose features are returned.
        scratch: a folder for a temporary file of n x d x 4 bytes.
        progress: reports (patches described, total).

    Raises:
        DataError: the data set is empty, or a patch cannot be read.
        CancelledError: raised by ``progress``.
    """
    n = len(dataset)
    if not n:
        raise DataError("The data set holds no patches.", "At least one is needed for a map.", "Choose another one.")
    covariance, sampled, done, width = Covariance(), [], 0, 0
    kept = scratch / "features.f32"
    with kept.open("wb") as file:
        for rows, images in _batches(dataset):
            described = describe(images)
            described.tofile(file)
            covariance.add(described)
            sampled.append(described[np.isin(rows, sample, assume_unique=True)])
            done, width = done + len(rows), described.shape[1]
            progress(done, n)
    components = covariance.components(2)
    xy = np.empty((n, 2), np.float32)
    with open_regular(kept) as file:
        for start in range(0, n, _MOST_PATCHES):
            block = np.fromfile(file, np.float32, count=_MOST_PATCHES * width).reshape(-1, width)
            xy[start : start + len(block)] = components.project(block)
    kept.unlink()
    first, second = components.explained
    return PrincipalPlane(xy, (float(first), float(second)), np.concatenate(sampled))


def _batches(dataset: Dataset) -> Iterator[tuple[np.ndarray, Any]]:
    """Yield row numbers and pixels; a thread reads one batch ahead."""
    patch_bytes = np.asarray(dataset.read([0])[0]).nbytes
    size = int(np.clip(_BATCH_BYTES // patch_bytes, 1, _MOST_PATCHES))
    batches = [np.arange(start, min(start + size, len(dataset))) for start in range(0, len(dataset), size)]
    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(dataset.read, batches[0])
        for rows, following in zip(batches, [*batches[1:], None], strict=True):
            images = ahead.result()
            if following is not None:
                ahead = reader.submit(dataset.read, following)
            yield rows, images
