"""What a new run starts from: a preset, or a run that is trained again with a change."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from histo_core.runs.store.runs import Store
from histo_core.studies.origin import Origin, read_origin
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.components import run_card
from pages.shared.components.text import plain
from pages.train import preset_view, presets


@dataclass(frozen=True)
class Source:
    """Where the form's values come from.

    Attributes:
        preset: the runs; of a clone the one run.
        word: what it is called: "preset" or "run".
    """

    preset: presets.Preset
    word: str


def choose(store: Store, workspace: Workspace) -> Source:
    """The preset that is chosen, or the run that the URL's ``clone`` names.

    Raises:
        RunError: there is no such run.
    """
    ids = url_state.asked("clone")
    if ids:
        return Source(_clone(store, ids[0]), "run")
    known = presets.all_presets()
    preset = known[
        url_state.choose(
            "Preset",
            "preset",
            list(known),
            format_func=lambda name: known[name].title,
            help="A set of runs with all their settings, from the demo or from a published study.",
        )
    ]
    st.caption(plain(preset.note))
    if preset.recipe:
        preset_view.about(preset.recipe, workspace)
    return Source(preset, "preset")


def _clone(store: Store, run_id: str) -> presets.Preset:
    run = store.get(run_id)
    name = run_card.label(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"The settings of **{plain(name)}**, to be changed.", width="content")
        if st.button("Use a preset instead", key="clone.leave", type="tertiary"):
            url_state.put("clone", None)
            st.rerun()
    origin = read_origin(run.origin)
    from_study = "" if origin is None else str(Origin(origin.study, origin.run))
    return presets.Preset(f"clone.{run.run_id}", name, "", (NamedConfig(name, run.config, "", origin=from_study),))
