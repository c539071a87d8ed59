"""Train: choose a preset or a run, change settings, launch, and watch."""

from __future__ import annotations

import streamlit as st

from histo_core.runs.devices.devices import devices
from histo_core.runs.store.search import RunFilter, all_tags, find_runs
from histo_core.workspace import Workspace
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.components import layout, run_card
from pages.shared.components.errors import shown
from pages.train import all_runs, own_data, run_board, run_draft, run_form, run_launch, run_source


def render() -> None:
    """Draw the page."""
    current_session().authorise("run.read")
    workspace = current_session().workspace
    layout.header("Train", "Choose a preset, change what should be different, and launch.")
    grid = layout.halves()
    with grid.cell(), shown(afresh=True):
        _form(workspace)
    with grid.cell(), shown():
        run_board.draw(workspace)
    all_runs.draw(workspace)


def _form(workspace: Workspace) -> None:
    """Draw the form, with its button above the settings that need not be changed."""
    store = cache.store(workspace)
    st.header("New runs", anchor=run_board.FORM)
    if any(run.status.active for run in find_runs(store, RunFilter(), limit=1).runs):
        st.markdown(f"[To the runs that wait or train](#{run_board.ANCHOR})")
    run_draft.return_to_form(store)
    source = run_source.choose(store, workspace)
    if source is None:
        own_data.correct()
        return
    machine = devices(workspace)
    busy = {device.busy_with for device in machine if device.busy_with}
    labels = {run_id: run_card.label(store.get(run_id)) for run_id in busy}
    state = run_draft.state_of(source, store)
    above = st.container()
    wanted = run_form.draw(source, state, machine, labels, all_tags(store))
    if wanted is not None:
        with above:
            run_launch.draw(wanted, source, state, machine, workspace)
