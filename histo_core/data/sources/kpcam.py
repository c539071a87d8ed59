"""Kaggle's histopathologic-cancer-detection: PatchCamelyon's patches without duplicates, as TIFF files and a CSV."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import ClassVar, Literal, cast

import numpy as np
import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.base import DATASETS, UNLABELLED, Dataset, DatasetInfo, Problem
from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.errors import CorruptDataError
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
MICRONS_PER_PIXEL = 0.972
"""CAMELYON16's 0.243 at 40x, undersampled four times to 10x."""

_LABELS = "train_labels.csv"


class KPCamOptions(Config):
    """Which of the two folders."""

    part: Literal["train", "test"] = Field(
        default="train", title="Images", description="train has labels; test has none and is for submissions"
    )


@DATASETS.register("kpcam")
class KPCam(ImageFilesDataset):
    """Patches of ``train``, or of the unlabelled ``test``; tumour means a tumour pixel in the central 32 x 32 box.

    Files of ``train`` that the CSV does not name stay in the table without a label, so that no split uses them.
    Rows without a file, with a label other than 0 and 1, or with an id that another row has are problems. Neither
    patients nor slides are published.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Kaggle PCam",
        summary="Lymph node patches of 96 x 96 pixels: is there metastasis in the central 32 x 32 box?",
        source="https://www.kaggle.com/c/histopathologic-cancer-detection",
        licence="CC0-1.0",
        layout="train/<id>.tif and train_labels.csv with the columns id and label (0 or 1); test/<id>.tif if wanted.",
        label_box=32,
        expected_counts={"train": 220_025, "test": 57_458},
    )
    Options: ClassVar[type[Config]] = KPCamOptions

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open one of the folders.

        Raises:
            DataNotFoundError: no such folder, no image in it, or no CSV.
            CorruptDataError: the CSV cannot be read, lacks a column, or has no rows.
            BrokenFilesError: not one sample can be used.
        """
        root, part = cast(Path, root), cast(KPCamOptions, options).part
        walk = Walk(workspace.allowed(root / part))
        paths = walk.images(walk.root, (".tif",))
        table = pd.DataFrame({"sample_id": [path.stem for path in paths], "path": paths})
        table = usable_rows(table, walk, expected=".tif")
        problems = walk.problems
        if part == "train":
            table, wrong = _labelled(table, read_csv(workspace.allowed(root / _LABELS), ("id", "label")))
            problems = problems + wrong
        else:
            table = table.assign(label=UNLABELLED)
        paths = table.pop("path").tolist()
        return cls("kpcam", table, CLASSES, paths, microns_per_pixel=MICRONS_PER_PIXEL, problems=problems)


def _labelled(table: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """The files with their labels, int64, and what is wrong with the CSV's rows."""
    if rows.empty:
        raise CorruptDataError(f"{_LABELS} has no rows.", "At least one is needed.", "Check the CSV.")
    files, times = set(table["sample_id"]), Counter(rows["id"])
    labels: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for name, label in zip(rows["id"], rows["label"], strict=True):
        if times[name] > 1:
            wrong[name] = f"stands {times[name]:,} times in {_LABELS}"
        elif label not in ("0", "1"):
            wrong[name] = f"has the label {label!r}; labels are 0 and 1"
        elif name not in files:
            wrong[name] = f"stands in {_LABELS} and has no file"
        else:
            labels[name] = int(label)
    table = table.loc[[name not in wrong for name in table["sample_id"]]]
    table = table.assign(label=np.array([labels.get(name, UNLABELLED) for name in table["sample_id"]], np.int64))
    return table, [Problem(name, what) for name, what in wrong.items()]
