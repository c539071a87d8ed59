"""Show why runs of an experiment have no result, with what helps: another recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from histo_core.config.draft import SECTIONS
from histo_core.experiments.failures import failures
from histo_core.experiments.results import Summary
from histo_core.storable import as_json
from pages.shared.app import navigation
from pages.shared.components import model_form
from pages.shared.components.text import plain


def draw(now: Summary) -> bool:
    """Draw a box for each reason, with a link to the form that has the whole experiment and what helps.

    Returns:
        Whether there is any.
    """
    found = failures(now)
    for place, failure in enumerate(found):
        with st.container(border=True, key=f"failure.{place}"):
            box = st.warning if failure.kind in ("interrupted", "unlearnt") else st.error
            box(plain(failure.sentence), icon=":material/error:")
            with st.container(horizontal=True, vertical_alignment="center"):
                change_link(now, failure.remedy)
    return bool(found)


def change_link(now: Summary, settings: Mapping[str, Any] | None = None) -> None:
    """Draw a link to Train, whose form then has the experiment's settings and protocol.

    Args:
        now: the experiment.
        settings: what the form changes from the start, by dotted name.
    """
    navigation.link(
        "train",
        "Change the recipe",
        icon=":material/tune:",
        experiment=now.experiment.experiment_id,
        change=as_json(settings, sort_keys=True) if settings else None,
    )
    if settings:
        said = ", ".join(f"{_title(name)} {'none' if value is None else value}" for name, value in settings.items())
        st.caption(plain(f"The form then begins with: {said}."), width="content")


def _title(name: str) -> str:
    section, _, field = name.partition(".")
    return model_form.title(SECTIONS[section], field)
