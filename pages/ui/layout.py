"""How every page is built: verdict first, then the picture, then the table; each with its download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

from histo_core.data.formats.csv_cells import to_csv
from pages.ui.text import plain

HALF = 480
"""Pixels that half a page needs: two columns at 1440, one at 820."""


def header(title: str, verdict: str = "") -> None:
    """The page's name, small, and under it the sentence that it is about.

    Args:
        title: the page's name.
        verdict: one or two sentences, as plain text; they may quote data.
    """
    st.title(title, anchor=False)
    if verdict:
        st.subheader(plain(verdict), anchor=False)


def empty(what: str, action: Callable[[], None]) -> None:
    """What would be here, and the button or link that makes it so."""
    with st.container(border=True):
        st.markdown(plain(what))
        action()


def halves() -> GridContainer:
    """A grid of two columns on a wide screen and one on a narrow one; use ``cell()`` for each half."""
    return st.grid(2, min_column_width=HALF, gap="small")


def facts(pairs: dict[str, str]) -> None:
    """A few figures in one line: label, value."""
    with st.container(horizontal=True, gap="medium"):
        for label, value in pairs.items():
            st.metric(label, value, width="content")


def figure(
    chart: go.Figure,
    *,
    key: str,
    name: str,
    alt: str = "",
    data: pd.DataFrame | None = None,
    narrow: bool = False,
    width: Literal["stretch"] | int = "stretch",
) -> None:
    """A chart whose own camera saves PNG, with its numbers as CSV.

    Args:
        chart: the figure.
        key: keeps the chart in place when its numbers change.
        name: of downloaded files, without an ending.
        alt: what a person who cannot see the chart should know; else its title, which is a sentence.
        data: what the chart draws, for the CSV.
        narrow: the title, which would be cut, goes above the chart, where it can wrap.
        width: in pixels, at most; else as wide as there is room.
    """
    alt = alt or str(chart.layout["meta"]["alt"])
    if narrow:
        st.markdown(f"**{plain(alt)}**")
        chart.update_layout(title=None, margin_t=8)
    st.plotly_chart(
        chart,
        key=key,
        alt=alt,
        width=width,
        config={"displaylogo": False, "toImageButtonOptions": {"filename": name, "scale": 2}},
    )
    if data is not None:
        download_table(data, name)


def download_table(table: pd.DataFrame, name: str, label: str = "Download as CSV") -> None:
    """A table as CSV, in which no cell is read as a formula."""
    download(label, lambda: to_csv(table), f"{name}.csv", "text/csv")


def download(label: str, content: Callable[[], bytes | str] | bytes, name: str, mime: str) -> None:
    """A download that is made only when it is asked for and does not rerun the page."""
    st.download_button(
        label,
        content,
        file_name=name,
        mime=mime,
        key=f"download.{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
