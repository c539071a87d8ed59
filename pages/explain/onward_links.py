"""Link from a patch that is explained to where it came from and where to look next."""

from __future__ import annotations

import streamlit as st

from histo_core.runs.store.records import Run
from pages.shared.components import onward


def draw(run: Run, patch: str | None) -> None:
    """Draw the links.

    Args:
        run: the explained model.
        patch: the id of its patch; None for an image of the user's own.
    """
    with st.container(horizontal=True, key="explain.onward"):
        onward.to_compare([run.run_id])
        if patch is not None:
            onward.to_data(run.config.data, run.config.split, run=run.run_id, patch=patch)
        onward.to_predict(run.run_id)
