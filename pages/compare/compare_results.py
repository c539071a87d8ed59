"""Show a comparison: tables, curves and matrices, and everything that depends on the threshold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

import streamlit as st

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.compare import at_threshold
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import metrics_table, overall_table
from histo_core.plots.confusion import confusion_table
from histo_core.reports.comparison import comparison_zip
from pages.compare import case_rule, explain_link, first_screen, tabs, threshold_controls
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app.session import current_session
from pages.shared.components import layout
from pages.shared.components.comparison_table import roc_points
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

TWO_LINES, NAME, RATE, RULE = 64, 140, 90, 100
"""Pixels: the lowest row in which Streamlit wraps text; and columns with a model's name, a rate and its interval, and a
threshold. All of them then stand beside each other at 820; on a wider screen they grow."""


def all_classes(comparison: Comparison) -> None:
    """Show the metrics over all classes, where there are more than two; they do not depend on a threshold."""
    st.header("All classes", anchor=False)
    scores = overall_table(comparison)
    st.dataframe(
        scores,
        hide_index=True,
        row_height=TWO_LINES,
        column_config=dict.fromkeys(scores.columns[1:], st.column_config.Column(width=RATE)),
        alt="Each model's accuracy, balanced accuracy, F1 and AUROC over all classes, with intervals.",
    )
    st.caption(
        plain(
            "Each patch is called the class of its highest probability. 95% intervals in brackets, from "
            f"{comparison.basis_of_all}."
        )
    )


@st.fragment
@shown()
def threshold_section(key: Hashable, joined: Joined, aurocs: AurocResults, looks: str) -> None:
    """Show everything that depends on the threshold.

    Args:
        key: identifies the comparison, as in `pages.shared.cache.cache_runs.aurocs`.
        joined, aurocs: of these runs.
        looks: how often the test set was scored before, in words.
    """
    rule, prevalence, matrix = threshold_controls.choose(joined, aurocs)
    comparison = replace(at_threshold(joined, aurocs, rule, prevalence), looks=looks)
    shown = ShownComparison(key, joined, aurocs, comparison)
    if comparison.rule.from_validation and joined.split_set == "valid":
        st.warning(plain(comparison.warnings[-1]), icon=":material/info:")
    curve, matrices = first_screen.arrange(len(comparison.results), len(comparison.classes))
    with curve:
        layout.figure(
            threshold_controls.roc(shown),
            key="compare.roc",
            name="roc",
            data=lambda: roc_points(comparison),
            title="none",  # the page's verdict says it
        )
    for result in comparison.results:
        with matrices.cell():
            layout.figure(
                matrix.figure(result, comparison),
                key=f"compare.matrix.{result.run_id}",
                name=f"confusion-{result.run_id}",
                data=partial(confusion_table, result, comparison.classes),
                title="above",
                on_select=partial(case_rule.open_cell, run_id=result.run_id, classes=comparison.classes),
                modes=("points",),
            )
            explain_link.to_explain(result, comparison, "Patches it got wrong", icon=":material/error:", show="wrong")
    if comparison.many:
        all_classes(comparison)
        st.header(plain(f"{comparison.class_of_interest} against the rest"), anchor=False)
    metrics = metrics_table(comparison)
    st.dataframe(
        metrics,
        hide_index=True,
        row_height=TWO_LINES,
        column_config={
            name: st.column_config.Column(width=width)
            for name, width in zip(metrics.columns, [NAME, *[RATE] * (len(metrics.columns) - 2), RULE], strict=True)
        },
        alt="Each model's AUROC and, at its threshold, its other metrics.",
    )
    st.caption(
        plain(
            f"95% intervals in brackets, from {comparison.basis}. Threshold: {comparison.rule.words}. Prevalence: "
            f"{comparison.prevalence_words}."
        )
    )
    threshold_controls.promise(shown)
    tabs.choose(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        layout.download_table(comparison.table(), "comparison", "Download the table")
        layout.download("Download the report", lambda: _report(comparison), "comparison.zip", "application/zip")


def _report(comparison: Comparison) -> bytes:
    current_session().authorise("report")
    return comparison_zip(comparison)
