"""What the cells of a manifest mean."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from histo_core.data.sources.part_names import part_named
from histo_core.errors import CorruptDataError

MAX_CLASSES = 1000

_TEXTS = ("label", "split", "sample_id", "patient_id", "slide_id", "group")

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?([eE][+-]?\d+)?")
"""007 is none: it is somebody's name."""

_WHOLE = re.compile(r"([+-]?\d+)\.0*")


def plain(table: pd.DataFrame) -> dict[str, list]:
    """The cells of each column: text ("" where missing) where a data set knows the column as text, else as they are,
    with numbers as numbers where all cells of a column are numbers, and None where one is missing."""
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
    """The classes: those that the user names in their order, else the labels, by number where all are numbers.

    Args:
        labels: texts, none empty.
        named: names with commas between them, or None.

    Raises:
        CorruptDataError: fewer than two, more than `MAX_CLASSES`, or one that is named twice.
    """
    names = sorted(set(labels)) if named is None else [name.strip() for name in named.split(",")]
    if named is None and all(re.fullmatch(r"-?\d{1,9}", name) for name in names):
        names.sort(key=int)
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names) or "" in names:
        shown = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        raise CorruptDataError(
            f"{len(names):,} class{'' if len(names) == 1 else 'es'} cannot be told apart: {shown or 'none'}.",
            f"Two to {MAX_CLASSES:,} different names are expected.",
            "Check the column label, or the class names given.",
        )
    return tuple(names)


def label_numbers(labels: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """The class of each label, int64; -1 for one that is none.

    Labels are the classes' names as soon as one of them is, else their numbers, and never both: a name may be a number.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    if not numbers.keys() & set(labels):
        numbers = {str(number): number for number in range(len(classes))}
    return np.array([numbers.get(label, -1) for label in labels], np.int64)


def parts(split: Sequence[str]) -> list[str | None]:
    """train, valid, test or "" for each cell; None for one that is no part."""
    return [part_named(text) if text else "" for text in split]


def place(cell: object) -> float:
    """A position in pixels; NaN for a cell that is no finite number."""
    try:
        value = float(str(cell))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def contradicted(columns: dict[str, list], wrong: Sequence[str]) -> list[str]:
    """What is wrong with each row, where rows that share an id and differ are wrong, too: nobody knows which holds.

    Taking the first of them would let the order of the rows decide on labels and splits.

    Args:
        columns: as `plain` gives them, with ``sample_id``.
        wrong: a clause for each row, or "".
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
    """A cell without spaces around it; 3.0 is 3, because one empty cell makes whole numbers of a column so."""
    text = "" if cell is None else str(cell).strip()
    if text.lower() == "nan":
        return ""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _numbers_or_as_they_are(cells: list) -> list:
    known = [cell for cell in cells if cell not in (None, "")]
    if not all(isinstance(cell, str) and _NUMBER.fullmatch(cell) for cell in known):
        return [None if cell == "" else cell for cell in cells]
    number = int if all(cell.lstrip("-").isdecimal() for cell in known) else float
    return [None if cell in (None, "") else number(cell) for cell in cells]
