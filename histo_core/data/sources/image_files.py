"""Data sets whose samples are image files under one folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.data.dataset import Dataset, Problem
from histo_core.data.formats.images import KINDS, READING, misread_by_first_version, open_image, read_file
from histo_core.data.formats.walk import Walk
from histo_core.errors import BrokenFilesError, DataNotFoundError


class ImageFilesDataset(Dataset):
    """A data set with one image file a sample."""

    one_file_each = True

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

    def read_source(self, indices: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        """Read the pixels of some images, uint8 H x W x 3 each; errors name the file (see `open_image`)."""
        return [open_image(self.sources[index]) for index in indices]

    def each_source(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yield one image at a time: each may be large, and reading a batch is no faster."""
        return (open_image(self.sources[row]) for row in rows)

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        """Yield the files' bytes: they show a change without decoding.

        The few files whose pixels an earlier version read differently are marked, so that the hash of their data set
        changes.
        """
        for row in rows:
            content = read_file(self.sources[row])
            mark = f"{len(content)} read by rule {READING}" if misread_by_first_version(content) else len(content)
            yield mark, content


def usable_rows(table: pd.DataFrame, walk: Walk, expected: str = KINDS) -> pd.DataFrame:
    """Return the usable rows: of files that share an id only the first; the others become problems.

    Args:
        table: has the columns ``sample_id`` and ``path``.
        walk: the walk that found the files; it collects the problems.
        expected: the kinds of files that the data set reads, in words.

    Raises:
        BrokenFilesError: no row, and problems.
        DataNotFoundError: no row, and no problem that explains it.
    """
    if table.empty:
        if walk.problems:
            raise BrokenFilesError(walk.problems, "No sample is left: check that this is the right folder.")
        raise DataNotFoundError(f"{walk.root} holds no images.", f"{expected} files are expected.", "Check the folder.")
    again = table["sample_id"].duplicated().to_numpy()
    first = table.loc[~again]
    if again.any():
        paths = dict(zip(first["sample_id"], first["path"], strict=True))
        for name, path in table.loc[again, ["sample_id", "path"]].itertuples(index=False):
            walk.note(path, f"has the id {name!r}, which {walk.place(paths[name])} has already")
    return first
