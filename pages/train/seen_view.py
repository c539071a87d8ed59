"""Show what a network would see of three training patches, before a run is launched."""

from __future__ import annotations

import streamlit as st

from histo_core.config import RunConfig
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_recommended
from pages.shared.components.errors import shown

SHOWN = 3
_CELL = 88
"""Pixels of a patch on the page."""


@shown()
def draw(config: RunConfig) -> None:
    """Draw three patches as the network gets them, and the share of each image that is seen; else why it cannot be."""
    workspace = current_session().workspace
    if not cache.was_opened(config.data, workspace):
        return
    state = cache.dataset(config.data, workspace).state
    sheet, share = cache_recommended.seen_patches(config.data, state, config.split, config.preprocess, workspace, SHOWN)
    st.image(sheet, width=SHOWN * _CELL, alt="Three training patches, cropped and resized as the network gets them.")
    st.caption(f"What the network sees of three training patches: {share:.0%} of each image.")
