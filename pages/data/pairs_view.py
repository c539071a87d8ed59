"""Pairs of patches that an audit found, side by side, so that a person can judge them."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.config import DataConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.plots.theme import NEUTRAL, class_colours
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.cache import cache_data
from pages.shared.components import layout
from pages.shared.components.text import count

PAIRS = 16
ACROSS = 4
CELL = 112
"""Pixels of a patch; four pairs of them fill a wide page."""


def page_parameter(name: str) -> str:
    """The URL parameter that says which page of pairs is shown."""
    return f"{name}.page"


def draw(
    table: pd.DataFrame, source: Dataset, data: DataConfig, other: Dataset, other_data: DataConfig, *, name: str
) -> None:
    """A page of pairs: their pictures in one sheet, and below it what was measured of each.

    Args:
        table: a finding with columns ``sample_id`` and ``other_id``.
        source, data: the data set that ``sample_id`` is of, and its configuration.
        other, other_data: the one that ``other_id`` is of where ``other_dataset`` says so; the same one where
            one data set was audited.
        name: of the audit, which keeps two of them on a page apart.
    """
    number = url_state.page(max(-(-len(table) // PAIRS), 1), page_parameter(name))
    shown = table.iloc[(number - 1) * PAIRS : number * PAIRS]
    outside = shown["other_dataset"].ne("").to_numpy() if "other_dataset" in shown else np.zeros(len(shown), bool)
    texts, states = (data.model_dump_json(), other_data.model_dump_json()), (source.state, other.state)
    home = str(Workspace.default().home)
    left = cache_data.find_rows(texts[0], states[0], shown["sample_id"].tolist(), home)
    inside, across = (
        cache_data.find_rows(text, state, shown["other_id"].tolist(), home)
        for text, state in zip(texts, states, strict=True)
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
                *texts, states, home, tuple(pairs), 2 * ACROSS, CELL, tuple(chain.from_iterable(frames))
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
