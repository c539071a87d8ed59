"""Arrange the ROC curve and the confusion matrices, so that both stand on Compare's first screen."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.grid_container import GridContainer

from histo_core.plots.confusion import FEW_CLASSES

BESIDE = 380
"""Pixels of the narrower side where at most two matrices stand beside the curve, also at 820."""
FIFTHS, FIFTH, CURVE = 5, 230, 2
"""More matrices take three fifths of a wide page; at 820 three columns are left, and they stand below the curve."""
ROOM = 745
"""Pixels that those matrices have side by side: at least these at 820 and at 1440."""
GAP = 16
MARGINS, CELL, SMALL_CELL = 120, 48, 36
"""Pixels of a matrix: the names of its classes, and a cell with a count and its share, or with the count alone."""
MOST = 24
"""Columns that `st.grid` takes."""


def arrange(models: int, classes: int) -> tuple[DeltaGenerator, GridContainer]:
    """Return the place of the ROC curve, and a grid for the matrices of ``models`` models."""
    narrowest = MARGINS + classes * (CELL if classes <= FEW_CLASSES else SMALL_CELL)
    if models <= 2:
        halves = st.grid(2, min_column_width=BESIDE, gap=GAP)
        curve = halves.cell()
        with halves.cell():
            return curve, st.grid(models, min_column_width=narrowest, gap=GAP)
    page = st.grid(FIFTHS, min_column_width=FIFTH, gap=GAP)
    curve = page.cell(column_span=CURVE)
    with page.cell(column_span=FIFTHS - CURVE):
        across = columns(models, (ROOM + GAP) // (narrowest + GAP))
        if across == 1:  # one row, which scrolls, is easier to compare than one column
            return curve, st.grid(min(models, MOST), min_column_width=narrowest, gap=GAP, wrap=False)
        return curve, st.grid(across, min_column_width=narrowest, gap=GAP)


def columns(models: int, most: int) -> int:
    """Return the largest number of columns, at most ``most``, that leaves no matrix alone in its row; else 1.

    Example:
        >>> [columns(models, 3) for models in (3, 4, 5, 6, 7)]
        [3, 2, 3, 3, 1]
    """
    return next((across for across in range(min(models, most), 1, -1) if models % across != 1), 1)
