"""Lay out a page: first the verdict, then the figure, then the table; each with its download."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

from histo_core.data.formats.csv_cells import to_csv
from pages.shared.components.image_buttons import image_buttons
from pages.shared.components.text import file_name, plain

Table = pd.DataFrame | Callable[[], pd.DataFrame]
HALF = 480
"""Pixels of half a page: two columns at 1440, one at 820."""


def header(title: str, verdict: str = "") -> None:
    """Draw the page's name, small, and below it the verdict.

    Args:
        title: the page's name.
        verdict: one or two sentences, as plain text; they may quote data.
    """
    st.title(title, anchor=False)
    if verdict:
        st.header(plain(verdict), anchor=False)


def empty(what: str, action: Callable[[], None]) -> None:
    """Draw an empty state: what would be here, and the button or link that creates it."""
    with st.container(border=True):
        st.markdown(plain(what))
        action()


def halves() -> GridContainer:
    """Return a grid of two columns on a wide screen and one on a narrow screen; use ``cell()`` for each half."""
    return st.grid(2, min_column_width=HALF, gap="small")


def facts(pairs: dict[str, str]) -> None:
    """Draw a few figures in one line: label, value."""
    with st.container(horizontal=True, gap="medium"):
        for label, value in pairs.items():
            st.metric(plain(label), plain(value), width="content")


def figure(
    chart: go.Figure,
    *,
    key: str,
    name: str,
    alt: str = "",
    data: Table | None = None,
    title: Literal["inside", "above", "none"] = "inside",
    width: Literal["stretch"] | int = "stretch",
    on_select: Callable[[Mapping[str, Any]], None] | None = None,
    modes: Sequence[Literal["points", "box", "lasso"]] = (),
) -> None:
    """Draw a chart with its downloads: PNG, SVG, HTML, and its numbers as CSV.

    Args:
        chart: the figure; its title says what it shows, and stays in the downloads.
        key: keeps the chart when its numbers change; another key clears what was selected on it.
        name: of downloaded files, without an extension.
        alt: a text alternative for people who cannot see the chart; by default its title, which is a sentence.
        data: the chart's data, or a function that returns them on demand.
        title: the title's place on the page. Above the chart it wraps; inside a narrow chart it would be cut off;
            ``none`` where the page has just said the same.
        width: the largest width in pixels; by default the available width.
        on_select: called with what the user clicks or selects: ``points``, ``box``, ``lasso``.
        modes: the allowed ways to select.
    """
    alt = alt or str(chart.layout["meta"]["alt"])
    drawn = chart
    if title == "above":
        st.markdown(f"**{plain(alt)}**")
    if title != "inside":
        drawn = untitled(chart)
    selecting: dict[str, Any] = {}
    if on_select is not None:
        selecting = {"on_select": lambda: on_select(st.session_state[key].selection), "selection_mode": modes}
    with st.container(gap="xsmall"):
        st.plotly_chart(
            drawn,
            key=key,
            alt=alt,
            width=width,
            config={"displaylogo": False, "toImageButtonOptions": {"filename": file_name(name), "scale": 2}},
            **selecting,
        )
        with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
            image_buttons(key=f"{key}.image")
            download("HTML", lambda: chart.to_html(include_plotlyjs=True), f"{name}.html", "text/html")
            if data is not None:
                download_table(data, name, "CSV")


def untitled(chart: go.Figure) -> go.Figure:
    """Return the chart without its title, and without validating it again, which took 3 ms a chart."""
    values = chart.to_dict()
    values["layout"].pop("title", None)
    values["layout"]["margin"] = values["layout"].get("margin", {}) | {"t": 8}
    return go.Figure(values, _validate=False)


def download_table(table: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "Download as CSV") -> None:
    """Offer a table, or a function that returns one on demand, as CSV in which no cell is read as a formula."""
    download(label, lambda: to_csv(table() if callable(table) else table), f"{name}.csv", "text/csv")


def download(label: str, content: Callable[[], bytes | str] | bytes, name: str, mime: str) -> None:
    """Offer a download that is created on demand and does not rerun the page."""
    st.download_button(
        label,
        content,
        file_name=file_name(name),
        mime=mime,
        key=f"download.{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
