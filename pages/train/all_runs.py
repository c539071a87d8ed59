"""Show all runs as a table, and what can be done with the ticked ones: curves, comparison, differences, export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd
import streamlit as st

from histo_core.config.differences import differences
from histo_core.plots.training import Measure, curves_figure, curves_table
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.run_table import MANY, RunRow, RunTable, run_frame, run_table
from histo_core.runs.store.search import RunFilter, runs_by_id
from histo_core.workspace import Workspace
from pages.shared.app import navigation, url_state
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout, run_card
from pages.shared.components import run_table as shared_table
from pages.shared.components.errors import shown
from pages.train import run_details

CURVES = 12
"""The most runs whose curves are overlaid."""
SECONDS = 5.0
"""Seconds for which the table's rows are kept, so that a tick does not read thousands of runs again."""


@st.fragment
@shown()
def draw(workspace: Workspace) -> None:
    """Draw the section; the runs are read only once the table is opened."""
    st.header("All runs")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        opened = url_state.switch("Show the table", "table", help="All runs with their results, to sort and compare.")
        if not opened:
            return
        text = run_card.search("Find in the table", "find_rows")
        archived = url_state.switch("With archived runs", "archived_rows")
    found = _rows(text, workspace, archived=archived)
    if not found.rows:
        st.caption("No run is like that.")
        return
    if found.total > len(found.rows):
        st.caption(f"The newest {len(found.rows):,} of {found.total:,} runs.")
    ticked = shared_table.draw(found.rows, "train.table")
    with st.container(horizontal=True, vertical_alignment="center"):
        trained = [row.run_id for row in ticked if row.state is RunStatus.SUCCEEDED]
        if trained:
            navigation.link("compare", f"Compare the ticked {len(trained)}", icon=":material/balance:", runs=trained)
        chosen = ticked or found.rows
        label = f"Download the ticked {len(ticked)} as CSV" if ticked else "Download all as CSV"
        layout.download_table(lambda: run_frame(chosen), "runs", label)
    if ticked:
        _curves(ticked, workspace)
    if len(ticked) > 1:
        _differences(ticked, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16, ttl=SECONDS)
def _rows(text: str, workspace: Workspace, *, archived: bool) -> RunTable:
    return run_table(cache.store(workspace), RunFilter(text=text, archived=archived), limit=MANY)


def _curves(ticked: Sequence[RunRow], workspace: Workspace) -> None:
    measure = url_state.choose(
        "Curves of the ticked runs", "rows_curve", list(get_args(Measure)), widget=st.segmented_control
    )
    runs = runs_by_id(cache.store(workspace), [row.run_id for row in ticked[:CURVES]])
    named = run_card.unique_labels(list(runs.values()))
    epochs = {named[run.run_id]: run_details.epochs(run, workspace) for run in runs.values()}
    if not any(epochs.values()):
        st.caption("None of them has finished an epoch.")
        return
    if len(ticked) > CURVES:
        st.caption(f"The first {CURVES} of {len(ticked):,} ticked runs.")
    layout.figure(
        curves_figure(epochs, measure),
        key="train.table.curves",
        name=f"curves-{measure}",
        data=lambda: curves_table(epochs),
        title="above",
    )


def _differences(ticked: Sequence[RunRow], workspace: Workspace) -> None:
    runs = runs_by_id(cache.store(workspace), [row.run_id for row in ticked[:CURVES]])
    found = differences([run.config.model_dump(mode="json") for run in runs.values()])
    named = run_card.unique_labels(list(runs.values()))
    if not found:
        st.caption("The ticked runs have the same settings.")
        return
    st.subheader("Settings in which they differ", anchor=False)
    rows = [
        {"Setting": one.field} | {named[run_id]: _text(value) for run_id, value in zip(runs, one.values, strict=True)}
        for one in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Each setting that differs, and its value in each run.")


def _text(value: object) -> str:
    """Return a setting's value as text for a table."""
    return "none" if value is None else str(value)
