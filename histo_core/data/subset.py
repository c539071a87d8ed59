"""A subset of a data set's samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np

from histo_core.config import Config
from histo_core.data.dataset import Dataset, DatasetInfo, Problem
from histo_core.workspace import Workspace


class Subset(Dataset):
    """Some rows of another data set, in its order; classes, pixels and masks are those of the whole.

    Args:
        whole: the whole data set.
        rows: indices of the samples that remain, int64 [n].
        problems: why the others were left out; they are appended to the problems of the whole.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Part of a data set", summary="", source="", licence="", layout="", needs_root=False
    )

    def __init__(self, whole: Dataset, rows: np.ndarray, problems: Sequence[Problem] = ()) -> None:
        super().__init__(
            whole.name,
            whole.table.iloc[rows],
            whole.classes,
            positive=whole.positive,
            microns_per_pixel=whole.microns_per_pixel,
            problems=(*whole.problems, *problems),
            sources=[whole.sources[row] for row in rows] if whole.one_file_each else whole.sources,
        )
        self.whole, self.rows = whole, np.asarray(rows, np.int64)
        self.split_note, self.survey = whole.split_note, whole.survey
        self.mapped, self.one_file_each = whole.mapped, whole.one_file_each

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> NoReturn:
        raise TypeError("Subset is made from an open data set, not from files")

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """See the whole data set's method."""
        return self.whole.read_source(self.rows[np.asarray(indices, np.int64)])

    def each_source(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """See the whole data set's method."""
        return self.whole.each_source(self.rows[rows])

    def mask(self, index: int) -> np.ndarray | None:
        """See the whole data set's method."""
        return self.whole.mask(int(self.rows[index]))

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        """See the whole data set's method."""
        return self.whole.payloads(self.rows[rows])
