"""Show a comparison: tables, curves and matrices, and everything that depends on the threshold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

import streamlit as st

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.compare import at_threshold
from histo_core.comparison.entries import is_run
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.shown import metrics_table, overall_table
from histo_core.plots.confusion import FEW_CLASSES, confusion_table
from histo_core.reports.comparison import comparison_zip
from pages.compare import tabs, threshold_controls
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.components import layout, onward
from pages.shared.components.comparison_table import roc_points
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

MATRIX = 300
"""Pixels of one confusion matrix, while there are few classes."""
TWO_LINES, RATE = 64, 96
"""Pixels: a row of two lines, the lowest in which Streamlit wraps text, and a column in which a rate and its interval
take two lines. All rates then stand beside each other at 820."""


def all_classes(comparison: Comparison) -> None:
    """Show the metrics over all classes, where there are more than two; they do not depend on a threshold."""
    st.header("All classes", anchor=False)
    st.dataframe(
        overall_table(comparison),
        hide_index=True,
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
    if len(joined.classes) > 2:
        st.header(plain(f"{aurocs.class_of_interest} against the rest"), anchor=False)
    rule, prevalence, matrix = threshold_controls.choose(joined, aurocs)
    comparison = replace(at_threshold(joined, aurocs, rule, prevalence), looks=looks)
    shown = ShownComparison(key, joined, aurocs, comparison)
    if comparison.rule.from_validation and joined.split_set == "valid":
        st.warning(plain(comparison.warnings[-1]), icon=":material/info:")
    grid = layout.halves()
    with grid.cell():
        layout.figure(
            threshold_controls.roc(shown),
            key="compare.roc",
            name="roc",
            data=lambda: roc_points(comparison),
            title="above",
        )
    room = MATRIX if len(comparison.classes) <= FEW_CLASSES else layout.HALF
    with grid.cell(), st.grid("auto", min_column_width=room, gap="small") as matrices:
        for result in comparison.results:
            with matrices.cell():
                layout.figure(
                    matrix.figure(result, comparison),
                    key=f"compare.matrix.{result.run_id}",
                    name=f"confusion-{result.run_id}",
                    data=partial(confusion_table, result, comparison.classes),
                    title="above",
                )
                # Explain shows held-out patches of runs only.
                if not result.is_reference and joined.split_set != "train" and is_run(result.run_id):
                    navigation.link(
                        "explain",
                        "Patches it got wrong",
                        icon=":material/error:",
                        run=result.run_id,
                        show="wrong",
                        split_set=joined.split_set,
                        **_chosen_by(result, comparison),
                        **(onward.carried(*onward.COMPARED) | {"runs": _trained(comparison)}),
                    )
    metrics = metrics_table(comparison)
    st.dataframe(
        metrics,
        hide_index=True,
        row_height=TWO_LINES,
        column_config={name: st.column_config.Column(width=RATE) for name in metrics.columns[1:-1]},
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


def _chosen_by(result: ModelResult, comparison: Comparison) -> dict[str, str]:
    """Return the threshold by which a model is right or wrong, as Explain reads it; none with many classes."""
    if comparison.many:
        return {}
    return {"of": comparison.class_of_interest, "threshold": repr(result.metrics.threshold)}


def _trained(comparison: Comparison) -> list[str]:
    """Return the compared runs, without the colour-only baseline."""
    return [result.run_id for result in comparison.results if not result.is_reference]


def _report(comparison: Comparison) -> bytes:
    current_session().authorise("report")
    return comparison_zip(comparison)
