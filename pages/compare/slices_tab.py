"""Show each model's metrics on slices of the samples: by patient, slide, scanner, magnification, or any column."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd
import streamlit as st

from histo_core.comparison.results import Comparison
from histo_core.comparison.sample_facts import offered_slices
from histo_core.comparison.slices import ALL, METRICS, Slices, slices
from histo_core.comparison.slices_shown import interaction_sentence, slices_table
from histo_core.plots.forest import forest_figure
from histo_core.shown_text import plural
from pages.compare import case_rule, compared_data
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.cache.hashes import HASHES
from pages.shared.components import columns, layout
from pages.shared.components.text import plain

BARS = 110
"""Pixels of a histogram in the table."""


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    opened = compared_data.opened(shown)
    offered = offered_slices(opened.facts)
    if not offered:
        st.info(
            "These patches have no column to divide them by. A column of the data with 2 to 20 values, such as the "
            "scanner, or 2 to 100 patients or slides, shows here where a model is weak.",
            icon=":material/segment:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = url_state.choose(
            "Slices by",
            "slice_by",
            offered,
            format_func=lambda name: columns.title(str(name)),
            width=220,
            help="A column of the data set with few values, or patients or slides.",
        )
        metric = url_state.choose(
            "Metric", "slice_metric", list(METRICS), format_func=METRICS.__getitem__, width=220,
            help="Of each slice, at the threshold above.",
        )  # fmt: skip
    with st.spinner("Computing the slices…", show_time=True):
        state = "" if opened.source is None else opened.source.state
        found = _slices(shown.key_at_threshold, state, column, shown.comparison, opened.facts)
    for run_id, name in found.runs.items():
        st.markdown(f"**{plain(name)}**")
        table = slices_table(found, run_id)
        st.dataframe(
            table,
            hide_index=True,
            height="content",
            column_config={"Confidence": st.column_config.BarChartColumn(width=BARS, y_min=0)},
            alt=f"Each slice's patches, confidence and metrics, of {name}.",
        )
    layout.figure(
        forest_figure(found, metric),
        key=f"compare.forest.{column}.{metric}",
        name="forest",
        data=found.table,
        title="above",
        on_select=lambda selected: case_rule.open_slice(selected, column, ALL),
        modes=("points",),
    )
    kind = found.group_kind
    example = "" if kind is None else f"“20 of 3” is 20 patches of 3 {plural(kind)}. "
    st.caption(plain(f"{example}A click on a point of the figure shows the patches of its slice. 95% intervals."))
    st.markdown(plain(interaction_sentence(found)))
    layout.download_table(found.table, "slices", "Download the slices as CSV")


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _slices(key: Hashable, state: str, column: str, _comparison: Comparison, _facts: pd.DataFrame) -> Slices:
    del key, state
    return slices(_comparison, _facts, column)
