"""Random batches from a PCam-like HDF5 file, through a loader and bare, against torchvision and a plain copy.

    python -m benchmarks.loading [FOLDER]

FOLDER may hold patches as ``<split>/<normal|tumor>/*.jpg``; else pixels are random. Before anything is timed, ours
must give torchvision's pixels and labels. Cache warm, one thread, the same rows for both.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import PCAM
from torchvision.transforms.v2 import PILToTensor

from benchmarks._paired import paired
from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.formats.hdf5 import open_array
from histo_core.data.formats.images import open_image
from histo_core.data.opening import open_dataset
from histo_core.data.sources.pcam import PATCH_SHAPE
from histo_core.data.sources.pcam_files import pcam_file
from histo_core.data.torch_dataset import Patches, identity
from histo_core.workspace import Workspace

PATCHES = 20_000
"""In the file: 553 MB, far more than any processor's cache."""
BATCH = 64
BATCHES = 8
"""A round where loaders are timed; torchvision's is slow."""
GATHERED = 200
"""Batches a round where bare reading is timed."""


def real_patches(folder: Path) -> np.ndarray:
    """The folder's patches, uint8 [n, 96, 96, 3]."""
    return np.stack([open_image(file) for file in sorted(folder.glob("*/*/*.jpg"))])


def write_pcam(folder: Path, source: Path | None) -> None:
    """A test set in PCam's layout, contiguous as published."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (1000, *PATCH_SHAPE), np.uint8) if source is None else real_patches(source)
    folder.mkdir()
    with h5py.File(folder / pcam_file("test", "x.h5"), "w") as file:
        stored = file.create_dataset("x", (PATCHES, *PATCH_SHAPE), "uint8")
        for start in range(0, PATCHES, len(pixels)):
            stored[start : start + len(pixels)] = pixels[: PATCHES - start]
    with h5py.File(folder / pcam_file("test", "y.h5"), "w") as file:
        file["y"] = rng.integers(0, 2, (PATCHES, 1, 1, 1), np.uint8)


def loaders(theirs: PCAM, ours: Patches) -> None:
    """Random batches of the same patches in the same order through PyTorch's loader, without workers."""
    rows = np.random.default_rng(2).choice(PATCHES, BATCH * BATCHES, replace=False).tolist()

    def epoch_theirs() -> DataLoader[Any]:
        return DataLoader(theirs, batch_size=BATCH, sampler=rows)

    def epoch_ours() -> DataLoader[Any]:
        return DataLoader(ours, batch_size=BATCH, sampler=rows, collate_fn=identity)

    for (their_images, their_labels), (images, labels) in zip(epoch_theirs(), epoch_ours(), strict=True):
        assert torch.equal(images.permute(0, 3, 1, 2), their_images)
        assert torch.equal(labels, their_labels)
    paired(
        f"{BATCHES} random batches of {BATCH} through a loader",
        {"torchvision PCAM": lambda: each(len, epoch_theirs()), "ours": lambda: each(len, epoch_ours())},
        base="torchvision PCAM",
        rounds=9,
    )


def each(read: Callable[[Any], object], batches: Iterable[Any]) -> None:
    """Read one batch after another, keeping none."""
    for batch in batches:
        read(batch)


def gathers(dataset: Dataset, path: Path) -> None:
    """Random patches, batch by batch, against one copy of the same bytes where they lie side by side.

    A copy of neighbours in batches is quicker than either: the processor fetches ahead what comes next, and writes to a
    block that is still in its cache. Of random patches nothing can be fetched ahead.
    """
    stored = open_array(path, "x", shape=(None, *PATCH_SHAPE))
    with h5py.File(path) as file:
        whole = np.asarray(np.memmap(path, np.uint8, "r", file["x"].id.get_offset(), stored.shape))
    rng = np.random.default_rng(1)
    rows = rng.integers(0, PATCHES, (GATHERED, BATCH))
    same = whole[rows.ravel()]
    np.testing.assert_array_equal(np.concatenate([stored.read(batch) for batch in rows]), same)
    np.testing.assert_array_equal(dataset.read(rows[0]), same[:BATCH])
    there = np.zeros_like(same)
    blocks = [whole[start : start + BATCH] for start in rng.integers(0, PATCHES - BATCH, GATHERED)]
    paired(
        f"{GATHERED} batches of {BATCH} without a loader",
        {
            "one copy of the same bytes": lambda: np.copyto(there, same),
            "copy of neighbours in batches": lambda: each(np.copy, blocks),
            "random patches, raw gather": lambda: each(stored.read, rows),
            "random patches, through the data set": lambda: each(dataset.read, rows),
        },
        base="one copy of the same bytes",
        rounds=15,
    )


def main() -> None:
    """Check, then measure."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_pcam(root / "pcam", Path(sys.argv[1]) if len(sys.argv) > 1 else None)
        dataset = open_dataset(DataConfig(dataset="pcam", root=str(root / "pcam")), Workspace(root, (root,)))
        loaders(PCAM(name, split="test", transform=PILToTensor()), Patches(dataset))
        gathers(dataset, root / "pcam" / pcam_file("test", "x.h5"))


if __name__ == "__main__":
    main()
