"""Find what the data set says of the compared samples, and the columns that divide them into slices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from histo_core.comparison.results import Comparison
from histo_core.data.class_counts import UNKNOWN, rank, value_text
from histo_core.data.dataset import Dataset
from histo_core.errors import ComparisonError

GROUPING = ("patient_id", "slide_id")
"""Columns that may have up to `MOST_GROUPS` values."""
MOST_VALUES, MOST_GROUPS = 20, 100
_PREFERRED = frozenset({"scanner", "magnification", "centre", "center", "stain"})
"""Offered first: in their slices all classes occur, which those of a subtype or grade do not."""
_NEVER = frozenset({"sample_id", "label", "x", "y", "height", "width", "split"})


def sample_facts(comparison: Comparison, dataset: Dataset | None) -> pd.DataFrame:
    """Return the columns of the data set for the compared samples, as text, object [n] each.

    Args:
        comparison: names the samples and their patients or slides.
        dataset: the data that the samples are from; None where they cannot be opened. Samples that it lacks, and
            missing values, are "unknown".
    """
    columns: dict[str, np.ndarray] = {}
    if dataset is not None:
        rows = pd.Index(dataset.table["sample_id"]).get_indexer(pd.Index(comparison.sample_ids))
        for name in dataset.table.columns:
            if name not in _NEVER:
                columns[str(name)] = _texts(pd.Series(dataset.table[name]), rows)
    own = f"{comparison.group_kind}_id"
    if comparison.groups is not None and own not in columns:
        columns[own] = known_names(comparison.groups)
    return pd.DataFrame(columns, index=pd.RangeIndex(comparison.n), dtype=object)


def known_names(groups: np.ndarray) -> np.ndarray:
    """Return patient or slide ids as text, object [n]; "unknown" for what stands in for a missing one."""
    return np.array([UNKNOWN if str(one).startswith("\0") else str(one) for one in groups], dtype=object)


def offered_slices(facts: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that divide the samples into slices: those of the data set first, then patient and slide.

    A column needs 2 to 20 values; patients and slides may be up to 100. Of columns that divide alike the first counts.
    """
    found: dict[str, np.ndarray] = {}
    own = sorted((str(one) for one in facts if one not in GROUPING), key=lambda name: name not in _PREFERRED)
    for name in (*own, *(one for one in GROUPING if one in facts)):
        codes, values = pd.factorize(facts[name])
        most = MOST_GROUPS if name in GROUPING else MOST_VALUES
        if 2 <= len(values) <= most and not any(np.array_equal(codes, other) for other in found.values()):
            found[name] = codes
    return tuple(found)


def own_slices(facts: pd.DataFrame) -> tuple[str, ...]:
    """Return the offered columns without patient and slide: what ``compare --json`` slices by unless told."""
    return tuple(name for name in offered_slices(facts) if name not in GROUPING)


def slice_values(facts: pd.DataFrame, column: str) -> list[str]:
    """Return the values of a column in their order, numbers as numbers, "unknown" last.

    Raises:
        ComparisonError: there is no such column.
    """
    values = [value for value in _column(facts, column).unique().tolist() if value != UNKNOWN]
    rest = [UNKNOWN] if (_column(facts, column) == UNKNOWN).any() else []
    return [*sorted(values, key=rank), *rest]


def slice_of(facts: pd.DataFrame | None, column: str, value: str) -> np.ndarray:
    """Return which samples have a value of a column, bool [n].

    Raises:
        ComparisonError: there is no such column, or no sample has this value.
    """
    keep = (_column(facts, column) == value).to_numpy(bool)
    if not keep.any():
        raise ComparisonError(
            f"No compared patch has {column} = {value!r}.",
            f"Values: {_listed(slice_values(pd.DataFrame(facts), column))}.",
            "Choose one of them.",
        )
    return keep


def _column(facts: pd.DataFrame | None, column: str) -> pd.Series:
    if facts is None or column not in facts:
        known = () if facts is None else tuple(map(str, facts))
        raise ComparisonError(
            f"The compared patches have no column {column!r}.",
            f"Columns: {_listed(known) or 'none'}.",
            "Choose one of them. They are those of the first run's data set, which must be where it was.",
        )
    return pd.Series(facts[column])


def _texts(column: pd.Series, rows: np.ndarray) -> np.ndarray:
    codes, values = pd.factorize(column, use_na_sentinel=True)
    names = np.array([*(value_text(value) or UNKNOWN for value in values), UNKNOWN], dtype=object)
    return names[np.where(rows < 0, -1, codes[rows])]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
