"""A folder of class folders whose patients a test may name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.workspace import Workspace


@pytest.fixture
def make_folder(tmp_path: Path, workspace: Workspace) -> Callable[..., Dataset]:
    """A data set of these images, each under (set, class); further columns go into its table.

    Images must be given in the order of set, then class.
    """

    def make(images: Sequence[np.ndarray], where: Sequence[tuple[str, str]], **columns: object) -> Dataset:
        for row, (image, (split_set, name)) in enumerate(zip(images, where, strict=True)):
            folder = tmp_path / "mine" / split_set / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{row:04d}.png")
        dataset = open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "mine")), workspace)
        by_name = np.argsort([Path(name).name for name in dataset.table["sample_id"]])
        for name, values in columns.items():
            column = np.empty(len(dataset), dtype=object)
            column[by_name] = np.array(values, dtype=object)
            dataset.table[name] = column
        return dataset

    return make


@pytest.fixture(scope="session")
def textures() -> np.ndarray:
    """40 different patches with large and small shapes in purple and pink, uint8 [40, 64, 64, 3]."""
    rng = np.random.default_rng(7)
    stains = np.stack([gaussian_filter(rng.normal(size=(40, 64, 64)), (0, size, size)) * size for size in (6, 1.5)])
    density = np.tensordot(np.clip(stains + 0.6, 0, None), [[0.13, 0.20, 0.08], [0.20, 0.24, 0.10]], axes=(0, 0))
    return np.rint(255 * 10**-density).astype(np.uint8)
