"""Draw the area above the form: the changes, the verdict on the split, the cost, the protocol, and the button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError, HistoscopeError
from histo_core.experiments.api import start_experiment
from histo_core.experiments.records import Experiment
from histo_core.runs.api import launch_many
from histo_core.runs.devices.devices import Device
from histo_core.runs.labels import RunLabels
from histo_core.studies.origin import read_origin
from histo_core.studies.recipes import NamedConfig, Recipe
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES
from pages.shared.components import data_choice, split_verdict
from pages.shared.components.text import count, plain
from pages.train import (
    changes_view,
    experiment_form,
    preset_view,
    recommended_view,
    run_command,
    run_draft,
    run_estimate,
    seen_view,
)
from pages.train.run_draft import FormState
from pages.train.run_form import TrainRequest
from pages.train.run_source import Source


def draw(
    wanted: TrainRequest, source: Source, state: FormState, machine: Sequence[Device], workspace: Workspace
) -> None:
    """Draw everything between the choice of a preset and a launch.

    Args:
        wanted: the form's values.
        source: its initial values.
        state: what was changed before; what is changed now is kept.
        machine: this machine's devices.
        workspace: where to launch.
    """
    problems, draft = list(wanted.problems), wanted.draft
    changes = st.container()
    if wanted.members:
        config = wanted.members[0].config
        split_verdict.draw(config.data, config.split)
        preset_view.missing(wanted.members, workspace)
        if recommended_view.is_own(config.data):
            seen_view.draw(config)
    protocol = ProtocolConfig()
    if wanted.members:
        try:
            protocol = _protocol(wanted.members[0].config, source, state)
            draft = draft.model_copy(update={"protocol": None if protocol == source.protocol else protocol})
        except ConfigError as error:
            problems.append(f"Protocol: {error.found}")
    run_draft.keep(state, draft, cache.store(workspace))
    with changes:
        run_draft.say(state)
        changes_view.draw(wanted, source, state)
    if problems:
        st.warning(
            "\n".join(["This cannot be launched yet:", *(f"- {plain(problem)}" for problem in problems)]),
            icon=":material/edit_note:",
        )
    else:
        run_estimate.draw(wanted.members, protocol.size, machine, workspace)
    if _button(wanted, protocol, problems):
        _launch(wanted, protocol, source.preset.recipe, workspace)
    if wanted.members:
        _copies(wanted, protocol)


def _protocol(base: RunConfig, source: Source, state: FormState) -> ProtocolConfig:
    """Draw the form of a protocol, which starts with the source's own and offers the study's own sweeps.

    Raises:
        ConfigError: the form's protocol cannot be carried out.
    """
    prefix, recipe = state.key(f"protocol.{source.preset.name}"), source.preset.recipe
    start = state.draft.protocol or source.protocol
    if recipe is None:
        return experiment_form.draw(base, None, prefix, start)
    sweeps = {sweep.name: sweep.protocol for sweep in recipe.sweeps}
    protocol = experiment_form.draw(base, sweeps, prefix, start)
    _say_whose(recipe, protocol)
    return protocol


def _say_whose(recipe: Recipe, protocol: ProtocolConfig) -> None:
    """Show the study's own sweep or protocol where the form's matches it, and the run that the study used for it."""
    same = [one for one in recipe.experiments if recipe.asks(one.member, protocol) == one.name]
    if same:
        named = " and ".join(f"{one.name}, which it made of {one.member}" for one in same)
        st.caption(plain(f"The study's own: {named}."))


def _button(wanted: TrainRequest, protocol: ProtocolConfig, problems: Sequence[str]) -> bool:
    models = count(len(wanted.members), "model")
    return st.button(
        f"Train {models}" if protocol.kind == "single" else f"Train {models}, {count(protocol.size, 'run')} each",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(problems),
        help=plain(problems[0])
        if problems
        else "Checks the data, then queues the runs; they go on when the browser is closed.",
    )


def _launch(wanted: TrainRequest, protocol: ProtocolConfig, recipe: Recipe | None, workspace: Workspace) -> None:
    data_choice.opened(wanted.members[0].config.data, workspace)
    with st.spinner("Checking the data and queueing…", show_time=True):
        if protocol.kind != "single":
            started = _experiments(wanted, protocol, recipe, workspace)
            navigation.go("experiments", experiment=started[0].experiment_id)
        launched = launch_many(
            [member.config for member in wanted.members],
            workspace,
            user=current_session().user,
            names=[member.name for member in wanted.members],
            origins=[member.origin for member in wanted.members],
            **_written(wanted),
            warn=lambda note: st.toast(plain(note), icon=":material/rotate_right:", duration="long"),
        )
    navigation.go("train", watch=[run.run_id for run in launched], **run_draft.link_now())


def _experiments(
    wanted: TrainRequest, protocol: ProtocolConfig, recipe: Recipe | None, workspace: Workspace
) -> list[Experiment]:
    """Start one experiment for each model, in order.

    Raises:
        HistoscopeError: one cannot be started; before that, the page shows which ones were.
    """
    started: list[Experiment] = []
    for member in wanted.members:
        try:
            started.append(
                start_experiment(
                    member.config,
                    protocol,
                    workspace,
                    user=current_session().user,
                    name=member.name,
                    origin=_origin(member, protocol, recipe),
                    **_written(wanted),
                )
            )
        except HistoscopeError:
            if started:
                names = ", ".join(one.name for one in started)
                st.warning(
                    plain(f"Started already, and going on: {names}. {member.name} and those after it were not started.")
                )
            raise
    return started


def _origin(member: NamedConfig, protocol: ProtocolConfig, recipe: Recipe | None) -> str:
    """Return the study's run of an experiment, with the study's sweep or protocol if the experiment's matches it."""
    origin = read_origin(member.origin)
    if origin is None or recipe is None:
        return member.origin
    return str(replace(origin, experiment=recipe.asks(origin.run, protocol)))


def _written(wanted: TrainRequest) -> RunLabels:
    """Return the tags, note and priority of each run."""
    return {"priority": wanted.priority, "tags": wanted.tags, "note": wanted.note}


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def _yaml(config: RunConfig) -> str:
    return config.to_yaml()


def _copies(wanted: TrainRequest, protocol: ProtocolConfig) -> None:
    with st.expander("Copy as a file or a command"):
        for member, file in zip(wanted.members, run_command.file_names(wanted.members), strict=True):
            st.caption(plain(f"{member.name}: save this as {file}, and run the command below it."))
            st.code(_yaml(member.config), language=None)  # a language colours words too faintly to be read
            command = run_command.command(member, file, protocol, **_written(wanted))
            st.code(command, language=None, wrap_lines=True)
