"""Counts of patches by class and by any column of the table."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from histo_core.data.dataset import SPLIT_SETS, Dataset

UNKNOWN = "unknown"
TOTAL = "total"

_GROUPING = ("split", "patient_id", "slide_id", "group")
"""Columns that are offered for counting, however many values they have."""
_NEVER = ("sample_id", "label", "x", "y")
_MOST_VALUES = 100
"""Any other column with more values than this holds measurements or names, not categories."""


def counts_by(dataset: Dataset, column: str) -> pd.DataFrame:
    """Count the patches of each class for each value of a column; fast enough to draw at once for 327,680 rows.

    Args:
        dataset: the data set to count.
        column: any column of its table.

    Returns:
        Values as text in the index: sets as train, valid, test; other values with their numbers in order; "unknown"
        last, where some rows have no value. A column of int64 counts for each class, and last ``total``, which also
        counts patches without a label.

    Raises:
        KeyError: the table has no such column; see `offered_columns`.
    """
    codes, values = pd.factorize(dataset.table[column], use_na_sentinel=True)
    names = [value_text(value) for value in values]
    k, n = len(dataset.classes), len(names)
    # One code for each (value, class) pair; a missing value counts as value n, a missing label as class k.
    rows = np.where(codes < 0, n, codes)
    labels = dataset.table["label"].to_numpy(np.int64)
    cells = np.bincount(rows * (k + 1) + np.where(labels < 0, k, labels), minlength=(n + 1) * (k + 1))
    cells = cells.reshape(n + 1, k + 1)
    order = [*sorted(range(n), key=lambda value: rank(names[value])), *([n] if cells[n].any() else [])]
    counts = np.column_stack([cells[order, :k], cells[order].sum(axis=1)])
    index = pd.Index([*names, UNKNOWN], dtype=object)[order]
    return pd.DataFrame(counts, index=index.rename(column), columns=[*dataset.classes, TOTAL])


def offered_columns(dataset: Dataset) -> tuple[str, ...]:
    """Return the columns that are worth counting by with `counts_by`, in a fixed order.

    Sets, patients, slides and groups are offered wherever one is known, other columns if they have two to a hundred
    values.
    """
    table = dataset.table
    values: dict[str, int] = table.drop(columns=[name for name in _NEVER if name in table]).nunique().to_dict()
    grouping = [name for name in _GROUPING if values.get(name)]
    return (*grouping, *(name for name, n in values.items() if name not in _GROUPING and 2 <= n <= _MOST_VALUES))


def value_text(value: object) -> str:
    """Format a value as text; whole numbers that became floats because of missing values stay whole."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def rank(name: str) -> tuple[int, list[tuple[bool, float, str]]]:
    """Return a sort key: sets in their order, then names with numbers as numbers (slide 2 before slide 10)."""
    if name in SPLIT_SETS:
        return SPLIT_SETS.index(name), []
    pieces = re.split(r"(\d+(?:\.\d+)?)", name)
    numbered = enumerate(pieces)  # every second piece is a number
    return len(SPLIT_SETS), [
        (place % 2 == 0, float(piece) if place % 2 else 0.0, piece) for place, piece in numbered if piece
    ]
