"""Export a data set as class folders of PNG files, as PCam's own HDF5 files, or as a table.

A folder is written completely or not at all, and never replaces another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from histo_core.data.dataset import SPLIT_SETS, UNLABELLED, Dataset
from histo_core.data.formats.csv_cells import to_csv
from histo_core.data.formats.safe_names import safe_names
from histo_core.data.sources.pcam import CLASSES as PCAM_CLASSES
from histo_core.data.sources.pcam import PATCH_SHAPE
from histo_core.data.sources.pcam_files import pcam_file
from histo_core.data.splits.split import Split
from histo_core.disk_errors import advice
from histo_core.errors import ConfigError, DataError
from histo_core.files import new_folder, write_atomically
from histo_core.progress import Progress, silent

_PATCHES = 256
"""Patches that are read and reported at a time."""


def export_folders(dataset: Dataset, split: Split | None, folder: Path, progress: Progress = silent) -> None:
    """Write ``<set>/<class>/<sample>.png``, or ``<class>/<sample>.png`` without a split.

    Names are made safe for files (see `safe_names`); PCam's classes are called normal and tumor, as it calls them.
    Patches without a label, or in no set, are left out.

    Args:
        dataset: any.
        split: its training, validation and test sets are written; or None.
        folder: does not exist yet, or is empty.
        progress: receives (patches done, total).

    Raises:
        ConfigError: the folder is not empty.
        DataError: a patch cannot be read, the folder cannot be written, or something else was put into it meanwhile;
            the export is then kept beside it.
        CancelledError: ``progress`` requested it; nothing is left behind.
    """
    classes = safe_names(["normal", "tumor"] if dataset.classes == PCAM_CLASSES else dataset.classes)
    labels = dataset.table["label"].to_numpy()
    if split is None:
        rows = np.flatnonzero(labels != UNLABELLED)
        folders = [classes[label] for label in labels[rows]]
    else:
        rows = np.flatnonzero(np.isin(split.split_sets, SPLIT_SETS) & (labels != UNLABELLED))
        folders = [f"{split.split_sets[row]}/{classes[labels[row]]}" for row in rows]
    names = safe_names(dataset.table["sample_id"].iloc[rows].tolist())
    with _made(folder) as made:
        for name in set(folders):
            (made / name).mkdir(parents=True)
        for place, patch in enumerate(_patches(dataset, rows, progress)):
            Image.fromarray(patch).save(made / folders[place] / f"{names[place]}.png")


def export_pcam(dataset: Dataset, split: Split, folder: Path, progress: Progress = silent) -> None:
    """Write PCam's own layout: for each set that has patches, contiguous ``x`` and ``y`` in two HDF5 files.

    ``y`` is 1 for the class of interest. The metadata CSV is written if any slide or position is known; cells are empty
    where a patch has none.

    Args:
        dataset: two classes, all patches 96 x 96.
        split, folder, progress: as in `export_folders`.

    Raises:
        ConfigError: the data set does not fit the layout, or the folder is not empty.
        DataError, CancelledError: as in `export_folders`.
    """
    if len(dataset.classes) != 2:
        raise ConfigError(
            f"Data set {dataset.name!r} has {len(dataset.classes)} classes.",
            "PCam's layout holds two.",
            "Export class folders instead.",
        )
    rows_of = {split_set: split.indices(split_set) for split_set in SPLIT_SETS if len(split.indices(split_set))}
    done, total = 0, sum(map(len, rows_of.values()))
    with _made(folder) as made:
        for split_set, rows in rows_of.items():
            _write_set(dataset, rows, made, split_set, lambda some, _, before=done: progress(before + some, total))
            done += len(rows)


def export_table(dataset: Dataset, split: Split | None, path: Path) -> None:
    """Write the table without pixels: one row for each sample, with class names as labels and the split's sets.

    Args:
        dataset: any.
        split: its sets replace the column ``split``; None keeps the published ones.
        path: a file that does not exist yet; its suffix chooses ``.csv`` (text safe for spreadsheets) or ``.parquet``.

    Raises:
        ConfigError: another suffix, or the file exists.
        DataError: the file cannot be written.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"{path.name} is no table that can be written.", "Allowed: .csv, .parquet.", "Rename it.")
    if path.exists():
        raise ConfigError(f"{path} is there already.", "A new file is expected.", "Choose another name, or remove it.")
    names = np.array([*dataset.classes, None], dtype=object)  # UNLABELLED = -1 indexes the last
    table = dataset.table.assign(label=names[dataset.table["label"].to_numpy()])
    if split is not None:
        table["split"] = split.split_sets
    with _written(path):
        if path.suffix == ".csv":
            write_atomically(path, to_csv(table))
        else:
            write_atomically(path, lambda temporary: table.to_parquet(temporary, engine="pyarrow", index=False))


def _write_set(dataset: Dataset, rows: np.ndarray, folder: Path, split_set: str, progress: Progress) -> None:
    with h5py.File(folder / pcam_file(split_set, "x.h5"), "w") as file:
        stored = file.create_dataset("x", (len(rows), *PATCH_SHAPE), "uint8")
        for place, patch in enumerate(_patches(dataset, rows, progress)):
            if patch.shape != PATCH_SHAPE:
                raise ConfigError(
                    f"{dataset.table['sample_id'].iloc[rows[place]]} has {patch.shape[1]} x {patch.shape[0]} pixels.",
                    "PCam's layout holds patches of 96 x 96.",
                    "Export class folders instead.",
                )
            stored[place] = patch
    labels = dataset.table["label"].to_numpy()[rows] == dataset.classes.index(dataset.positive)
    with h5py.File(folder / pcam_file(split_set, "y.h5"), "w") as file:
        file["y"] = labels.astype(np.uint8).reshape(-1, 1, 1, 1)
    known = dataset.table.reindex(columns=["y", "x", "tumor_patch", "slide_id"]).iloc[rows].reset_index(drop=True)
    if known[["y", "x", "slide_id"]].notna().any(axis=None):
        meta = known.rename(columns={"y": "coord_y", "x": "coord_x", "slide_id": "wsi"})
        meta.insert(3, "center_tumor_patch", labels)
        (folder / pcam_file(split_set, "meta.csv")).write_bytes(to_csv(meta.reset_index(names="")))


def _patches(dataset: Dataset, rows: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), _PATCHES):
        some = rows[start : start + _PATCHES]
        yield from dataset.read(some)
        progress(start + len(some), len(rows))


@contextmanager
def _made(folder: Path) -> Iterator[Path]:
    """Yield a new folder to fill; turn errors of the disk into a `DataError`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty.", "A new or empty folder is expected.", "Choose another one.")
    with _written(folder), new_folder(folder, first_wins=False) as made:
        yield made


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}.",
            "A folder with room that may be written to is expected.",
            f"{advice(error)}.",
        ) from error
