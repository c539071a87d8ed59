"""A folder like PatchCamelyon: real pixels, repeated with a little noise so that no two patches are equal."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from histo_core.data.formats.images import open_image

FULL = {"train": 262_144, "valid": 32_768, "test": 32_768}
"""Patches of each set of PatchCamelyon."""
SIDE = 96
SLIDE_COLUMNS = 32
STEP = 4 * SIDE
"""Pixels at a slide's finest level between two neighbouring patches: they are undersampled four times."""
_CHUNK = 2_048


def write_pcam_like(patches: Path, folder: Path, sizes: dict[str, int], *, seed: int = 0) -> None:
    """Write contiguous HDF5 files and metadata CSVs.

    Args:
        patches: a folder of real ones, ``<set>/<normal|tumor>/*.jpg``.
        folder: where the files go; it is made.
        sizes: patches of each set.
        seed: of the noise and the labels' order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    real, classes = _real(patches)
    rng = np.random.default_rng(seed)
    written = 0
    for split_set, n in sizes.items():
        name = f"camelyonpatch_level_2_split_{split_set}"
        rows = np.arange(written, written + n)
        labels = classes[rows % len(real)]
        with h5py.File(folder / f"{name}_x.h5", "w") as file:
            pixels = file.create_dataset("x", (n, SIDE, SIDE, 3), np.uint8)
            for start in range(0, n, _CHUNK):
                block = rows[start : start + _CHUNK]
                pixels[start : start + len(block)] = real[block % len(real)] ^ _noise(block // len(real), rng)
        with h5py.File(folder / f"{name}_y.h5", "w") as file:
            file["y"] = labels.reshape(n, 1, 1, 1)
        _meta(split_set, labels).to_csv(folder / f"{name}_meta.csv")
        written += n


def _real(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All real patches and their labels, in a mixed order."""
    files = sorted(folder.glob("*/*/*.jpg"))
    order = np.random.default_rng(0).permutation(len(files))
    pixels = np.stack([open_image(files[i]) for i in order])
    return pixels, np.array([files[i].parent.name == "tumor" for i in order], np.uint8)


def _noise(repeats: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The lowest bit of some pixels, [n, 96, 96, 3]: as many more of the first as the patch has been used before."""
    noise = np.repeat(rng.integers(0, 2, (1, SIDE, SIDE, 3), dtype=np.uint8), len(repeats), axis=0)
    noise[:, 0] = 0  # the first row of pixels counts in binary, and so no two repeats are equal
    bits = (repeats[:, None] >> np.arange(SIDE)) & 1
    noise[:, 0, :, 0] = bits
    return noise


def _meta(split_set: str, labels: np.ndarray) -> pd.DataFrame:
    """As PatchCamelyon's: a slide for each thousand patches, which lie on a grid."""
    rows = np.arange(len(labels))
    place = rows % 1_024
    slide = rows // 1_024
    source = "test" if split_set == "test" else "train"
    first = 200 if split_set == "valid" else 1
    return pd.DataFrame(
        {
            "coord_y": place // SLIDE_COLUMNS * STEP,
            "coord_x": place % SLIDE_COLUMNS * STEP,
            "tumor_patch": labels == 1,
            "center_tumor_patch": labels == 1,
            "wsi": [f"camelyon16_{source}_{'tumor' if s % 2 else 'normal'}_{s + first:03d}" for s in slide],
        }
    )
