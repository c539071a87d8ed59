"""Show rows of a data set as clickable patches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pages.data.explore.colouring import Colouring
from pages.data.explore.context import Explored
from pages.data.explore.predicted import Predicted
from pages.shared.cache import cache
from pages.shared.components import columns, unreadable
from pages.shared.components.patch_grid import COLUMNS, LARGEST, Cell, patch_grid

FACTS = ("patient_id", "slide_id")
"""Columns that are shown of a patch besides its id, label, set and answer, where the data have them."""


def grid(
    page: Explored,
    rows: np.ndarray,
    *,
    side: int,
    key: str,
    answers: Predicted | None = None,
    colouring: Colouring | None = None,
) -> int | None:
    """Draw patches as buttons, and return the row of the one that was just clicked.

    Args:
        page: the data set.
        rows: int64 [n], the patches in their order.
        side: of a drawn patch, in the page's pixels.
        key: keeps the grid while its patches change.
        answers: predictions that stand below the patches; None for none.
        colouring: of the frames; by class if not given.
    """
    sheet, cell, torn = cache.packed(page.data, page.workspace, tuple(rows.tolist()), min(COLUMNS, len(rows)), LARGEST)
    colour = page.colour if colouring is None else colouring.colour
    table = page.source.table
    known = {columns.title(name): pd.Series(table[name]) for name in FACTS if name in table}
    cells = [
        Cell(
            page.name(row),
            "; ".join(["cannot be read" if broken else page.label(row), *([answers.words(row)] if answers else [])]),
            colour(row),
            caption=answers.short(row) if answers else "",
            facts=_facts(page, row, known, answers),
        )
        for row, broken in zip(rows.tolist(), torn, strict=True)
    ]
    unreadable.tell(torn, key=key)
    clicked = patch_grid(sheet, cell, cells, side=side, key=key)
    return int(rows[clicked]) if clicked is not None and clicked < len(rows) else None


def _facts(page: Explored, row: int, known: Mapping[str, pd.Series], answers: Predicted | None) -> tuple[str, ...]:
    """Return what is known of a patch, a line each; ``known`` has further columns by their titles."""
    lines = [f"Label: {page.label(row)}"]
    lines += [f"{title}: {value}" for title, column in known.items() if not pd.isna(value := column.iat[row])]
    if page.split.split_sets[row]:
        lines.append(f"Set: {page.split.split_sets[row]}")
    if answers is not None:
        words = answers.words(row)
        lines.append(words[:1].upper() + words[1:])
    return tuple(lines)
