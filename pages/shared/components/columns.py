"""Code a data set's table and its split as integers: 327,680 rows are filtered in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from histo_core.data.class_counts import rank
from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.splits.split import Split

FEW, MANY = 2, 2_000
"""The fewest and most values of a column to filter by; longer lists are unreadable."""
SHOWN = 3
_PREFERRED = ("magnification", "subtype", "scanner", "patient_id", "slide_id")
_NO_FILTER = frozenset({"sample_id", "label", "split", "x", "y", "height", "width"})
_TITLES = {"slide_id": "Slide", "patient_id": "Patient", "sample_id": "Id", "label": "Class", "split": "Set"}


@dataclass(frozen=True, eq=False)
class Column:
    """One coded column.

    Attributes:
        values: its distinct values as text, in order.
        codes: int [n], an index into ``values`` for each row; -1 where the row has none.
    """

    values: tuple[str, ...]
    codes: np.ndarray

    def where(self, value: str) -> np.ndarray:
        """Return the rows with a value, bool [n]."""
        return self.codes == self.values.index(value)

    def texts(self, rows: np.ndarray) -> np.ndarray:
        """Return the value of each row as text, object [n]; empty where it has none."""
        return np.array([*self.values, ""], dtype=object)[self.codes[rows]]


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns to filter and sort by.

    Attributes:
        ids: sample ids, row by row.
        split_set, label: the set of the split, and the class.
        filters: up to `SHOWN` further columns to filter by.
        sortable: names of numeric columns to sort by.
    """

    ids: pd.Index
    split_set: Column
    label: Column
    filters: dict[str, Column]
    sortable: tuple[str, ...]

    @cached_property
    def id_order(self) -> np.ndarray:
        """The rank of each row when ids are sorted, int [n]."""
        place = np.empty(len(self.ids), np.int32)
        place[self.ids.argsort()] = np.arange(len(self.ids), dtype=np.int32)
        return place

    def find(self, ids: Sequence[str] | np.ndarray) -> np.ndarray:
        """Return the row of each id, int64 [n]; -1 where there is none."""
        return self.ids.get_indexer(pd.Index(ids, dtype=self.ids.dtype)).astype(np.int64)


def code_columns(source: Dataset, split: Split) -> Columns:
    """Code a data set's table and its split."""
    table = source.table
    others = [name for name in table.columns if name not in _NO_FILTER]
    others.sort(key=lambda name: _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED))
    filters: dict[str, Column] = {}
    for name in others:
        if len(filters) == SHOWN:
            break
        codes, values = _coded(table[name].array)
        again = any(np.array_equal(codes, column.codes) for column in filters.values())
        if FEW <= len(values) <= MANY and not again:  # where each patient has one slide, one of the two is enough
            filters[name] = Column(values, codes)
    return Columns(
        ids=pd.Index(table["sample_id"]),
        split_set=Column(SPLIT_SETS, pd.Index(SPLIT_SETS).get_indexer(split.split_sets)),  # -1 for patches in no set
        label=Column(source.classes, table["label"].to_numpy()),
        filters=filters,
        sortable=tuple(
            name for name in table.columns if name != "label" and pd.api.types.is_numeric_dtype(table[name].dtype)
        ),
    )


def _coded(column: pd.api.extensions.ExtensionArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return codes int32 [n], and values as text in numerical order: 40X before 100X. Empty text is no value."""
    codes, values = pd.factorize(column)
    names = [str(value) for value in values]
    if len(names) > MANY:
        return codes, tuple(names)
    order = sorted((value for value, name in enumerate(names) if name), key=lambda value: rank(names[value]))
    place = np.full(len(names) + 1, -1, np.int32)
    place[order] = np.arange(len(order))
    return place[codes], tuple(names[value] for value in order)


def title(name: str) -> str:
    """Return a column's displayed name."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())
