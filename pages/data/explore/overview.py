"""Show the numbers of patches, and their brightness."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.data.reading import read_each
from histo_core.data.sources.pcam_report import PCamReport
from histo_core.plots.counts import counts_by_figure, counts_figure
from pages.data.explore import selection
from pages.data.explore.context import Explored
from pages.data.explore.selection import Selection
from pages.shared.app import url_state
from pages.shared.cache import cache
from pages.shared.components import columns, layout, unreadable
from pages.shared.components.text import count, plain

MOST_ROWS = 200
"""The most rows of a table on the page; its download has all of them."""
SAMPLE = 5_000
"""The most patches for channel statistics, so that they take at most a second."""
SPLIT = "this split"


def draw(page: Explored, chosen: Selection) -> None:
    """Draw the view."""
    _facts(page)
    _counts(page)
    if report := cache.report_of_pcam(page.data, page.workspace):
        _pcam(report)
    with unreadable.shown(key="explore.channels"):
        _channels(page, chosen)
    with st.container(horizontal=True):
        layout.download_table(page.joined, "samples", "Download the table of all patches")
        selection.download(page, chosen)


def _facts(page: Explored) -> None:
    source = page.source
    facts = {"Patches": f"{len(source):,}"}
    for column, name in (("patient_id", "Patients"), ("slide_id", "Slides")):
        if number := cache.countable(page.data, page.workspace).get(column):
            facts[name] = f"{number:,}"
    first = next(iter(read_each(source, [0]))) if len(source) else None
    if first is not None:
        height, width = first.shape[:2]
        facts["Patch size"] = f"{width} x {height} px"
    if source.microns_per_pixel:
        facts["Pixel size"] = f"{source.microns_per_pixel:.3g} µm"
    layout.facts(facts)


def _counts(page: Explored) -> None:
    offered = [SPLIT] * (not page.undivided)
    offered += [name for name in cache.countable(page.data, page.workspace) if name != "split"]
    if not offered:
        return
    by = url_state.choose(
        "Count by",
        "count",
        offered,
        format_func=lambda name: "Set of this split" if name == SPLIT else columns.title(name),
        width=260,
        help="What the patches are counted by; each class has its own colour.",
    )
    table = cache.counts(*page.key, None if by == SPLIT else by)
    chart = counts_figure(table) if by == SPLIT else counts_by_figure(table)
    grid = layout.halves()
    with grid.cell():
        name = f"counts-{'split' if by == SPLIT else by}"
        layout.figure(chart, key="explore.counts", name=name, data=table.reset_index())
    with grid.cell():
        st.dataframe(
            table.head(MOST_ROWS),
            column_config={name: st.column_config.NumberColumn(format="localized") for name in table.columns},
            alt="The counts that the chart draws.",
        )
        if len(table) > MOST_ROWS:
            st.caption(f"The first {MOST_ROWS} of {len(table):,} rows; the download has them all.")


def _pcam(report: PCamReport) -> None:
    """Show the tables of PatchCamelyon's own report."""
    st.header("PatchCamelyon's report", anchor=False)
    grid = layout.halves()
    for number, (name, table) in enumerate(
        {"Patches of each set": report.patches, "Slides of each set and type": report.slides}.items()
    ):
        with grid.cell():
            _report_table(name, None if table is None else table.reset_index(), f"pcam-report-{number + 1}")
    _report_table("Shares against CAMELYON16's 270 and 130 slides", report.shares, "pcam-report-3")


def _report_table(name: str, table: pd.DataFrame | None, file: str) -> None:
    st.markdown(f"**{name}**")
    if table is None:
        st.caption("Not known, because the metadata files (_meta.csv) do not lie beside the patches.")
        return
    # Plain tables: a browser needs half a second to set up a sortable grid, and more for three.
    st.table(pd.DataFrame({column: _words(str(column), table[column]) for column in table}).set_index(table.columns[0]))
    layout.download_table(table, file)


def _words(column: str, values: Iterable[Any]) -> list[str]:
    """Format values: counts with separators, shares in percent, empty where unknown."""
    form = "{:.1%}" if column.startswith("of_") else "{:,}"
    return [plain(one) if isinstance(one, str) else "" if pd.isna(one) else form.format(one) for one in values]


def _channels(page: Explored, chosen: Selection) -> None:
    """Show the channel means and SDs of the selection on a click, because all its pixels are read."""
    st.header("Colour channels of the selection", anchor=False)
    rows = np.sort(chosen.rows)
    if not len(rows):
        st.caption("No patch is selected.")
        return
    sampled = len(rows) > SAMPLE
    if sampled:
        rows = np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
    said = f"a random sample of {SAMPLE:,} of {len(chosen):,} patches" if sampled else count(len(rows), "patch")
    key = hashlib.sha256(rows.tobytes()).hexdigest()
    if st.button("Measure mean and SD", key="explore.channels", help=f"Reads {said}; values between 0 and 1."):
        st.session_state["explore.channels.asked"] = key
    if st.session_state.get("explore.channels.asked") != key:
        st.caption(f"Takes seconds: reads {said}.")
        return
    with st.spinner(f"Reading {said}…", show_time=True):
        found = cache.channels(page.data, key, page.workspace, rows)
    table = pd.DataFrame({"Channel": ["Red", "Green", "Blue"], "Mean": found.mean, "SD": found.std})
    st.dataframe(
        table,
        hide_index=True,
        width="content",
        column_config={name: st.column_config.NumberColumn(format="%.4f") for name in ("Mean", "SD")},
        alt="Mean and standard deviation of each channel.",
    )
    st.caption(f"Over all pixels of {said}; 0 is black, 1 is white.")
    layout.download_table(table, "channels")
