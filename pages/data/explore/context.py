"""Define the context of all views of the Data page: one data set and its split."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.split import Split
from histo_core.plots.theme import NEUTRAL, class_colours
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.components.columns import Columns


@dataclass(frozen=True, eq=False)
class Explored:
    """An opened data set with its split.

    Attributes:
        data, division: their configurations, as in the URL.
        source, split: the opened data set and the split.
        workspace: part of each cache key.
        undivided: why the data cannot be split as requested; empty where they are split.
    """

    data: DataConfig
    division: SplitConfig
    source: Dataset
    split: Split
    workspace: Workspace
    undivided: str = ""

    @cached_property
    def key(self) -> tuple[DataConfig, SplitConfig | None, Workspace]:
        """The arguments of cached functions: both configurations, and the workspace."""
        return self.data, cache.UNDIVIDED if self.undivided else self.division, self.workspace

    @cached_property
    def columns(self) -> Columns:
        """The table, coded so that it can be filtered in milliseconds."""
        return cache.columns(*self.key)

    @cached_property
    def colours(self) -> dict[str, str]:
        """The colour of each class."""
        return class_colours(self.source.classes)

    def label(self, row: int) -> str:
        """Return the class name of a row."""
        code = int(self.columns.label.codes[row])
        return "no label" if code == UNLABELLED else self.source.classes[code]

    def colour(self, row: int) -> str:
        """Return the colour of a row's class; grey without a label."""
        return self.colours.get(self.label(row), NEUTRAL)

    def name(self, row: int) -> str:
        """Return a row's sample id."""
        return str(self.columns.ids[row])

    def joined(self, rows: np.ndarray | None = None) -> pd.DataFrame:
        """Return the table of some rows, or of all, with class names and the set of each patch."""
        rows = np.arange(len(self.source)) if rows is None else rows
        classes = np.array([*self.source.classes, ""], dtype=object)
        labels, split_sets = classes[self.columns.label.codes[rows]], self.split.split_sets[rows]
        return self.source.table.iloc[rows].assign(label=labels, split=split_sets)
