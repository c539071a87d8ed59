"""Show the classification report: precision, recall and F1 of each class, and their averages."""

from __future__ import annotations

import streamlit as st

from histo_core.comparison.shown import class_report_rows, class_report_table, shown_name
from pages.compare.shown_comparison import ShownComparison
from pages.shared.components import layout
from pages.shared.components.text import plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    comparison = shown.comparison
    for result in comparison.results:
        st.markdown(f"**{plain(shown_name(result))}**")
        st.dataframe(
            class_report_table(comparison, comparison.report(result).rows),
            hide_index=True,
            height="content",
            alt=f"Precision, recall, F1 and support of each class, of {result.name}.",
        )
    sampled = "" if comparison.prevalence is None else " As sampled: the stated prevalence changes nothing here."
    called = "the class of its highest probability" if comparison.many else "by the threshold above"
    st.caption(
        plain(
            f"Each patch is called {called}; 95% intervals in brackets. Macro averages count each class alike, "
            "weighted ones by its patches; the micro average is the accuracy. What has nothing to be computed "
            f"from counts as 0, as in scikit-learn.{sampled}"
        )
    )
    layout.download_table(lambda: class_report_rows(comparison), "class-report", "Download the reports as CSV")
