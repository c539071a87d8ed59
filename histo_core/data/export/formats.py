"""A data set as others read it: class folders of PNG files, PCam's own HDF5 files, or its table.

A folder appears whole or not at all, and never over another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from histo_core.data.dataset import PARTS, UNLABELLED, Dataset
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
"""Read and reported at a time."""


def export_folders(dataset: Dataset, split: Split | None, folder: Path, progress: Progress = silent) -> None:
    """Write ``<part>/<class>/<sample>.png``, or ``<class>/<sample>.png`` without a split.

    Names are made safe for files (see `safe_names`); PCam's classes are called normal and tumor, as it calls them.
    Patches without a label or set are left out.

    Args:
        dataset: any.
        split: whose parts to write, or None.
        folder: not there yet, or empty.
        progress: told (patches done, patches in all).

    Raises:
        ConfigError: the folder is not empty.
        DataError: a patch cannot be read, the folder not written, or something was put into it meanwhile; the export
            then lies beside it.
        CancelledError: as the progress asked; nothing is left behind.
    """
    classes = safe_names(["normal", "tumor"] if dataset.classes == PCAM_CLASSES else dataset.classes)
    labels = dataset.table["label"].to_numpy()
    if split is None:
        rows = np.flatnonzero(labels != UNLABELLED)
        folders = [classes[label] for label in labels[rows]]
    else:
        rows = np.flatnonzero(np.isin(split.parts, PARTS) & (labels != UNLABELLED))
        folders = [f"{split.parts[row]}/{classes[labels[row]]}" for row in rows]
    names = safe_names(dataset.table["sample_id"].iloc[rows].tolist())
    with _made(folder) as made:
        for name in set(folders):
            (made / name).mkdir(parents=True)
        for place, patch in enumerate(_patches(dataset, rows, progress)):
            Image.fromarray(patch).save(made / folders[place] / f"{names[place]}.png")


def export_pcam(dataset: Dataset, split: Split, folder: Path, progress: Progress = silent) -> None:
    """Write PCam's own layout: for each part that has patches, contiguous ``x`` and ``y`` in two HDF5 files.

    ``y`` is 1 for the class of interest. The metadata CSV is written where slides or positions are known, with empty
    cells where a patch lacks them, and is left out where none are.

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
    rows_of = {part: split.indices(part) for part in PARTS if len(split.indices(part))}
    done, total = 0, sum(map(len, rows_of.values()))
    with _made(folder) as made:
        for part, rows in rows_of.items():
            _write_part(dataset, rows, made, part, lambda some, _, before=done: progress(before + some, total))
            done += len(rows)


def export_table(dataset: Dataset, split: Split | None, path: Path) -> None:
    """Write the table, one row a sample, with class names as labels and the split's parts, without pixels.

    Args:
        dataset: any.
        split: its parts replace the column ``split``; None leaves the published ones.
        path: a file that is not there yet; its suffix chooses ``.csv`` (text safe for spreadsheets) or ``.parquet``.

    Raises:
        ConfigError: another suffix, or the file is there.
        DataError: the file cannot be written.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"{path.name} is no table that can be written.", "Allowed: .csv, .parquet.", "Rename it.")
    if path.exists():
        raise ConfigError(f"{path} is there already.", "A new file is expected.", "Choose another name, or remove it.")
    names = np.array([*dataset.classes, None], dtype=object)  # UNLABELLED = -1 takes the last
    table = dataset.table.assign(label=names[dataset.table["label"].to_numpy()])
    if split is not None:
        table["split"] = split.parts
    with _written(path):
        if path.suffix == ".csv":
            write_atomically(path, to_csv(table))
        else:
            write_atomically(path, lambda temporary: table.to_parquet(temporary, engine="pyarrow", index=False))


def _write_part(dataset: Dataset, rows: np.ndarray, folder: Path, part: str, progress: Progress) -> None:
    with h5py.File(folder / pcam_file(part, "x.h5"), "w") as file:
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
    with h5py.File(folder / pcam_file(part, "y.h5"), "w") as file:
        file["y"] = labels.astype(np.uint8).reshape(-1, 1, 1, 1)
    known = dataset.table.reindex(columns=["y", "x", "tumor_patch", "slide_id"]).iloc[rows].reset_index(drop=True)
    if known[["y", "x", "slide_id"]].notna().any(axis=None):
        meta = known.rename(columns={"y": "coord_y", "x": "coord_x", "slide_id": "wsi"})
        meta.insert(3, "center_tumor_patch", labels)
        (folder / pcam_file(part, "meta.csv")).write_bytes(to_csv(meta.reset_index(names="")))


def _patches(dataset: Dataset, rows: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), _PATCHES):
        some = rows[start : start + _PATCHES]
        yield from dataset.read(some)
        progress(start + len(some), len(rows))


@contextmanager
def _made(folder: Path) -> Iterator[Path]:
    """A new folder to fill; errors of the disk in words."""
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
