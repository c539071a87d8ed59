"""A study's reported numbers beside ours, as a table in which no doubt is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.components.text import plain

if TYPE_CHECKING:
    from histo_core.experiments.beside import Pair  # it loads the studies, and they PyTorch

NOT_COMPARED = "not compared"


def draw(pairs: Sequence[Pair]) -> None:
    """What the study reports of a run or an experiment that was made from it; nothing where it comes from no study."""
    if not pairs:
        return
    st.subheader("Beside the report", anchor=False)
    changed = pairs[0].changed
    if changed:
        st.warning(plain(f"Changed against the study: {'; '.join(changed)}."), icon=":material/difference:")
    st.caption("The report's numbers are as printed. Ours are of other patches, so compare them with care.")
    st.table(table(pairs), width="stretch")


def table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """One row a number: the report's, ours, what ours is, and the doubt."""
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
    """The same for half a page: the doubt stands with the number, and what ours is with ours, where there is one."""
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
