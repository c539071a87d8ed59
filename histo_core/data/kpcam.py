"""Kaggle's histopathologic-cancer-detection: PatchCamelyon's patches without duplicates, as TIFF files and a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pandas as pd

from histo_core.config import Config
from histo_core.data.base import DATASETS, UNLABELLED, Dataset, DatasetInfo
from histo_core.data.csv_table import read_csv
from histo_core.data.image_files import ImageFilesDataset, list_images
from histo_core.errors import CorruptDataError, DataNotFoundError
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
MICRONS_PER_PIXEL = 0.972
"""CAMELYON16's 0.243 at 40x, undersampled four times to 10x."""

_SHOWN = 3


@DATASETS.register("kpcam")
class KPCam(ImageFilesDataset):
    """Labelled patches of ``train``; a patch is tumour when its central 32 x 32 box holds a tumour pixel.

    Files that the CSV does not name stay in the table without a label, so that no split uses them. Neither patients
    nor slides are published.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Kaggle PCam",
        summary="Lymph node patches of 96 x 96 pixels: is there metastasis in the central 32 x 32 box?",
        source="https://www.kaggle.com/c/histopathologic-cancer-detection",
        licence="CC0-1.0",
        layout="train/<id>.tif and train_labels.csv with the columns id and label (0 or 1).",
        expected_counts={"train": 220_025},
    )

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        del options
        root = cast(Path, root)  # needs_root
        labels = _labels(workspace.allowed(root / "train_labels.csv"))
        paths = [path for path in list_images(root / "train", root) if path.suffix.lower() == ".tif"]
        ids = [path.stem for path in paths]
        _check_files(labels, ids, root)
        table = pd.DataFrame({"sample_id": ids, "label": labels.reindex(ids, fill_value=UNLABELLED).array})
        return cls("kpcam", table, CLASSES, paths, microns_per_pixel=MICRONS_PER_PIXEL)


def _labels(path: Path) -> pd.Series:
    """Labels 0 and 1 by id."""
    table = read_csv(path, ("id", "label"))
    wrong = np.flatnonzero(~np.isin(table["label"].to_numpy(dtype=object), ["0", "1"]))
    if len(wrong):
        row = table.iloc[wrong[0]]
        raise CorruptDataError(
            f"{path} gives {row['id']!r} the label {row['label']!r}.", "Labels are 0 and 1.", "Correct the CSV."
        )
    twice = np.flatnonzero(table["id"].duplicated())
    if len(twice):
        name = table["id"].iloc[twice[0]]
        raise CorruptDataError(f"{path} names {name!r} twice.", "Ids must be unique.", "Remove one of the rows.")
    return pd.Series(table["label"].to_numpy(np.int64), index=pd.Index(table["id"]))


def _check_files(labels: pd.Series, ids: list[str], root: Path) -> None:
    if labels.empty:
        raise CorruptDataError(f"{root / 'train_labels.csv'} has no rows.", "At least one is needed.", "Check the CSV.")
    missing = labels.index.difference(pd.Index(ids), sort=False)
    if len(missing):
        shown = ", ".join(f"{name}.tif" for name in missing[:_SHOWN])
        raise DataNotFoundError(
            f"{len(missing):,} of {len(labels):,} ids of train_labels.csv have no file in {root / 'train'}: "
            f"{shown}{', ...' if len(missing) > _SHOWN else ''}.",
            "Each id needs train/<id>.tif.",
            "Add the files or remove their rows.",
        )
