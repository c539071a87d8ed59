"""Choose what a new run starts from: a preset, or a run to train again with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.api import get_experiment
from histo_core.runs.store.runs import Store
from histo_core.studies.origin import Origin, read_origin
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.components import data_choice, run_card
from pages.shared.components.text import plain
from pages.train import preset_view, presets, recommended_view


@dataclass(frozen=True)
class Source:
    """The source of the form's initial values.

    Attributes:
        preset: the runs; for a clone, the one run, or what the runs of an experiment have in common.
        word: its displayed name: "preset", "run", "experiment" or "recommendation".
        reasons: section of a run's configuration to the reasons of a recommendation.
        protocol: of the experiment that it starts from, or of the study.
    """

    preset: presets.Preset
    word: str
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)


def choose(store: Store, workspace: Workspace) -> Source | None:
    """Return the run or the experiment that the URL names, else what is recommended for its data, else a preset.

    Returns:
        None where nothing can be recommended; the reason is drawn.

    Raises:
        RunError: there is no such run or experiment.
        ConfigError: the URL names data with an invalid configuration.
    """
    if ids := url_state.asked("experiment"):
        return _experiment(ids[0], workspace)
    if ids := url_state.asked("clone"):
        return Source(_clone(store, ids[0]), "run")
    linked, known = data_choice.from_url(), presets.all_presets()
    titles = {name: preset.title for name, preset in known.items()}
    if linked is not None and recommended_view.is_own(linked[0]):
        titles = {recommended_view.NAME: recommended_view.TITLE} | titles
    row = st.container(horizontal=True)
    with row:
        name = url_state.choose(
            "Preset",
            "preset",
            list(titles),
            format_func=titles.__getitem__,
            help="A set of runs with all their settings: what fits the data, the demo, or a published study.",
        )
    if linked is not None and name == recommended_view.NAME:
        found = recommended_view.draw(*linked, row)
        return None if found is None else Source(found.preset, "recommendation", found.reasons)
    preset = known[name]
    st.caption(plain(preset.note))
    if preset.recipe:
        preset_view.about(preset.recipe, workspace)
    return Source(preset, "preset", protocol=preset.recipe.protocol if preset.recipe else ProtocolConfig())


def _clone(store: Store, run_id: str) -> presets.Preset:
    run = store.get(run_id)
    name = run_card.label(run)
    _say_whose(f"The settings of **{plain(name)}**, to be changed.")
    origin = read_origin(run.origin)
    from_study = "" if origin is None else str(Origin(origin.study, origin.run))
    return presets.Preset(f"clone.{run.run_id}", name, "", (NamedConfig(name, run.config, "", origin=from_study),))


def _experiment(experiment_id: str, workspace: Workspace) -> Source:
    found = get_experiment(experiment_id, workspace)
    _say_whose(f"The settings of the experiment **{plain(found.name)}**, to be changed.")
    origin = read_origin(found.origin)
    from_study = "" if origin is None else str(Origin(origin.study, origin.run))
    member = NamedConfig(found.name, found.config, "", origin=from_study)
    preset = presets.Preset(f"experiment.{found.experiment_id}", found.name, "", (member,))
    return Source(preset, "experiment", protocol=found.protocol)


def _say_whose(sentence: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(sentence, width="content")
        if st.button("Use a preset instead", key="clone.leave", type="tertiary"):
            for name in ("clone", "experiment", "change"):
                url_state.put(name, None)
            if not url_state.asked("dataset"):
                url_state.put("preset", presets.DEMO)
            st.rerun()
