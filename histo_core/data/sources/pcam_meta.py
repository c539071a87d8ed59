"""Read PCam's metadata CSV: each patch's CAMELYON16 slide and its position there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from histo_core.data.formats.csv_cells import unescaped
from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.truth import zero_or_one
from histo_core.errors import CorruptDataError

UNSAID = -1
"""Marks a flag that the CSV does not give."""

_NEITHER = -2
"""Marks a cell that is not a flag."""

_SLIDE = re.compile(r"camelyon16_(train|test)_(?:(normal|tumor)_)?(\d+)")


def read_meta(path: Path, patches: int) -> tuple[pd.DataFrame, np.ndarray, dict[int, str]]:
    """Read the metadata of one set.

    Args:
        path: the CSV, which exists.
        patches: how many rows it must have.

    Returns:
        A table with ``slide_id``, ``x``, ``y`` (float64, NaN where a cell is empty). If at least one slide is named as
        in CAMELYON16, it also has ``camelyon_split``, ``slide_type`` and ``slide_number`` (Int64), missing where a name
        does not give them. If the CSV has it, also ``tumor_patch`` (boolean). Second, the label by each row's
        ``center_tumor_patch``, int64 [patches]: 0, 1 or `UNSAID`. Third, a clause for each row with an invalid cell.

    Raises:
        CorruptDataError: not a CSV, another number of rows, or a missing column.
    """
    table = read_csv(path, ("wsi", "coord_x", "coord_y"), ("tumor_patch", "center_tumor_patch"))
    if len(table) != patches:
        raise CorruptDataError(
            f"{path} has {len(table):,} rows for {patches:,} patches.", "One row a patch is needed.", "Check it."
        )
    rows = {str(name): cells for name, cells in table.items()}
    wrong: dict[int, str] = {}

    def note(cells: pd.Series, bad: np.ndarray, allowed: str) -> None:
        for row in np.flatnonzero(bad).tolist():
            wrong.setdefault(row, f"has the {cells.name} {cells.iloc[row]!r} in {path.name}, {allowed}")

    columns = _slide_columns(rows["wsi"])
    for axis in ("x", "y"):
        cells = rows[f"coord_{axis}"]
        columns[axis] = _numbers(cells)
        note(cells, ~np.isfinite(columns[axis]) & (cells != "").to_numpy(), "not a number")
    flags = {"center_tumor_patch": np.full(patches, UNSAID)}
    for name in ("tumor_patch", "center_tumor_patch"):
        if name in rows:
            flags[name] = _flags(rows[name])
            note(rows[name], flags[name] == _NEITHER, "not True or False")
    if "tumor_patch" in flags:
        columns["tumor_patch"] = pd.arrays.BooleanArray(flags["tumor_patch"] == 1, flags["tumor_patch"] < 0)
    return columns, flags["center_tumor_patch"], wrong


def _slide_columns(cells: pd.Series) -> pd.DataFrame:
    codes, distinct = pd.factorize(cells)  # a few hundred slides: each name is parsed once
    names = [unescaped(name) or None for name in distinct]
    matches = [_SLIDE.fullmatch(name) if name else None for name in names]
    columns: dict[str, Any] = {"slide_id": names}
    if any(matches):
        groups = [match.groups() if match else (None, None, None) for match in matches]
        columns["camelyon_split"], columns["slide_type"], digits = map(list, zip(*groups, strict=True))
        columns["slide_number"] = pd.array([text and int(text) for text in digits], dtype="Int64")
    return pd.DataFrame(columns).iloc[codes].reset_index(drop=True)


def _flags(cells: pd.Series) -> np.ndarray:
    codes, distinct = pd.factorize(cells)  # a handful of spellings
    known = {cell: UNSAID if cell == "" else zero_or_one(cell) for cell in distinct}
    return np.array([_NEITHER if flag is None else flag for flag in known.values()], np.int64)[codes]


def _numbers(cells: pd.Series) -> np.ndarray:
    texts = cells.to_numpy(dtype=object)
    try:
        return texts.astype(np.float64)
    except ValueError:  # an empty cell, or one that is not a number
        return np.asarray(pd.to_numeric(texts, errors="coerce"), np.float64)
