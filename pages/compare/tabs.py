"""List the tabs below a comparison, and draw the chosen one; the others are not computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.compare import (
    calibration_tab,
    case_rule,
    cases_tab,
    classes_tab,
    curves_tab,
    differences_tab,
    ensembles_tab,
    metrics_tab,
    slices_tab,
)
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state

DIFFERENCES = "Differences"
TABS: Mapping[str, Callable[[ShownComparison], None]] = {
    DIFFERENCES: differences_tab.draw,
    "Curves": curves_tab.draw,
    case_rule.CASES: cases_tab.draw,
    "Slices": slices_tab.draw,
    "Calibration": calibration_tab.draw,
    "Ensembles": ensembles_tab.draw,
    "Metrics": metrics_tab.draw,
    "Classes": classes_tab.draw,
}
"""What each tab draws. One model alone has no differences."""


def choose(shown: ShownComparison) -> None:
    """Show the names of the tabs, and below them the chosen one."""
    names = [name for name in TABS if name != DIFFERENCES or shown.comparison.differences]
    TABS[
        url_state.choose(
            "More about these models", "tab", names, widget=st.segmented_control, label_visibility="collapsed"
        )
    ](shown)
