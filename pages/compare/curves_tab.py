"""Show the models as curves: one picture, chosen from a list, each with its numbers and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from histo_core.comparison import curves, refusal
from histo_core.comparison.results import Comparison
from histo_core.plots import cost_quality, decision_curve, precision_recall, reliability, risk_coverage, scores
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache_runs
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.text import plain

WIDEST = 760
"""Pixels: a curve's picture need not be as wide as a page."""


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    picture = url_state.choose(
        "Picture", "picture", list(PICTURES), widget=st.segmented_control, label_visibility="collapsed"
    )
    with st.spinner("Computing the curves…", show_time=True):
        PICTURES[picture](shown)


def _precision_recall(shown: ShownComparison) -> None:
    comparison = shown.comparison
    found = _computed(shown.key_at_prevalence, "precision-recall", curves.precision_recall_curves, comparison)
    _figure(
        precision_recall.precision_recall_figure(comparison, found),
        "precision-recall",
        lambda: curves.precision_recall_points(comparison, found),
    )
    st.caption(plain(precision_recall.READ))


def _reliability(shown: ShownComparison) -> None:
    comparison = shown.comparison
    found = _computed(shown.key_at_prevalence, "reliability", curves.reliabilities, comparison)
    _figure(
        reliability.reliability_figure(comparison, found),
        "reliability",
        lambda: curves.reliability_points(comparison, found),
    )
    st.caption(plain(reliability.READ))
    st.dataframe(
        curves.reliability_table(comparison, found),
        hide_index=True,
        height="content",
        alt="Each model's Brier score and its terms, and its mean probability beside the share of the class.",
    )
    st.caption("Brier score = miscalibration - discrimination + uncertainty; the isotonic curve gives all three.")


def _scores(shown: ShownComparison) -> None:
    comparison = shown.comparison
    bins = _computed(shown.key, "scores", scores.score_bins, comparison)
    _figure(scores.score_figure(comparison, bins), "scores", lambda: bins)
    st.caption(plain(scores.READ))


def _decision(shown: ShownComparison) -> None:
    comparison = shown.comparison
    found = _computed(shown.key_at_prevalence, "decision", curves.decision_curves, comparison)
    if doubts := [one.doubt for one in found if one.doubt]:
        warning = "Net benefit is that of a threshold only where probabilities are calibrated."
        st.warning(plain(f"{' '.join(doubts)} {warning}"), icon=":material/info:")
    _figure(
        decision_curve.decision_curve_figure(comparison, found),
        "decision-curve",
        lambda: curves.decision_points(comparison, found),
    )
    st.caption(plain(decision_curve.READ))


def _risk_coverage(shown: ShownComparison) -> None:
    comparison = shown.comparison
    found = _computed(shown.key_at_threshold, "risk-coverage", refusal.refusals, comparison)
    _figure(
        risk_coverage.risk_coverage_figure(comparison, found),
        "risk-coverage",
        lambda: refusal.refusal_points(comparison, found),
    )
    st.caption(plain(risk_coverage.READ))
    st.dataframe(
        refusal.refusal_table(comparison, found),
        hide_index=True,
        height="content",
        alt="Each model's error and rates at two coverages, and whom it refuses.",
    )


def _cost(shown: ShownComparison) -> None:
    comparison = shown.comparison
    axis = url_state.choose(
        "Cost", "cost", list(cost_quality.AXES), format_func=cost_quality.AXES.__getitem__, widget=st.segmented_control
    )
    workspace = current_session().workspace
    costs = cache_runs.run_costs([one.run_id for one in comparison.results], len(comparison.classes), workspace)
    table = cost_quality.cost_table(comparison, costs)
    _figure(cost_quality.cost_figure(comparison, table, axis), "cost", lambda: table)
    st.caption(plain(cost_quality.READ))


PICTURES: Mapping[str, Callable[[ShownComparison], None]] = {
    "Precision-recall": _precision_recall,
    "Reliability": _reliability,
    "Scores by class": _scores,
    "Decision curve": _decision,
    "Risk-coverage": _risk_coverage,
    "Cost and quality": _cost,
}
"""What each picture draws."""


def _figure(figure: go.Figure, name: str, data: Callable[[], Any]) -> None:
    layout.figure(figure, key=f"compare.{name}", name=name, data=data, title="above", width=WIDEST)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _computed(key: Hashable, name: str, _compute: Callable[[Comparison], Any], _comparison: Comparison) -> Any:
    del key, name
    return _compute(_comparison)
