"""Home: show what is in the workspace, what is running, and the next step."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from histo_core.demo.state import DemoState, demo_state
from histo_core.runs.devices.devices import devices
from histo_core.runs.store.overview import data_used, states
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, find_runs
from histo_core.workspace import Workspace
from pages.home import demo_panel
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.components import data_choice, layout, run_card
from pages.shared.components.text import count, plain

CARDS = 12
CARD_WIDTH = 330
TEXT_WIDTH = 720


def render() -> None:
    """Draw the page."""
    current_session().authorise("run.read")
    workspace = current_session().workspace
    store = cache.store(workspace)
    known, demo = seen = _read(store, workspace)
    if not known and (demo is None or not demo.job.active):
        layout.header("Home", "Nothing is here yet.")
        _welcome(demo, workspace)
        return
    active = any(status.active for status in known) or (demo is not None and demo.job.active)
    fresh = iter([seen])  # read once a render; each update of the board reads anew
    run_card.watch(active, lambda: _board(store, workspace, *next(fresh, None) or _read(store, workspace)))
    if not active:
        demo_panel.button(workspace)
    st.caption(f"Kept in {plain(workspace.home)}.")


def _verdict(known: Mapping[RunStatus, int]) -> str:
    parts = [
        (known.get(RunStatus.SUCCEEDED, 0), "finished"),
        (known.get(RunStatus.RUNNING, 0), "training"),
        (known.get(RunStatus.QUEUED, 0), "waiting"),
        (sum(number for status, number in known.items() if status.resumable), "stopped early"),
    ]
    said = ", ".join(f"{number:,} {words}" for number, words in parts if number)
    return f"{count(sum(known.values()), 'model')}: {said}."


def _welcome(demo: DemoState | None, workspace: Workspace) -> None:
    if demo is not None:
        demo_panel.how_it_ended(demo)
    st.markdown(
        "Histoscope trains networks on small patches of tissue, compares them, and shows what they looked at. "
        "The demo draws patches of made-up tissue, trains three networks on them, and takes about two minutes on an "
        "idle machine. It goes on when you leave this page or close the browser.",
        width=TEXT_WIDTH,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        demo_panel.button(workspace, primary=True)
        if st.button("Add data", icon=":material/folder_open:", help="Open a folder of patches on this machine."):
            navigation.go("data")


def _next_step(store: Store) -> None:
    finished = find_runs(store, RunFilter(statuses=(RunStatus.SUCCEEDED,)), limit=run_card.OFFERED).runs
    if not finished:
        return
    same = [run for run in finished if run_card.alike(run, finished[0])]
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(same) > 1:
            navigation.link(
                "compare",
                f"Compare the {len(same)} models that share a split",
                icon=":material/balance:",
                runs=[run.run_id for run in reversed(same)],
            )
        navigation.link(
            "explain",
            "See what the newest one looked at",
            icon=":material/center_focus_strong:",
            run=finished[0].run_id,
        )


def _read(store: Store, workspace: Workspace) -> tuple[dict[RunStatus, int], DemoState | None]:
    return states(store), demo_state(store, workspace)


def _board(store: Store, workspace: Workspace, known: Mapping[RunStatus, int], demo: DemoState | None) -> None:
    """Draw everything that changes while models train."""
    total = sum(known.values())
    layout.header("Home", _verdict(known) if total else "The demo is being made.")
    if demo is not None and (demo.job.active or len(demo.runs) == total):  # its own panel, until there are other runs
        demo_panel.panel(demo, workspace)
    newest = find_runs(store, RunFilter(), limit=CARDS).runs
    names = {run.run_id: run_card.label(run) for run in newest}
    for device in devices(workspace):
        st.caption(plain(run_card.device_words(device, names)))
    if not total:
        return
    _next_step(store)
    st.header("Models", anchor=False)
    with st.grid("auto", min_column_width=CARD_WIDTH, gap="small") as grid:
        for run in newest:
            with grid.cell():
                run_card.card(run, workspace)
    if total > CARDS:
        navigation.link("train", f"All {total:,} models", icon=":material/model_training:")
    _contents(store)


def _contents(store: Store) -> None:
    st.header("In this workspace", anchor=False)
    for data, number in data_used(store):
        navigation.link(
            "data",
            f"{plain(data_choice.describe(data))}: {count(number, 'model')}",
            icon=":material/grid_view:",
            **data_choice.to_params(data),
        )
