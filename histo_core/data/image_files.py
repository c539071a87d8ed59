"""Data sets whose samples are image files under one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.data.base import Dataset, Problem
from histo_core.data.images import SUFFIXES, open_file, open_image
from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError


class ImageFilesDataset(Dataset):
    """A data set with one image file a sample."""

    def __init__(
        self,
        name: str,
        table: pd.DataFrame,
        classes: Sequence[str],
        paths: Sequence[Path],
        *,
        positive: str | None = None,
        microns_per_pixel: float | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(
            name,
            table,
            classes,
            positive=positive,
            microns_per_pixel=microns_per_pixel,
            problems=problems,
            sources=paths,
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, in the order of the table's rows."""
        return self.sources

    def read_source(self, indices: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        """Pixels of some images, uint8 H x W x 3 each; errors name the file (see `open_image`)."""
        return [open_image(self.paths[index]) for index in indices]

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        """The files' bytes, which need no decoding to show a change."""
        for row in rows:
            with open_file(self.paths[row]) as file:
                content = file.read()
            yield len(content), content


def list_images(folder: Path, root: Path) -> list[Path]:
    """Image files directly in a folder, sorted by name; hidden ones are left out.

    Raises:
        DataNotFoundError, UnsafeFileError: as `list_folder`.
    """
    return [path for path in list_folder(folder, root) if path.suffix.lower() in SUFFIXES and not path.is_dir()]


def list_folder(folder: Path, root: Path) -> list[Path]:
    """What lies in a folder, sorted by name; hidden entries and archivers' leftovers are left out.

    Args:
        folder: the folder.
        root: the data set's own folder, resolved; links must not lead out of it.

    Raises:
        DataNotFoundError: the folder is not there, or may not be read.
        UnsafeFileError: the folder or an entry is a link that leads out of ``root``.
        CorruptDataError: a name that is no text.
    """
    _check_inside(folder, root)
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))), key=_name)
    except OSError as error:
        raise DataNotFoundError(
            f"{folder} cannot be listed ({error.strerror}).", "A readable folder is expected.", "Check the path."
        ) from None
    for entry in found:
        if entry.is_symlink():
            _check_inside(Path(entry.path), root)
        if not _is_text(entry.name):
            raise CorruptDataError(
                f"A file in {folder} has the name {os.fsencode(entry.name)!r}.", "UTF-8 is expected.", "Rename it."
            )
    return [Path(entry.path) for entry in found]


def _check_inside(path: Path, root: Path) -> None:
    if not path.resolve().is_relative_to(root):
        raise UnsafeFileError(
            f"{path} is a link that leads out of {root}.",
            "Links must stay inside the data set's folder.",
            "Copy the files there instead.",
        )


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
