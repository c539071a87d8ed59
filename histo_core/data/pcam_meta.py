"""PCam's metadata CSV: where on which of CAMELYON16's slides each patch lay."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.data.csv_table import read_csv
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
    rows = read_csv(path, ("wsi", "coord_x", "coord_y"), ("tumor_patch", "center_tumor_patch"))
    if len(rows) != patches:
        raise CorruptDataError(
            f"{path} has {len(rows):,} rows for {patches:,} patches.", "One row a patch is needed.", "Check it."
        )
    cells = {str(name): rows[str(name)].to_numpy(dtype=object) for name in rows}
    slides = np.array([slide or None for slide in cells["wsi"]], dtype=object)
    columns = pd.DataFrame(
        {"slide_id": slides, "x": _numbers(cells, "coord_x", path), "y": _numbers(cells, "coord_y", path)}
    )
    columns = columns.join(_slide_columns(slides))
    if "tumor_patch" in cells:
        flags = _flags(cells, "tumor_patch", path)
        columns["tumor_patch"] = pd.arrays.BooleanArray(flags == 1, flags == UNSAID)
    if "center_tumor_patch" not in cells:
        return columns, np.full(patches, UNSAID)
    return columns, _flags(cells, "center_tumor_patch", path)


def _slide_columns(slides: np.ndarray) -> pd.DataFrame:
    named = {slide: _SLIDE.fullmatch(slide) for slide in set(slides) if slide is not None}
    if not any(named.values()):
        return pd.DataFrame(index=range(len(slides)))
    unnamed = (None, None, None)
    parts = {slide: match.groups() if match else unnamed for slide, match in named.items()}
    split, kind, number = zip(*(parts.get(slide, unnamed) for slide in slides), strict=True)
    numbers = pd.array([None if digits is None else int(digits) for digits in number], dtype="Int64")
    return pd.DataFrame({"camelyon_split": split, "slide_type": kind, "slide_number": numbers})


def _numbers(cells: dict[str, np.ndarray], column: str, path: Path) -> np.ndarray:
    numbers = np.asarray(pd.to_numeric(cells[column], errors="coerce"), np.float64)
    _refuse(cells, column, ~np.isfinite(numbers) & (cells[column] != ""), "Numbers are expected.", path)
    return numbers


def _flags(cells: dict[str, np.ndarray], column: str, path: Path) -> np.ndarray:
    _refuse(cells, column, ~np.isin(cells[column], list(_FLAGS)), "True or False is expected.", path)
    return np.array([_FLAGS[cell] for cell in cells[column]], np.int64)


def _refuse(cells: dict[str, np.ndarray], column: str, wrong: np.ndarray, allowed: str, path: Path) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        cell = cells[column][rows[0]]
        raise CorruptDataError(f"{path} gives patch {rows[0]:,} the {column} {cell!r}.", allowed, "Correct the CSV.")
