"""PatchCamelyon as published: one HDF5 file of patches and one of labels for each part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pandas as pd

from histo_core.config import Config
from histo_core.data.base import DATASETS, PARTS, Dataset, DatasetInfo
from histo_core.data.csv_table import read_csv
from histo_core.data.hdf5 import HDF5Array, open_array
from histo_core.errors import CorruptDataError, DataNotFoundError
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
MICRONS_PER_PIXEL = 0.972
"""CAMELYON16's 0.243 at 40x, undersampled four times to 10x."""

_FILE = "camelyonpatch_level_2_split_{part}_{what}"


@DATASETS.register("pcam")
class PCam(Dataset):
    """Patches with the published split; slides and positions where the metadata CSV lies beside them.

    A slide is one of CAMELYON16's; which slides belong to one patient is not published.
    Paper: Veeling et al., Rotation Equivariant CNNs for Digital Pathology, MICCAI 2018.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="PatchCamelyon",
        summary="Lymph node patches of 96 x 96 pixels: is there metastasis in the central 32 x 32 box?",
        source="https://github.com/basveeling/pcam",
        licence="CC0-1.0",
        layout=(
            "camelyonpatch_level_2_split_<train|valid|test>_x.h5 and _y.h5, unzipped, at least one pair; "
            "_meta.csv beside them adds slides and positions."
        ),
        expected_counts={"train": 262_144, "valid": 32_768, "test": 32_768},
        checksums={  # of the published archives
            f"{_FILE.format(part=part, what=what)}.h5.gz": f"md5:{md5}"
            for part, what, md5 in (
                ("train", "x", "1571f514728f59376b705fc836ff4b63"),
                ("train", "y", "35c2d7259d906cfc8143347bb8e05be7"),
                ("valid", "x", "d5b63470df7cfa627aeec8b9dc0c066e"),
                ("valid", "y", "2b85f58b927af9964a4c15b8f7e8f179"),
                ("test", "x", "d8c2d60d490dbd479f8199bdfa0cf6ec"),
                ("test", "y", "60a7035772fbdb7f34eb86d4420cf66a"),
            )
        },
    )

    def __init__(self, table: pd.DataFrame, images: Sequence[HDF5Array]) -> None:
        super().__init__(
            "pcam", table, CLASSES, microns_per_pixel=MICRONS_PER_PIXEL, sources=[part.path for part in images]
        )
        self._images = tuple(images)
        self._starts = np.cumsum([0, *(len(part) for part in images)])

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        del options
        root = cast(Path, root)  # needs_root
        tables, images = [], []
        for part in PARTS:
            files = {what: root / f"{_FILE.format(part=part, what=what)}.h5" for what in "xy"}
            if not any(file.exists() for file in files.values()):
                continue
            patches = open_array(workspace.allowed(files["x"]), "x", shape=(None, 96, 96, 3))
            labels = _labels(workspace.allowed(files["y"]))
            if len(patches) != len(labels):
                raise CorruptDataError(
                    f"{files['x'].name} holds {len(patches):,} patches and {files['y'].name} {len(labels):,} labels.",
                    "There must be one label a patch.",
                    "Check that both files belong to the same part and are whole.",
                )
            meta = root / f"{_FILE.format(part=part, what='meta')}.csv"
            tables.append(_table(part, labels, workspace.allowed(meta) if meta.exists() else None))
            images.append(patches)
        if not tables:
            raise DataNotFoundError(f"{root} holds no part of PCam.", cls.info.layout, "Check the folder, or unzip.")
        return cls(pd.concat(tables, ignore_index=True), images)

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Pixels of some patches, uint8 [n, 96, 96, 3]."""
        rows = np.asarray(indices, np.int64)
        parts = np.searchsorted(self._starts, rows, side="right") - 1
        pixels = np.empty((len(rows), 96, 96, 3), np.uint8)
        for part in np.unique(parts):
            pixels[parts == part] = self._images[part].read(rows[parts == part] - self._starts[part])
        return pixels


def _labels(path: Path) -> np.ndarray:
    stored = open_array(path, "y", shape=(None, 1, 1, 1), dtypes=("uint8", "int8", "int16", "int32", "int64"))
    labels = stored.read(np.arange(len(stored))).reshape(-1)
    wrong = np.flatnonzero((labels != 0) & (labels != 1))
    if len(wrong):
        raise CorruptDataError(
            f"{path} gives patch {wrong[0]:,} the label {labels[wrong[0]]}.", "Labels are 0 and 1.", "Check the file."
        )
    return labels.astype(np.int64)


def _table(part: str, labels: np.ndarray, meta: Path | None) -> pd.DataFrame:
    table = pd.DataFrame(
        {"sample_id": [f"{part}-{row:06d}" for row in range(len(labels))], "label": labels, "split": part}
    )
    if meta is None:
        return table.assign(slide_id=None)
    rows = read_csv(meta, ("wsi", "coord_x", "coord_y"))
    if len(rows) != len(labels):
        raise CorruptDataError(
            f"{meta} has {len(rows):,} rows for {len(labels):,} patches.", "One row a patch is needed.", "Check it."
        )
    return table.assign(slide_id=rows["wsi"], x=_positions(rows, "coord_x", meta), y=_positions(rows, "coord_y", meta))


def _positions(rows: pd.DataFrame, column: str, meta: Path) -> np.ndarray:
    try:
        return rows[column].to_numpy(dtype=object).astype(np.float64)
    except ValueError as error:
        raise CorruptDataError(
            f"{meta} has no position in {column}: {error}.", "Numbers are expected.", "Correct the CSV."
        ) from None
