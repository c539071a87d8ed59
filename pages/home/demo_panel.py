"""Draw the demo: the button that starts it, its steps, and its first map."""

from __future__ import annotations

import streamlit as st

from histo_core.demo.kind import KIND
from histo_core.demo.record import FirstMap, map_file
from histo_core.demo.state import DemoState, DemoStep, StepName
from histo_core.errors import DataError
from histo_core.jobs.api import cancel_job, start_job
from histo_core.regular_files import read_regular
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.components import run_card
from pages.shared.components.text import plain

STEPS: dict[StepName, str] = {
    "draw": "Draw {total} patches of phantom tissue",
    "audit": "Audit the split",
    "train": "Train {total} networks",
    "intervals": "Estimate the intervals of {total} networks",
    "map": "Map what the first network looked at",
}
COUNTED = ("draw", "train", "intervals")
"""Steps that say how much of them is done."""
MAP_BYTES = 8 << 20
MAP_WIDTH = 420


def button(workspace: Workspace, *, primary: bool = False) -> None:
    """Draw the button that starts the demo, or goes on with one that stopped early."""
    if st.button(
        "Start the demo",
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        help="Draws phantom tissue (synthetic H&E patches) and trains three networks on it, on this machine.",
    ):
        start_job(KIND, {}, workspace, user=current_session().user)
        st.rerun()


def how_it_ended(demo: DemoState) -> None:
    """Say why a demo stopped early; nothing where it is being made, or was made."""
    if demo.job.state == "failed" or demo.job.interrupted:
        st.error(plain(demo.job.error), icon=":material/error:")
    elif demo.job.state == "cancelled":
        st.caption(plain(f"The demo was not finished. {demo.job.error}"))


def panel(demo: DemoState, workspace: Workspace) -> None:
    """Draw the steps of the demo with their states, and its first map as soon as there is one."""
    with st.container(border=True, key="demo", horizontal=True, gap="large"):
        with st.container(width=360, gap="small"):
            st.header("Demo", anchor=False)
            how_it_ended(demo)
            for step in demo.steps:
                _step(step, active=demo.job.active)
            if demo.job.active:
                _cancel(demo, workspace)
        if demo.first_map is not None:
            with st.container(width=MAP_WIDTH, gap="small"):
                _first_map(demo.first_map, demo.runs, workspace)


def _step(step: DemoStep, *, active: bool) -> None:
    title = STEPS[step.name].format(total=f"{step.total:,}" if step.total else "the")
    if step.finished:
        st.markdown(f":green[:material/check_circle:] {title}")
        return
    if not (active and step.begun):
        st.markdown(f":gray[:material/radio_button_unchecked: {title}]")
        return
    said = f": {step.done:,} done" if step.name in COUNTED and step.total else ""
    st.markdown(f":blue[:material/pending:] {title}{said}")
    if step.name == "draw" and step.total:
        st.progress(min(step.done / step.total, 1.0))


def _cancel(demo: DemoState, workspace: Workspace) -> None:
    if st.button(
        "Cancel the demo",
        disabled=demo.job.cancel_asked,
        help="Its networks stop at their next batch. Started again, it goes on from there.",
    ):
        cancel_job(demo.job.job_id, workspace, user=current_session().user)
        st.rerun()


def _first_map(first: FirstMap, runs: tuple[Run, ...], workspace: Workspace) -> None:
    run = next((run for run in runs if run.run_id == first.run_id), None)
    try:
        picture = read_regular(map_file(workspace), MAP_BYTES)
    except (OSError, DataError):  # it is being written, or was taken away
        return
    if run is None:
        return
    right = "and it is right" if first.label == first.target else f"but the patch is labelled {first.label}"
    st.markdown(plain(f"{run_card.label(run)} says {first.target} ({first.probability:.0%}), {right}."))
    st.image(picture, width="stretch", alt=first.words)
    st.caption(plain(first.words))
    navigation.link(
        "explain", "Look closer", icon=":material/center_focus_strong:", run=first.run_id, patch=first.sample_id
    )
