"""Show pairs of patches that an audit found, side by side, for a visual check."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.config import DataConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.plots.theme import NEUTRAL, class_colours
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache_data
from pages.shared.components import layout
from pages.shared.components.text import count

PAIRS = 16
ACROSS = 4
CELL = 112
"""Pixels of a patch; four pairs fill a wide page."""


def page_parameter(name: str) -> str:
    """Return the URL parameter of the shown page of pairs."""
    return f"{name}.page"


def draw(
    table: pd.DataFrame, source: Dataset, data: DataConfig, other: Dataset, other_data: DataConfig, *, name: str
) -> None:
    """Draw a page of pairs: their images in one sheet, and below it the measurements of each pair.

    Args:
        table: a finding with columns ``sample_id`` and ``other_id``.
        source, data: the data set of ``sample_id``, and its configuration.
        other, other_data: the data set of ``other_id`` where ``other_dataset`` says so; the same as ``source`` where
            only one data set was audited.
        name: the audit's name, which distinguishes two audits on a page.
    """
    number = url_state.page(max(-(-len(table) // PAIRS), 1), page_parameter(name))
    shown = table.iloc[(number - 1) * PAIRS : number * PAIRS]
    outside = shown["other_dataset"].ne("").to_numpy() if "other_dataset" in shown else np.zeros(len(shown), bool)
    configs, states = (data, other_data), (source.state, other.state)
    workspace = current_session().workspace
    left = cache_data.find_rows(data, source.state, shown["sample_id"].tolist(), workspace)
    inside, across = (
        cache_data.find_rows(config, state, shown["other_id"].tolist(), workspace)
        for config, state in zip(configs, states, strict=True)
    )
    right = np.where(outside, across, inside)
    there = (left >= 0) & (right >= 0)
    if not there.all():
        st.caption(f"{count(int((~there).sum()), 'pair')} of this page cannot be shown: a patch is no longer there.")
    pairs = list(zip(left[there].tolist(), right[there].tolist(), outside[there].tolist(), strict=True))
    if pairs:
        frames = [(_colour(source, row), _colour(other if out else source, partner)) for row, partner, out in pairs]
        st.image(
            cache_data.pair_sheet(
                *configs, states, workspace, tuple(pairs), 2 * ACROSS, CELL, tuple(chain.from_iterable(frames))
            ),
            output_format="PNG",
            alt=f"{count(len(pairs), 'pair')} of patches side by side, framed in the colour of their class.",
        )
    st.caption(f"{count(len(table), 'pair')}, {ACROSS} in a row; the table names them in the same order.")
    st.dataframe(shown, hide_index=True, alt="The pairs of this page with what was measured of each.")
    layout.download_table(table, f"{name}-pairs", "Download all pairs as CSV")


def _colour(source: Dataset, row: int) -> str:
    label = int(source.table.at[row, "label"])
    return NEUTRAL if label == UNLABELLED else class_colours(source.classes)[source.classes[label]]
