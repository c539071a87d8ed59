"""Take what is chosen on one page along to another: runs, class, threshold, filter, patch."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from pages.shared.app import navigation, url_state
from pages.shared.components import data_choice

COMPARED = ("runs", "rule", "shared", "comparator", "prevalence", "tab", "cases", "cases_page", "slice_by")
"""URL parameters of Compare that Explain only carries, for the way back."""
CHOSEN_BY = ("split_set", "class", "show", "says", "threshold", "of")
"""URL parameters by which patches are chosen; Explain, Data and Predict read them alike."""


def carried(*names: str) -> dict[str, list[str]]:
    """Return those of the named URL parameters that the present page has."""
    return {name: values for name in names if (values := url_state.asked(name))}


def first_steps() -> None:
    """Link to what makes the first models: the form of a run, and the demo, which needs no data."""
    with st.container(horizontal=True, gap="medium"):
        navigation.link("train", "Train a model", icon=":material/model_training:")
        navigation.link("home", "Try the demo", icon=":material/play_arrow:")


def to_compare(runs: Iterable[str] = ()) -> None:
    """Draw a link to Compare: back to the comparison that this page was reached from, else to one of ``runs``."""
    came = url_state.asked("runs")
    named = {"class": url_state.asked("of")[:1] or None}
    navigation.link(
        "compare",
        "Back to the comparison" if came else "Compare",
        icon=":material/balance:",
        **(named | carried(*COMPARED, "split_set", "threshold") | {"runs": came or list(runs)} | _case()),
    )


def _case() -> dict[str, list[str]]:
    """Return the patch, where it was reached from Compare's cases."""
    return carried("patch") if url_state.asked("cases") else {}


def to_data(data: DataConfig, split: SplitConfig | None, *, run: str, patch: str | None = None) -> None:
    """Draw a link to the patches in Data, with the run's answers and what they were chosen by.

    Args:
        data, split: of the patches.
        run: the run whose answers are shown.
        patch: the patch to open; None for the gallery alone.
    """
    navigation.link(
        "data",
        "In the data",
        icon=":material/grid_view:",
        view="gallery",
        run=run,
        patch=patch,
        **carried(*CHOSEN_BY),
        **data_choice.to_params(data, split),
    )


def to_explain(run: str, *, patch: str | None = None, split_set: str | None = None, label: str = "Explain") -> None:
    """Draw a link to Explain, with what the patches of this page were chosen by.

    Args:
        run: the model.
        patch: the patch to begin with; None for the first of those chosen.
        split_set: its set, where this page does not name one.
        label: of the link.
    """
    chosen = carried(*CHOSEN_BY, *COMPARED)
    navigation.link(
        "explain",
        label,
        icon=":material/center_focus_strong:",
        run=run,
        patch=patch,
        **({"split_set": split_set} | chosen),
    )


def to_predict(run: str) -> None:
    """Draw a link to Predict, with the model."""
    navigation.link("predict", "Predict other patches", icon=":material/online_prediction:", run=run)
