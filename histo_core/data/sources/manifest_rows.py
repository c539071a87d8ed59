"""Parse the cells of a manifest."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from histo_core.data.sources.set_names import set_named
from histo_core.errors import CorruptDataError
from histo_core.shown_text import count

MAX_CLASSES = 1000

_TEXTS = ("label", "split", "sample_id", "patient_id", "slide_id", "group")

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?([eE][+-]?\d+)?")
"""A whole number; 007 is none, because it may be a name."""

_WHOLE = re.compile(r"([+-]?\d+)\.0*")


def plain(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the cells of each column, converted.

    The standard text columns become text ("" where missing). Other columns stay as they are; they become numbers if all
    their cells are numbers, and missing cells become None.
    """
    columns = {}
    for name in table.columns:
        cells = [None if pd.isna(cell) else cell for cell in table[name].tolist()]
        if name == "path":
            columns[name] = ["" if cell is None else str(cell) for cell in cells]
        elif name in _TEXTS:
            columns[name] = [_text(cell) for cell in cells]
        else:
            columns[name] = _numbers_or_as_they_are(cells)
    return columns


def class_names(labels: Sequence[str], named: str | None) -> tuple[str, ...]:
    """Return the classes: as named by the user, else the labels, sorted by number if all are numbers.

    Args:
        labels: texts, none empty.
        named: names separated by commas, or None.

    Raises:
        CorruptDataError: fewer than two, more than `MAX_CLASSES`, or a duplicate.
    """
    names = sorted(set(labels)) if named is None else [name.strip() for name in named.split(",")]
    if named is None and all(re.fullmatch(r"-?\d{1,9}", name) for name in names):
        names.sort(key=int)
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names) or "" in names:
        shown = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        raise CorruptDataError(
            f"{count(len(names), 'class')} cannot be told apart: {shown or 'none'}.",
            f"Two to {MAX_CLASSES:,} different names are expected.",
            "Check the column label, or the class names given.",
        )
    return tuple(names)


def label_numbers(labels: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return the class index of each label, int64; -1 for an unknown one.

    If any label is a class name, all labels are read as names, else all as numbers; never both, because a name may be a
    number.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    if not numbers.keys() & set(labels):
        numbers = {str(number): number for number in range(len(classes))}
    return np.array([numbers.get(label, -1) for label in labels], np.int64)


def sets_named(split: Sequence[str]) -> list[str | None]:
    """Return train, valid, test or "" for each cell; None for a cell that names no set."""
    return [set_named(text) if text else "" for text in split]


def place(cell: object) -> float:
    """Return a position in pixels; NaN for a cell that is not a finite number."""
    try:
        value = float(str(cell))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def contradicted(columns: dict[str, list[Any]], wrong: Sequence[str]) -> list[str]:
    """Add to the faults of each row those of rows that share an id and differ, because it is unknown which is right.

    If the first row were used, the order of the rows would decide labels and splits.

    Args:
        columns: the result of `plain`, with ``sample_id``.
        wrong: each row's fault as a clause, or "".
    """
    by_id: dict[str, list[int]] = {}
    for row, name in enumerate(columns["sample_id"]):
        if not wrong[row]:
            by_id.setdefault(name, []).append(row)
    more = [*wrong]
    for rows in by_id.values():
        differing = [column for column, cells in columns.items() if any(cells[row] != cells[rows[0]] for row in rows)]
        if len(rows) > 1 and differing:
            for row in rows:
                more[row] = f"stands {len(rows):,} times with different values of {', '.join(map(str, differing[:3]))}"
    return more


def _text(cell: object) -> str:
    """Return a cell without surrounding spaces; 3.0 becomes 3, because one empty cell turns a column into floats."""
    text = "" if cell is None else str(cell).strip()
    if text.lower() == "nan":
        return ""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _numbers_or_as_they_are(cells: list[Any]) -> list[Any]:
    known = [cell for cell in cells if cell not in (None, "")]
    if not all(isinstance(cell, str) and _NUMBER.fullmatch(cell) for cell in known):
        return [None if cell == "" else cell for cell in cells]
    number = int if all(cell.lstrip("-").isdecimal() for cell in known) else float
    return [None if cell in (None, "") else number(cell) for cell in cells]
