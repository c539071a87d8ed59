"""Link from predictions to their patches, to maps, and to a comparison."""

from __future__ import annotations

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.runs.store.records import Run
from pages.shared.components import onward


def draw(run: Run, data: DataConfig, division: SplitConfig, *, own: bool) -> None:
    """Draw the links.

    Args:
        run: the model.
        data, division: what was predicted.
        own: whether these are the run's own data; Explain shows patches of those alone.
    """
    with st.container(horizontal=True, key="predict.onward"):
        onward.to_data(data, division, run=run.run_id)
        if own:
            onward.to_explain(run.run_id)
        onward.to_compare([run.run_id])
