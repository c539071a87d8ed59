"""Home: show what is in the workspace, what is running, and the next step."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from histo_core.runs.api import launch_many
from histo_core.runs.devices.devices import devices
from histo_core.runs.store.overview import data_used, states
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, find_runs
from histo_core.workspace import Workspace
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
    known = states(store)
    if not known:
        layout.header("Home", "Nothing is here yet.")
        _welcome(workspace)
        return
    active = any(status.active for status in known)
    run_card.watch(active, lambda: _board(store, workspace))
    _contents(store, workspace)
    if not active:
        _demo_button(workspace)


def _verdict(known: Mapping[RunStatus, int]) -> str:
    parts = [
        (known.get(RunStatus.SUCCEEDED, 0), "finished"),
        (known.get(RunStatus.RUNNING, 0), "training"),
        (known.get(RunStatus.QUEUED, 0), "waiting"),
        (sum(number for status, number in known.items() if status.resumable), "stopped early"),
    ]
    said = ", ".join(f"{number:,} {words}" for number, words in parts if number)
    return f"{count(sum(known.values()), 'model')}: {said}."


def _welcome(workspace: Workspace) -> None:
    st.markdown(
        "Histoscope trains networks on small patches of tissue, compares them, and shows what they looked at. "
        "The demo draws patches of made-up tissue, trains three networks on them, and takes about five minutes.",
        width=TEXT_WIDTH,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        _demo_button(workspace, primary=True)
        if st.button("Add data", icon=":material/folder_open:", help="Open a folder of patches on this machine."):
            navigation.go("data")


def _demo_button(workspace: Workspace, *, primary: bool = False) -> None:
    if st.button(
        "Start the demo",
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        help="Draws phantom tissue (synthetic H&E patches) and trains three networks on it, on this machine.",
    ):
        from histo_core.studies.demo import demo_configs  # the studies load PyTorch, which Home need not wait for

        current_session().authorise("data.build", "phantom")
        chosen = demo_configs()
        data_choice.opened(chosen[0].config.data, workspace)
        with st.spinner("Queueing three models…"):
            launch_many(
                [member.config for member in chosen],
                workspace,
                user=current_session().user,
                names=[member.name for member in chosen],
            )
        st.rerun()


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


def _board(store: Store, workspace: Workspace) -> None:
    """Draw everything that changes while models train."""
    known = states(store)
    layout.header("Home", _verdict(known))
    newest = find_runs(store, RunFilter(), limit=CARDS).runs
    names = {run.run_id: run_card.label(run) for run in newest}
    for device in devices(workspace):
        st.caption(plain(run_card.device_words(device, names)))
    _next_step(store)
    st.header("Models", anchor=False)
    with st.grid("auto", min_column_width=CARD_WIDTH, gap="small") as grid:
        for run in newest:
            with grid.cell():
                run_card.card(run, workspace)
    if sum(known.values()) > CARDS:
        navigation.link("train", f"All {sum(known.values()):,} models", icon=":material/model_training:")


def _contents(store: Store, workspace: Workspace) -> None:
    st.header("In this workspace", anchor=False)
    for data, number in data_used(store):
        navigation.link(
            "data",
            f"{plain(data_choice.describe(data))}: {count(number, 'model')}",
            icon=":material/grid_view:",
            **data_choice.to_params(data),
        )
    st.caption(f"Kept in {plain(workspace.home)}.")
