"""Show all metrics of each model, with intervals."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from histo_core.comparison.results import Comparison
from histo_core.comparison.scorecards import Scorecards
from pages.compare.shown_comparison import ShownComparison
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.text import plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    with st.spinner("Computing the intervals…", show_time=True):
        found = _scorecards(shown.key_at_threshold, shown.comparison)
    st.dataframe(found.table(), hide_index=True, height="content", alt="All metrics of each model, with intervals.")
    st.caption(plain(f"95% intervals in brackets, from {shown.comparison.basis_of_all}. {found.notes}"))
    layout.download_table(found.rows, "metrics", "Download all metrics as CSV")


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _scorecards(key: Hashable, _comparison: Comparison) -> Scorecards:
    del key
    return Scorecards.of(_comparison)
