"""PCam's metadata CSV: where on which of CAMELYON16's slides each patch lay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from histo_core.data.formats.csv_table import read_csv
from histo_core.errors import CorruptDataError

UNSAID = -1
"""Stands for a flag that the CSV does not give."""

_SLIDE = re.compile(r"camelyon16_(train|test)_(?:(normal|tumor)_)?(\d+)")
_FLAGS = {"True": 1, "False": 0, "1": 1, "0": 0, "": UNSAID}


def read_meta(path: Path, patches: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Read one part's metadata.

    Args:
        path: the CSV, which is known to exist.
        patches: how many rows it must have.

    Returns:
        A table with ``slide_id``, ``x``, ``y`` (float64, NaN where a cell is empty); with ``camelyon_split``,
        ``slide_type`` and ``slide_number`` (Int64) where at least one slide is named as in CAMELYON16, missing where
        a name does not say; with ``tumor_patch`` (boolean) where the CSV has it. And the label by each row's
        ``center_tumor_patch``, int64 [patches]: 0, 1 or `UNSAID`.

    Raises:
        CorruptDataError: another number of rows, a missing column, or a cell that is not what it should be.
    """
    table = read_csv(path, ("wsi", "coord_x", "coord_y"), ("tumor_patch", "center_tumor_patch"))
    if len(table) != patches:
        raise CorruptDataError(
            f"{path} has {len(table):,} rows for {patches:,} patches.", "One row a patch is needed.", "Check it."
        )
    rows = {str(name): cells for name, cells in table.items()}
    columns = _slide_columns(rows["wsi"])
    for axis in ("x", "y"):
        columns[axis] = _numbers(rows[f"coord_{axis}"], path)
    if "tumor_patch" in rows:
        flags = _flags(rows["tumor_patch"], path)
        columns["tumor_patch"] = pd.arrays.BooleanArray(flags == 1, flags == UNSAID)
    if "center_tumor_patch" not in rows:
        return columns, np.full(patches, UNSAID)
    return columns, _flags(rows["center_tumor_patch"], path)


def _slide_columns(cells: pd.Series) -> pd.DataFrame:
    codes, distinct = pd.factorize(cells)  # some hundred slides: each name is taken apart once
    names = [name or None for name in distinct]
    matches = [_SLIDE.fullmatch(name) if name else None for name in names]
    columns: dict[str, Any] = {"slide_id": names}
    if any(matches):
        groups = [match.groups() if match else (None, None, None) for match in matches]
        columns["camelyon_split"], columns["slide_type"], digits = map(list, zip(*groups, strict=True))
        columns["slide_number"] = pd.array([text and int(text) for text in digits], dtype="Int64")
    return pd.DataFrame(columns).iloc[codes].reset_index(drop=True)


def _numbers(cells: pd.Series, path: Path) -> np.ndarray:
    texts = cells.to_numpy(dtype=object)
    try:
        numbers = texts.astype(np.float64)
    except ValueError:  # an empty cell, or one that is no number
        numbers = np.asarray(pd.to_numeric(texts, errors="coerce"), np.float64)
    _refuse(cells, ~np.isfinite(numbers) & (texts != ""), "Numbers are expected.", path)
    return numbers


def _flags(cells: pd.Series, path: Path) -> np.ndarray:
    codes, distinct = pd.factorize(cells)
    wrong = np.array([cell not in _FLAGS for cell in distinct], bool)
    _refuse(cells, wrong[codes], "True or False is expected.", path)
    return np.array([_FLAGS[cell] for cell in distinct], np.int64)[codes]


def _refuse(cells: pd.Series, wrong: np.ndarray, allowed: str, path: Path) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        found = f"{path} gives patch {rows[0]:,} the {cells.name} {cells.iloc[int(rows[0])]!r}."
        raise CorruptDataError(found, allowed, "Correct the CSV.")
