"""Recommend a run for the user's own data: the headline, the reasons, and the form's initial values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import DATASETS
from histo_core.data.integrity import stored_check
from histo_core.models.registry import MODELS
from histo_core.recommendation.choice import Recommendation
from histo_core.studies.recipes import NamedConfig
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache_recommended
from pages.shared.components import data_choice
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import plain
from pages.train import presets

NAME, TITLE = "recommended", "Recommended for these data"
MINUTES = (5, 10, 30, 60, 120, 480)
USUAL = 30
_TIME_WIDTH = 160
"""Pixels."""
AT_ONCE = 20_000
"""Image files whose sizes the page itself reads; a job does more."""


@dataclass(frozen=True)
class Recommended:
    """A recommendation as initial values of the form.

    Attributes:
        preset: its one run.
        reasons: section of a run's configuration ("train") to the reasons of its choices.
    """

    preset: presets.Preset
    reasons: Mapping[str, tuple[str, ...]]


def is_own(data: DataConfig) -> bool:
    """Return whether data are the user's own, not drawn ones; only for those is a run recommended."""
    return data.dataset in DATASETS and DATASETS[data.dataset].info.needs_root


def draw(data: DataConfig, division: SplitConfig, row: DeltaGenerator) -> Recommended | None:
    """Draw what is recommended and why; None where nothing can be, with the reason drawn instead.

    Args:
        data, division: the data and their split.
        row: gets the choice of the time, beside that of the preset.
    """
    with row:
        minutes = url_state.choose(
            "Time",
            "minutes",
            MINUTES,
            default=USUAL,
            format_func=_words,
            help="That a run may take on this machine.",
            width=_TIME_WIDTH,
        )
    with shown():
        workspace = current_session().workspace
        source = data_choice.opened_or_job(data, workspace)
        if source is None:
            return None
        if source.one_file_each and len(source) > AT_ONCE and stored_check(source, workspace) is None:
            note = "The sizes of all images are needed, which are read once by a process apart from this page."
            params = {"data": data.model_dump(mode="json")}
            job_card("check", params, "Read the images", then="The images are read.", note=note, primary=True)
            return None
        with st.spinner("Looking at the data…", show_time=True):
            found = cache_recommended.recommendation(data, source.state, division, minutes, workspace)
        _headline(found)
        return _as_preset(found)
    navigation.link("data", "Look at these data", icon=":material/fact_check:", **data_choice.to_params(data, division))
    return None


def _headline(found: Recommendation) -> None:
    config = found.config
    title = MODELS[config.model.name].title
    side = "" if config.preprocess.resize is None else f"{config.preprocess.resize} px, "
    st.markdown(f"**{plain(f'{title}, {side}{config.train.epochs} epochs, {found.duration} on this machine.')}**")
    for doubt in found.doubts:
        st.caption(f":material/info: {plain(doubt)}")
    with st.expander("Why these settings"):
        st.markdown("\n".join(f"- **{plain(one.title)}**: {plain(one.why)}" for one in found.choices))


def _as_preset(found: Recommendation) -> Recommended:
    config = found.config
    reasons: dict[str, tuple[str, ...]] = {}
    for choice in found.choices:
        section = next(iter(choice.values), "train").partition(".")[0]
        reasons[section] = (*reasons.get(section, ()), choice.why)
    # Another recommendation starts the form afresh: its controls have other keys.
    name = f"{NAME}-{config.hash('')[:12]}"
    member = NamedConfig(MODELS[config.model.name].title, config, "")
    return Recommended(presets.Preset(name, TITLE, "", (member,)), reasons)


def _words(minutes: int) -> str:
    return f"{minutes} minutes" if minutes < 90 else f"{minutes // 60} hours"
