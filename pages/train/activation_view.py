"""Show a run's rectifier activity in validation, where the run records it."""

from __future__ import annotations

import streamlit as st

from histo_core.plots.activations import activation_figure, activity_table, histogram_table, never_active_figure
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import cache_runs
from pages.shared.components import layout

WHAT = (
    "A unit is a channel of a feature map, or one number where there is no map. It is never active where its output is "
    "above 0 for no validation patch at no place."
)


def draw(run: Run, workspace: Workspace) -> None:
    """Draw units that are never active, and one layer's outputs; draw nothing where the run recorded none of it.

    Args:
        run: its present state in the store.
        workspace: holds the run.
    """
    epochs = cache_runs.activity(run.run_id, workspace)
    if not epochs or not epochs[-1].layers:
        return
    layout.figure(
        never_active_figure(epochs),
        key=f"activity.{run.run_id}",
        name=f"never-active-{run.run_id}",
        data=lambda: activity_table(epochs),
        title="above",
    )
    st.caption(WHAT)
    layers = [layer.layer for layer in epochs[-1].layers]
    chosen = st.selectbox("Outputs of layer", layers, key=f"layer.{run.run_id}", width=320)
    layout.figure(
        activation_figure(epochs, chosen),
        key=f"outputs.{run.run_id}",
        name=f"outputs-{run.run_id}",
        data=lambda: histogram_table(epochs, chosen),
        title="above",
    )
