"""Convert a data set's pixels to a faster copy, made once and kept in the workspace.

Data that can be memory-mapped directly need no copy. Image files and compressed HDF5 are decoded once into a flat file.
The copy is found by the state of the pixels, so it is no longer used when a source file changes.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np

from histo_core.data.dataset import Dataset
from histo_core.data.storage.memmap import MemmapPatches, write_memmap
from histo_core.data.storage.single_process import exclusive, sweep
from histo_core.disk_errors import advice
from histo_core.errors import ConfigError, CorruptDataError, DataError
from histo_core.files import new_folder
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

_SAMPLED = 32
_SPARE_BYTES = 256 << 20
"""Bytes left free on the disk, so that the rest of the workspace keeps working."""

log = logging.getLogger(__name__)


def find_converted(dataset: Dataset, workspace: Workspace) -> MemmapPatches | None:
    """Return the faster copy of a data set's pixels; None where there is none or it is damaged."""
    folder = _folder(dataset, workspace)
    if not folder.is_dir():
        return None
    try:
        return MemmapPatches(folder)
    except CorruptDataError as error:
        log.warning("The converted copy is not used: %s", error)
        return None


def worth_converting(dataset: Dataset) -> bool:
    """Return whether a copy would be faster: not for phantom tissue or data that are memory-mapped directly."""
    return bool(dataset.sources) and not dataset.mapped


def converted_bytes(dataset: Dataset) -> int:
    """Return the size of the copy: exact if all patches have one size, else estimated from 32 of them.

    Raises:
        DataError: one of these cannot be read.
    """
    if not len(dataset):
        return 0
    rows = np.unique(np.linspace(0, len(dataset) - 1, _SAMPLED).astype(np.int64))
    return round(sum(patch.nbytes for patch in dataset.each_source(rows)) / len(rows) * len(dataset))


def convert(dataset: Dataset, workspace: Workspace, progress: Progress = silent) -> MemmapPatches:
    """Copy a data set's pixels into a flat file, completely or not at all; return the stored copy if it exists.

    Args:
        dataset: its copy is found later by the current `Dataset.pixels_state`.
        workspace: stores the copy.
        progress: receives (patches done, total).

    Raises:
        ConfigError: a copy would not be faster; see `worth_converting`.
        DataError: a patch cannot be read, the disk has no room, or another process converts it.
        CancelledError: ``progress`` requested it; nothing is left behind.
    """
    kept = find_converted(dataset, workspace)
    if kept is not None:
        return kept
    if not worth_converting(dataset):
        raise ConfigError(
            f"Data set {dataset.name!r} gains nothing from a converted copy.",
            "Image files and compressed HDF5 are converted.",
            "Use it as it is: its pixels are read where they lie.",
        )
    folder = _folder(dataset, workspace)
    lock = workspace.locks / f"convert-{dataset.pixels_state}"
    with exclusive(lock, f"Data set {dataset.name!r} is being converted"):
        if folder.is_dir():
            shutil.rmtree(folder)  # damaged, because `find_converted` did not find it
        sweep(folder)
        _write(dataset, folder, progress)
    return MemmapPatches(folder)


def _write(dataset: Dataset, folder: Path, progress: Progress) -> None:
    needed = converted_bytes(dataset)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < needed + _SPARE_BYTES:
        raise _no_room(folder, needed, "has too little free space", "Make room")
    try:
        with new_folder(folder) as temporary:
            write_memmap(dataset, temporary, progress)
    except OSError as error:
        raise _no_room(folder, needed, f"cannot be written to ({error.strerror or error})", advice(error)) from error


def _folder(dataset: Dataset, workspace: Workspace) -> Path:
    return workspace.data / "stores" / dataset.pixels_state


def _no_room(folder: Path, needed: int, what: str, remedy: str) -> DataError:
    return DataError(
        f"{folder.parent} {what}.",
        f"The converted copy takes {needed / 1e6:,.0f} MB, and {_SPARE_BYTES / 1e6:,.0f} MB must stay free.",
        f"{remedy}, or move the workspace to a larger disk (HISTOSCOPE_HOME).",
    )
