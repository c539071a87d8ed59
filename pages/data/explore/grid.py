"""Show rows of a data set as clickable patches."""

from __future__ import annotations

import numpy as np

from pages.data.explore.context import Explored
from pages.shared.cache import cache
from pages.shared.components import unreadable
from pages.shared.components.patch_grid import COLUMNS, LARGEST, Cell, patch_grid


def grid(page: Explored, rows: np.ndarray, *, side: int, key: str) -> int | None:
    """Draw patches as buttons, and return the row of the one that was just clicked."""
    sheet, cell, torn = cache.packed(page.data, page.workspace, tuple(rows.tolist()), min(COLUMNS, len(rows)), LARGEST)
    notes = ["cannot be read" if broken else page.label(row) for row, broken in zip(rows, torn, strict=True)]
    cells = [Cell(page.name(row), note, page.colour(row)) for row, note in zip(rows, notes, strict=True)]
    unreadable.tell(torn, key=key)
    clicked = patch_grid(sheet, cell, cells, side=side, key=key)
    return int(rows[clicked]) if clicked is not None and clicked < len(rows) else None
