"""Store a data set's pixels in one flat file, written in order and hashed while writing.

    pixels.bin      uint8, patch after patch, each H x W x 3
    sizes.npy       int32 [n, 2], height and width of each; only where sizes differ
    manifest.json   what was written, with its SHA-256; written last

Patches of different sizes are not padded, because one large image among small ones would make the file huge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from histo_core.data.dataset import Dataset
from histo_core.data.formats.flat_array import FlatArray
from histo_core.errors import CorruptDataError
from histo_core.files import read_json, write_json
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular

_FORMAT = 1
_PIXELS, _SIZES, _MANIFEST = "pixels.bin", "sizes.npy", "manifest.json"
_PATCHES = 256
"""Patches that are written and reported at a time."""
_BLOCK = 1 << 24


class MemmapPatches:
    """Reader of patches in a flat file; its pickle has the file's path and no pixels.

    Attributes:
        source: the data set's configuration (a `DataConfig` as plain values), or None where that is not known.

    Args:
        folder: a folder that `write_memmap` filled.

    Raises:
        CorruptDataError: a file is missing or has another size than when it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        manifest = _checked_manifest(folder)
        self.bytes: int = manifest["bytes"]
        self.source: dict[str, Any] | None = manifest.get("config")
        self._samples: int = manifest["samples"]
        self._sha256: str = manifest["sha256"]
        path = folder / _PIXELS
        if manifest["size"] is not None:
            self._equal: FlatArray | None = FlatArray(path, (self._samples, *manifest["size"], 3))
        else:
            self._equal, self._flat = None, FlatArray(path, (self.bytes,))
            self._sizes = _checked_sizes(folder, self._samples, self.bytes)
            self._starts = np.cumsum([0, *_byte_counts(self._sizes)])

    def __len__(self) -> int:
        return self._samples

    def read(self, indices: Sequence[int] | np.ndarray) -> list[np.ndarray] | np.ndarray:
        """Read some patches, uint8: one new array [n, H, W, 3] if their sizes agree, else a list of H x W x 3 each."""
        if self._equal is not None:
            return self._equal.read(indices)
        rows = np.asarray(indices, np.int64)
        sizes = self._sizes[rows]
        if len(rows) and (sizes == sizes[0]).all():
            patches: list[np.ndarray] | np.ndarray = np.empty((len(rows), *sizes[0], 3), np.uint8)
        else:
            patches = [np.empty((*size, 3), np.uint8) for size in sizes]
        for patch, start in zip(patches, self._starts[:-1][rows], strict=True):
            self._flat.read_into(patch.reshape(-1), start)
        return patches

    def __getitems__(self, indices: Sequence[int]) -> list[np.ndarray] | np.ndarray:
        """See `read`; PyTorch's loaders call this to get a whole batch."""
        return self.read(indices)

    def verify(self, progress: Progress = silent) -> None:
        """Read the whole file and compare it with the SHA-256 that it was written with.

        Raises:
            CorruptDataError: a byte has changed.
        """
        digest, done = hashlib.sha256(), 0
        with open_regular(self.folder / _PIXELS) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                progress(done, self.bytes)
        if digest.hexdigest() != self._sha256:
            raise _damaged(self.folder, _PIXELS, "is not as it was written")


def write_memmap(dataset: Dataset, folder: Path, progress: Progress = silent) -> None:
    """Write the pixels of a data set's source into an empty folder.

    Args:
        dataset: n samples.
        folder: exists and is empty.
        progress: receives (patches done, n).

    Raises:
        DataError: a patch cannot be read.
        OSError: the disk is full.
    """
    digest, total = hashlib.sha256(), len(dataset)
    sizes = np.empty((total, 2), np.int32)
    with (folder / _PIXELS).open("wb") as file:
        for start in range(0, total, _PATCHES):
            rows = np.arange(start, min(start + _PATCHES, total))
            for row, patch in zip(rows, dataset.each_source(rows), strict=True):
                content = np.ascontiguousarray(patch, np.uint8).data
                file.write(content)
                digest.update(content)
                sizes[row] = patch.shape[:2]
            progress(int(rows[-1]) + 1, total)
    equal = total > 0 and bool((sizes == sizes[0]).all())
    if not equal:
        np.save(folder / _SIZES, sizes, allow_pickle=False)
    manifest = {
        "format": _FORMAT,
        "dataset": dataset.name,
        "state": dataset.pixels_state,
        "config": dataset.config and dataset.config.model_dump(mode="json"),
        "samples": total,
        "bytes": int(sum(_byte_counts(sizes))),
        "size": sizes[0].tolist() if equal else None,
        "sha256": digest.hexdigest(),
    }
    write_json(folder / _MANIFEST, manifest)


def _byte_counts(sizes: np.ndarray) -> np.ndarray:
    return sizes.astype(np.int64).prod(axis=1) * 3


def _checked_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = read_json(folder / _MANIFEST)
        if manifest["format"] != _FORMAT:
            raise _damaged(folder, _MANIFEST, "was written by another version")
        if not _is_as_written(manifest):
            raise _damaged(folder, _MANIFEST, "is not as it was written")
        if (folder / _PIXELS).stat().st_size != manifest["bytes"]:
            raise _damaged(folder, _PIXELS, "has another size than when it was written")
    except OSError as error:
        raise _damaged(folder, Path(error.filename or _MANIFEST).name, "cannot be read") from None
    except (ValueError, KeyError, TypeError):
        raise _damaged(folder, _MANIFEST, "is not as it was written") from None
    return manifest


def _is_as_written(manifest: dict[str, Any]) -> bool:
    """Return whether a manifest's values have the right types, and its pixel count fits its samples."""
    samples, total, size = manifest["samples"], manifest["bytes"], manifest["size"]
    if not all(type(value) is int for value in (samples, total, *(size or ()))) or type(manifest["sha256"]) is not str:
        return False
    return size is None or (len(size) == 2 and samples * size[0] * size[1] * 3 == total)


def _checked_sizes(folder: Path, samples: int, total: int) -> np.ndarray:
    try:
        with open_regular(folder / _SIZES) as file:
            sizes = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise _damaged(folder, _SIZES, "cannot be read") from None
    if sizes.shape != (samples, 2) or _byte_counts(sizes).sum() != total:
        raise _damaged(folder, _SIZES, "does not fit the pixels")
    return sizes


def _damaged(folder: Path, name: str, what: str) -> CorruptDataError:
    return CorruptDataError(
        f"{folder / name} {what}.", "Converted files are never changed.", f"Delete {folder} and convert again."
    )
