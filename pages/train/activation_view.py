"""What a run's rectifiers did in validation, where the run was asked to record it."""

from __future__ import annotations

import streamlit as st

from histo_core.plots.activations import activation_figure, activity_table, histogram_table, never_active_figure
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.components import layout

WHAT = (
    "A unit is a channel of a feature map, or one number where there is no map. It is never active where its output is "
    "above 0 for no validation patch at no place."
)


def draw(run: Run, workspace: Workspace) -> None:
    """Units that are never active, and one layer's outputs; nothing where the run recorded none of it.

    Args:
        run: as the store has it now.
        workspace: where it lies.
    """
    epochs = cache.activity(run.run_id, str(workspace.home))
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
