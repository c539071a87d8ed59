"""Figures of the Data page: each can be had as PNG (its camera), as HTML and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import layout

Mode = Literal["points", "box", "lasso"]


def figure(chart: go.Figure, *, key: str, name: str, data: pd.DataFrame | None = None) -> None:
    """A chart with its downloads.

    Args:
        chart: the figure; its title says what it shows.
        key: keeps the chart in place when its numbers change.
        name: of downloaded files, without an ending.
        data: what the chart draws, for the CSV.
    """
    layout.figure(chart, key=key, name=name)
    with st.container(horizontal=True):
        download_html(chart, name)
        if data is not None:
            layout.download_table(data, name)


def selectable(
    chart: go.Figure, on_select: Callable[[Mapping[str, Any]], None], *, key: str, name: str, modes: Sequence[Mode]
) -> None:
    """A chart on which a person points at or draws around something.

    Args:
        chart: the figure.
        on_select: told what was selected, as Streamlit has it: ``points``, ``box``, ``lasso``.
        key: keeps the chart and what is drawn on it in place; another key forgets the drawing.
        name: of downloaded files, without an ending.
        modes: how one may select.
    """
    st.plotly_chart(
        chart,
        key=key,
        on_select=lambda: on_select(st.session_state[key].selection),
        selection_mode=modes,
        alt=str(chart.layout["meta"]["alt"]),
        config={"displaylogo": False, "toImageButtonOptions": {"filename": name, "scale": 2}},
    )
    download_html(chart, name)


def download_html(chart: go.Figure, name: str) -> None:
    """A chart as one file that works without a network."""
    layout.download("Download as HTML", lambda: chart.to_html(include_plotlyjs=True), f"{name}.html", "text/html")
