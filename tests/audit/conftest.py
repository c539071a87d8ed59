"""A folder of class folders whose patients a test may name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.base import Dataset, open_dataset
from histo_core.workspace import Workspace


@pytest.fixture
def make_folder(tmp_path: Path, workspace: Workspace) -> Callable[..., Dataset]:
    """A data set of these images, each under (part, class); further columns go into its table.

    Images must be given in the order of part, then class.
    """

    def make(images: Sequence[np.ndarray], where: Sequence[tuple[str, str]], **columns: object) -> Dataset:
        for row, (image, (part, name)) in enumerate(zip(images, where, strict=True)):
            folder = tmp_path / "mine" / part / name
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
