"""Home: what is in the workspace, what is running, and the next sensible step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from histo_core.access import LOCAL, authorise
from histo_core.runs.launcher import launch_many
from histo_core.runs.records import Run, RunStatus
from histo_core.studies.demo import demo_configs
from histo_core.workspace import Workspace
from pages.ui import cache, data_choice, layout, navigation, runs
from pages.ui.text import count, plain

CARDS = 12
CARD_WIDTH = 330
TEXT_WIDTH = 720


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "run.read")
    workspace = Workspace.default()
    store = cache.store(str(workspace.home))
    known = store.runs()
    if not known:
        layout.header("Home", _verdict(known))
        _welcome(workspace)
        return
    runs.watch(store.runs, lambda now: _board(now, workspace))
    _contents(known, workspace)


def _verdict(known: Sequence[Run]) -> str:
    if not known:
        return "Nothing is here yet."
    counts = Counter(run.status for run in known)
    parts = [
        (counts[RunStatus.SUCCEEDED], "finished"),
        (counts[RunStatus.RUNNING], "training"),
        (counts[RunStatus.QUEUED], "waiting"),
        (sum(number for status, number in counts.items() if status.resumable), "stopped early"),
    ]
    said = ", ".join(f"{number:,} {words}" for number, words in parts if number)
    return f"{count(len(known), 'model')}: {said}."


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
        authorise(LOCAL, "data.build", "phantom")
        chosen = demo_configs()
        data_choice.prepare(chosen[0].config.data, workspace)
        with st.spinner("Queueing three models…"):
            launch_many(
                [member.config for member in chosen], workspace, user=LOCAL, names=[member.name for member in chosen]
            )
        st.rerun()


def _next_step(known: Sequence[Run]) -> None:
    finished = [run for run in known if run.status is RunStatus.SUCCEEDED]
    if not finished:
        return
    same = [run for run in finished if run.split_fingerprint == finished[0].split_fingerprint]
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


def _board(now: Sequence[Run], workspace: Workspace) -> None:
    """All that moves while models train."""
    layout.header("Home", _verdict(now))
    _next_step(now)
    st.subheader("Models", anchor=False)
    with st.grid("auto", min_column_width=CARD_WIDTH, gap="small") as grid:
        for run in now[:CARDS]:
            with grid.cell():
                runs.card(run, workspace)


def _contents(known: Sequence[Run], workspace: Workspace) -> None:
    st.subheader("In this workspace", anchor=False)
    used = Counter(run.config.data.model_dump_json() for run in known)
    configs = {run.config.data.model_dump_json(): run.config.data for run in known}
    for text, number in used.most_common():
        navigation.link(
            "data",
            f"{plain(data_choice.describe(configs[text]))}: {count(number, 'model')}",
            icon=":material/grid_view:",
            **data_choice.to_params(configs[text]),
        )
    devices = ", ".join(sorted({run.device for run in known}))
    st.caption(f"Trained on {plain(devices)}. Kept in {plain(workspace.home)}.")
    if not any(run.status.active for run in known):
        _demo_button(workspace)
