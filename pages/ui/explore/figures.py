"""Figures of the Data page: each can be had as PNG (its camera), as HTML and as CSV."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import layout


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


def download_html(chart: go.Figure, name: str) -> None:
    """A chart as one file that works without a network."""
    layout.download("Download as HTML", lambda: chart.to_html(include_plotlyjs=True), f"{name}.html", "text/html")
