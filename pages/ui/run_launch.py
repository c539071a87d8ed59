"""Above the form: what was changed, what is known of the split and the cost, the protocol, and the button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.access import LOCAL
from histo_core.config_protocol import ProtocolConfig
from histo_core.errors import ConfigError
from histo_core.experiments.launcher import start_experiment
from histo_core.runs.devices import Device
from histo_core.runs.launcher import launch_many
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace
from pages.ui import data_choice, experiment_form, navigation, preset_view, presets, run_estimate, split_verdict
from pages.ui.run_form import Wanted
from pages.ui.run_source import Source
from pages.ui.text import count, plain


def draw(wanted: Wanted, source: Source, machine: Sequence[Device], workspace: Workspace) -> None:
    """Everything between the choice of a preset and a launch.

    Args:
        wanted: what the form holds.
        source: what it started from.
        machine: this machine's devices.
        workspace: where to launch.
    """
    problems = list(wanted.problems)
    _changes(wanted.changes, source)
    if wanted.members:
        config = wanted.members[0].config
        split_verdict.draw(config.data, config.split)
        preset_view.missing(wanted.members, workspace)
    protocol = ProtocolConfig()
    if wanted.members:
        try:
            protocol = experiment_form.draw(wanted.members[0].config, _sweeps(source), f"protocol.{source.preset.name}")
        except ConfigError as error:
            problems.append(f"Protocol: {error.found}")
    if problems:
        st.warning(
            "\n".join(["This cannot be launched yet:", *(f"- {plain(problem)}" for problem in problems)]),
            icon=":material/edit_note:",
        )
    else:
        run_estimate.draw(wanted.members, protocol.size, machine, workspace)
    if _button(wanted, protocol, problems):
        _launch(wanted, protocol, workspace)
    if wanted.members:
        _copies(wanted.members)


def _changes(changes: Sequence[str], source: Source) -> None:
    if changes:
        st.caption(f"Changed against the {source.word}")
        st.markdown("\n".join(f"- {plain(line)}" for line in changes))
    elif source.word == "run":
        st.caption("Nothing is changed yet: launched like this, the same run is trained once more.")


def _sweeps(source: Source) -> experiment_form.Sweeps | None:
    """The study's own sweeps."""
    recipe = source.preset.recipe
    return {sweep.name: sweep.protocol.sweep for sweep in recipe.sweeps} if recipe else None


def _button(wanted: Wanted, protocol: ProtocolConfig, problems: Sequence[str]) -> bool:
    models = count(len(wanted.members), "model")
    return st.button(
        f"Train {models}" if protocol.kind == "single" else f"Train {models}, {count(protocol.size, 'run')} each",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(problems),
        help=problems[0]
        if problems
        else "Checks the data, then queues the runs; they go on when the browser is closed.",
    )


def _launch(wanted: Wanted, protocol: ProtocolConfig, workspace: Workspace) -> None:
    data_choice.opened(wanted.members[0].config.data)
    with st.spinner("Checking the data and queueing…", show_time=True):
        if protocol.kind != "single":
            started = [
                start_experiment(
                    member.config,
                    protocol,
                    workspace,
                    user=LOCAL,
                    name=member.name,
                    priority=wanted.priority,
                    tags=wanted.tags,
                    note=wanted.note,
                )
                for member in wanted.members
            ]
            navigation.go("experiments", experiment=started[0].experiment_id)
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
