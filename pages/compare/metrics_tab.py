"""Show all metrics of each model, with intervals."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from histo_core.comparison.results import Comparison
from histo_core.comparison.scorecards import Scorecards
from histo_core.evaluation.metric_choice import Problem
from histo_core.evaluation.scorecard import METRIC_NAMES
from histo_core.evaluation.scorecard_prevalence import REWEIGHTED
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.text import plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    with st.spinner("Computing the intervals…", show_time=True):
        found = _scorecards(shown.key_at_threshold, shown.comparison)
    problem = _problem(shown.comparison)
    st.dataframe(
        found.table() if problem is None else found.marked(problem),
        hide_index=True,
        height="content",
        alt="All metrics of each model, with intervals.",
    )
    if problem is not None and problem.unit_note:
        st.caption(plain(problem.unit_note))
    st.caption(plain(f"95% intervals in brackets, from {shown.comparison.basis_of_all}. {found.notes}"))
    layout.download_table(found.rows, "metrics", "Download all metrics as CSV")


def _problem(comparison: Comparison) -> Problem | None:
    """Return the answers to five questions about the models' use; None where they are not asked."""
    if not url_state.switch("Mark which metrics fit", "fit", help="Five answers say which of these metrics mislead."):
        return None
    with st.container(horizontal=True):
        made = url_state.switch("Class balance is made", "made", default=comparison.prevalence is None)
        costs = url_state.switch("A miss and a false alarm cost the same", "costs", default=True)
        ordered = url_state.switch("Classes have an order", "ordered")
        probabilities = url_state.switch("Probabilities are acted on", "probabilities")
        by_patient = url_state.switch("Decisions are about patients", "by_patient")
    stated = frozenset[str]()
    if comparison.prevalence is not None:
        stated = frozenset(REWEIGHTED if comparison.many else METRIC_NAMES)
    return Problem(not made, costs, ordered, probabilities, by_patient, stated)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _scorecards(key: Hashable, _comparison: Comparison) -> Scorecards:
    del key
    return Scorecards.of(_comparison)
