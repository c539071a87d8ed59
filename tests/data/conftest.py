"""Small data sets on disk and in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import Config
from histo_core.data.dataset import Dataset, DatasetInfo
from histo_core.workspace import Workspace


class MemoryDataset(Dataset):
    """A table without pixels."""

    info: ClassVar[DatasetInfo] = DatasetInfo("memory", "", "", "", "", needs_root=False)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        raise NotImplementedError


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """A data set of these labels and further columns; ids follow the labels' order."""

    def make(labels: Sequence[int], classes: Sequence[str] = ("normal", "tumour"), **columns: object) -> Dataset:
        table = pd.DataFrame({"sample_id": [f"s{row:05d}" for row in range(len(labels))], "label": labels, **columns})
        return MemoryDataset("memory", table, classes)

    return make


@pytest.fixture
def pixels() -> np.ndarray:
    """Twelve patches of noise, uint8 [12, 96, 96, 3]."""
    return np.random.default_rng(0).integers(0, 256, (12, 96, 96, 3), dtype=np.uint8)


@pytest.fixture
def pcam_folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """PCam with eight training and four test patches, the training ones with metadata."""
    for split_set, images in (("train", pixels[:8]), ("test", pixels[8:])):
        stem = tmp_path / "pcam" / f"camelyonpatch_level_2_split_{split_set}"
        stem.parent.mkdir(exist_ok=True)
        with h5py.File(f"{stem}_x.h5", "w") as file:
            file["x"] = images
        with h5py.File(f"{stem}_y.h5", "w") as file:
            file["y"] = (np.arange(len(images)) % 2).astype(np.uint8).reshape(-1, 1, 1, 1)
    rows = {
        "coord_y": range(8),
        "coord_x": range(100, 108),
        "tumor_patch": False,
        "wsi": [f"w{n // 4}" for n in range(8)],
    }
    pd.DataFrame(rows).to_csv(tmp_path / "pcam" / "camelyonpatch_level_2_split_train_meta.csv")
    return tmp_path / "pcam"


@pytest.fixture
def kpcam_folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """Kaggle PCam with six labelled patches."""
    root = tmp_path / "kpcam"
    (root / "train").mkdir(parents=True)
    for row, image in enumerate(pixels[:6]):
        Image.fromarray(image).save(root / "train" / f"p{row}.tif")
    (root / "train_labels.csv").write_text("id,label\n" + "".join(f"p{row},{row % 2}\n" for row in range(6)))
    return root


@pytest.fixture
def class_folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """Class folders ``benign`` and ``malignant`` with three PNGs each, and things that are no images."""
    root = tmp_path / "mine"
    for row, image in enumerate(pixels[:6]):
        folder = root / ("benign" if row < 3 else "malignant")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"p{row}.png")
    (root / "benign" / "Thumbs.db").write_bytes(b"no image")
    (root / "notes.txt").write_text("no class")
    (root / ".cache").mkdir()
    return root
