"""Kaggle's histopathologic-cancer-detection: PatchCamelyon's patches without duplicates, as TIFF files and a CSV."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from pathlib import Path
from typing import ClassVar, Literal, cast

import numpy as np
import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, UNLABELLED, Dataset, DatasetInfo, Problem
from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.formats.images import SUFFIXES
from histo_core.data.formats.truth import zero_or_one
from histo_core.data.formats.unpacked import in_namesake, in_own_folder, only_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.set_names import set_named
from histo_core.data.sources.synonyms import tumour_synonyms
from histo_core.errors import BrokenFilesError, CorruptDataError
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
MICRONS_PER_PIXEL = 0.972
"""Micrometres: CAMELYON16's 0.243 at 40x, downsampled by four to 10x."""

_LABELS = "train_labels.csv"
_ID = re.compile(r"[0-9a-f]{40}")
"""The published ids."""
_DEEP = 4
"""Most nested folders in which the two folders are looked for; unpacking creates them."""


class KPCamOptions(Config):
    """Choice between the two folders."""

    part: Literal["train", "test"] = Field(
        default="train", title="Images", description="train has labels; test has none and is for submissions"
    )


@DATASETS.register("kpcam")
class KPCam(ImageFilesDataset):
    """Patches of ``train`` or of the unlabelled ``test``; tumour means a tumour pixel in the central 32 x 32 box.

    An id is a file's name without its image suffix. Files of ``train`` that the CSV does not name stay in the table
    without a label, so that no split uses them; they count as left out. Rows without a file, with a label other than 0
    and 1 (or 0.0, True and the like), or with the id of another row are problems. Neither patients nor slides are
    published. Nested folders that unpacking creates (``train/train``) are searched.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Kaggle PCam",
        summary="Lymph node patches of 96 x 96 pixels: is there metastasis in the central 32 x 32 box?",
        source="https://www.kaggle.com/c/histopathologic-cancer-detection",
        licence="CC0-1.0",
        layout="train/<id>.tif (or another kind of image) and train_labels.csv with the columns id and label (0 or 1); "
        "test/<id>.tif if wanted.",
        label_box=32,
        synonyms=tumour_synonyms("metastasis", "metastatic", "metastatic tissue"),
        expected_counts={"train": 220_025, "test": 57_458},
    )
    Options: ClassVar[type[Config]] = KPCamOptions

    @classmethod
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by the CSV beside ``train``, or by ids as Kaggle gives them."""
        for top in look.wrapped():
            sets = {set_named(folder.name): look.first_images(folder) for folder in look.folders(top)}
            labels = look.file(top / _LABELS)
            found = {name: images for name in ("train", "test") if (images := sets.get(name))}
            published = any(_ID.fullmatch(image.stem) for images in found.values() for image in images[:5])
            if not found or (labels is None and not published):
                continue
            evidence = [] if labels is None else [_LABELS]
            evidence += [f"{look.names(images[0].parent).images_in_words} in {name}" for name, images in found.items()]
            if "train" not in found:
                return Signs(tuple(evidence), {"part": "test"})
            return Signs(tuple(evidence), missing="" if labels else f"{_LABELS}, which has the labels")
        return None

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open one of the folders.

        Raises:
            DataNotFoundError: there is no such folder, no image in it, or no CSV.
            CorruptDataError: the CSV cannot be read, lacks a column or has no rows.
            BrokenFilesError: no sample can be used.
        """
        root, split_set = cast(Path, root), cast(KPCamOptions, options).part
        top, folder = _folder(root, split_set)
        walk = Walk(workspace.allowed(folder))
        paths = walk.images(walk.root)
        table = usable_rows(pd.DataFrame({"sample_id": [path.stem for path in paths], "path": paths}), walk)
        problems, files = walk.problems, []
        if split_set == "train":
            files = [in_own_folder(top / _LABELS)]
            table, wrong = _labelled(table, read_csv(workspace.allowed(files[0]), ("id", "label")))
            problems = problems + wrong
            for path in table.loc[table["label"] == UNLABELLED, "path"]:
                walk.tally.add(f"images without a row in {_LABELS}, which no split uses", str(path))
        else:
            table = table.assign(label=UNLABELLED)
        if table.empty:
            raise BrokenFilesError(problems, f"No patch is left: correct {_LABELS}.")
        paths = table.pop("path").tolist()
        dataset = cls("kpcam", table, CLASSES, paths, microns_per_pixel=MICRONS_PER_PIXEL, problems=problems)
        dataset.survey = walk.survey(root, files)
        return dataset


def _folder(root: Path, split_set: str) -> tuple[Path, Path]:
    """Find the folder with the CSV, and the ``train`` or ``test`` folder; the expected paths where neither exists."""
    walk = Walk(root)
    top = root
    for _ in range(_DEEP):
        found = [folder for folder in walk.folders(top) if set_named(folder.name) == split_set]
        found.sort(key=lambda folder: folder.name != split_set)  # "train" before "Training"
        if found:
            return top, in_namesake(walk, found[0])
        only = only_folder(walk, top)
        if only is None:
            break
        top = only
    return root, root / split_set


def _id(cell: str, files: Set[str]) -> str:
    """Return the id that a cell names: unchanged if that file exists, else without the image suffix."""
    suffix = next((suffix for suffix in SUFFIXES if cell.lower().endswith(suffix)), "")
    return cell if cell in files or not suffix else cell[: -len(suffix)]


def _labelled(table: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the files with their labels, int64, and the problems of the CSV's rows."""
    if rows.empty:
        raise CorruptDataError(f"{_LABELS} has no rows.", "At least one is needed.", "Check the CSV.")
    files = set(table["sample_id"])
    ids = [_id(cell, files) for cell in rows["id"]]
    times = Counter(ids)
    labels: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for name, cell in zip(ids, rows["label"], strict=True):
        label = zero_or_one(cell)
        if times[name] > 1:
            wrong[name] = f"stands {times[name]:,} times in {_LABELS}"
        elif label is None:
            wrong[name] = f"has the label {cell!r}; labels are 0 and 1"
        elif name not in files:
            wrong[name] = f"stands in {_LABELS} and has no file"
        else:
            labels[name] = label
    table = table.loc[[name not in wrong for name in table["sample_id"]]]
    table = table.assign(label=np.array([labels.get(name, UNLABELLED) for name in table["sample_id"]], np.int64))
    return table, [Problem(name, what) for name, what in wrong.items()]
