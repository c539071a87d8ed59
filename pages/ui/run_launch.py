"""Above the form: what was changed, what is known of the split and the cost, and the button that launches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.access import LOCAL
from histo_core.runs.devices import Device
from histo_core.runs.launcher import launch_many
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace
from pages.ui import data_choice, navigation, presets, run_estimate, split_verdict
from pages.ui.run_form import Wanted
from pages.ui.text import count, plain


def draw(wanted: Wanted, word: str, machine: Sequence[Device], workspace: Workspace) -> None:
    """Everything between the choice of a preset and a launch.

    Args:
        wanted: what the form holds.
        word: what it started from, "preset" or "run".
        machine: this machine's devices.
        workspace: where to launch.
    """
    if wanted.changes:
        st.caption(f"Changed against the {word}")
        st.markdown("\n".join(f"- {plain(line)}" for line in wanted.changes))
    elif word == "run":
        st.caption("Nothing is changed yet: launched like this, the same run is trained once more.")
    if wanted.problems:
        st.warning(
            "\n".join(["This cannot be launched yet:", *(f"- {plain(problem)}" for problem in wanted.problems)]),
            icon=":material/edit_note:",
        )
    if wanted.members:
        config = wanted.members[0].config
        split_verdict.draw(config.data, config.split)
    if not wanted.problems:
        run_estimate.draw(wanted.members, machine, workspace)
    _button(wanted, workspace)
    if wanted.members:
        _copies(wanted.members)


def _button(wanted: Wanted, workspace: Workspace) -> None:
    if not st.button(
        f"Train {count(len(wanted.members), 'model')}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(wanted.problems),
        help=wanted.problems[0]
        if wanted.problems
        else "Checks the data, then queues the runs; they go on when the browser is closed.",
    ):
        return
    data_choice.opened(wanted.members[0].config.data)
    with st.spinner("Checking the data and queueing…", show_time=True):
        launched = launch_many(
            [member.config for member in wanted.members],
            workspace,
            user=LOCAL,
            names=[member.name for member in wanted.members],
            priority=wanted.priority,
            tags=wanted.tags,
            note=wanted.note,
        )
    navigation.go("train", watch=[run.run_id for run in launched])


def _copies(members: Sequence[NamedConfig]) -> None:
    with st.expander("Copy as a file or a command"):
        for member in members:
            st.caption(plain(member.name))
            st.code(member.config.to_yaml(), language="yaml")
            st.code(presets.command(member.config), language="bash")
