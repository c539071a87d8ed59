"""Show a comparison: tables, curves and matrices, and everything that depends on the threshold."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.compare import at_threshold
from histo_core.comparison.entries import is_run
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.shown import metrics_table, overall_table
from histo_core.comparison.threshold import DEFAULT, PRESETS, ThresholdRule, parse_threshold
from histo_core.errors import ComparisonError
from histo_core.plots.confusion import confusion_figure, confusion_table
from histo_core.plots.roc import roc_figure
from histo_core.reports.comparison import comparison_zip
from pages.compare import first_screen, tabs
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout, onward
from pages.shared.components.comparison_table import roc_points
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

TWO_LINES, NAME, RATE, RULE = 64, 140, 90, 100
"""Pixels: the lowest row in which Streamlit wraps text; and columns with a model's name, a rate and its interval, and a
threshold. All of them then stand beside each other at 820; on a wider screen they grow."""
BY_HAND = "hand"


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
    comparison = replace(at_threshold(joined, aurocs, _rule(joined)), looks=looks)
    if comparison.rule.from_validation and joined.split_set == "valid":
        st.warning(plain(comparison.warnings[-1]), icon=":material/info:")
    curve, matrices = first_screen.arrange(len(comparison.results), len(comparison.classes))
    with curve:
        layout.figure(
            _roc(key, str(comparison.rule), comparison),
            key="compare.roc",
            name="roc",
            data=lambda: roc_points(comparison),
            title="none",  # the page's verdict says it
        )
    for result in comparison.results:
        with matrices.cell():
            layout.figure(
                _matrix(result.name, result.confusion.tobytes(), comparison.classes, result),
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
    st.caption(plain(f"95% intervals in brackets, from {comparison.basis}. Threshold: {comparison.rule.words}."))
    tabs.choose(ShownComparison(key, joined, aurocs, comparison))
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


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _roc(key: Hashable, rule: str, _comparison: Comparison) -> go.Figure:
    del key, rule
    return roc_figure(_comparison)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def _matrix(name: str, counts: bytes, classes: tuple[str, ...], _result: ModelResult) -> go.Figure:
    del name, counts
    return confusion_figure(_result, classes)


def _rule(joined: Joined) -> ThresholdRule:
    """Return the chosen threshold rule: a slider's value, or a rule that each run applies to its own validation set."""
    rules = {str(rule): rule for rule in PRESETS}
    for text in url_state.asked("rule"):
        with suppress(ComparisonError):  # a link with an unknown rule falls back to the slider
            rule = parse_threshold(text)
            if rule.from_validation:
                rules.setdefault(str(rule), rule)
    two = len(joined.classes) == 2
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = url_state.choose(
            "Threshold from",
            "rule",
            [BY_HAND, *rules],
            format_func=lambda text: "by hand" if text == BY_HAND else rules[text].origin,
            width=340,
            help="A threshold chosen on the patches that are compared makes its rates too good. Chosen on each run's "
            "own validation set and carried over, it does not.",
        )
        if chosen != BY_HAND:
            return rules[chosen]
        number = url_state.slide(
            "Threshold" if two else "Threshold of the class of interest",
            "threshold",
            0.0,
            1.0,
            DEFAULT.value,
            help="A patch is called positive from this probability on. A lower one finds more (sensitivity) and raises "
            "more false alarms (specificity).",
        )
    return parse_threshold(number)


def _report(comparison: Comparison) -> bytes:
    current_session().authorise("report")
    return comparison_zip(comparison)
