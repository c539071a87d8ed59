"""Show a study's reported numbers and ours in a table that shows each doubt in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.components.text import plain

if TYPE_CHECKING:
    from histo_core.experiments.reported import Pair  # it loads the studies, which load PyTorch

NOT_COMPARED = "not compared"


def draw(pairs: Sequence[Pair]) -> None:
    """Draw the study's numbers for a run or an experiment that was made from it; draw nothing for any other."""
    if not pairs:
        return
    st.header("Beside the report", anchor=False)
    changed = pairs[0].changed
    if changed:
        st.warning(plain(f"Changed against the study: {'; '.join(changed)}."), icon=":material/difference:")
    st.caption("The report's numbers are as printed. Ours are of other patches, so compare them with care.")
    st.table(table(pairs), width="stretch")


def table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return one row a number: the report's, ours, what ours measures, and the doubt."""
    columns = ["Reported of", "Measure", "Report", "Here", "What it is", "Doubt"]
    rows = [
        (
            *(pair.of, pair.reported.measure, pair.reported.printed),
            *("" if pair.measured is None else str(pair.measured), pair.about or NOT_COMPARED, pair.reported.doubt),
        )
        for pair in pairs
    ]
    return pd.DataFrame([[plain(cell) for cell in row] for row in rows], columns=columns).set_index("Reported of")


def short_table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return the table for half a page: the doubt is in the number's cell, and what ours measures is in ours."""
    rows = [
        (
            *(pair.of, pair.reported.measure, pair.reported.said),
            "" if pair.measured is None else f"{pair.measured}, {'; '.join((pair.about, *pair.changed))}",
        )
        for pair in pairs
    ]
    columns = ["Reported of", "Measure", "As printed", "Here"][: 4 if any(row[3] for row in rows) else 3]
    shown = [[plain(cell) for cell in row[: len(columns)]] for row in rows]
    return pd.DataFrame(shown, columns=columns).set_index("Reported of")
