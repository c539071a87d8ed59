"""Show why runs of an experiment have no result, with what helps: another recipe."""

from __future__ import annotations

import streamlit as st

from histo_core.experiments.failures import Failure, failures
from histo_core.experiments.results import Summary
from pages.shared.app import navigation
from pages.shared.components.text import plain


def draw(now: Summary) -> None:
    """Draw a box for each reason, with a link to Train, whose form then has these runs' settings."""
    for place, failure in enumerate(failures(now)):
        with st.container(border=True, key=f"failure.{place}"):
            box = st.warning if failure.kind in ("interrupted", "unlearnt") else st.error
            box(plain(failure.sentence), icon=":material/error:")
            if (run_id := _run_of(failure, now)) is not None:
                navigation.link("train", "Change the recipe", icon=":material/tune:", clone=run_id)


def _run_of(failure: Failure, now: Summary) -> str | None:
    """Return the first run with this failure; None where none was made, because its settings are not allowed."""
    runs = (now.members[position].run for position in failure.positions)
    return next((run.run_id for run in runs if run is not None), None)
