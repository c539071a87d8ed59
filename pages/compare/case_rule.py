"""Keep the rule of the tab Cases in the URL, and open the tab with a rule that was clicked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histo_core.comparison.case_rules import CaseRule
from pages.shared.app import url_state

CASES = "Cases"
"""The tab's name."""
PAGE = "cases_page"
"""The URL parameter of the page of the list."""


def open_rule(rule: CaseRule) -> None:
    """Open the tab with a rule."""
    for name in (PAGE, "patch"):
        url_state.put(name, None)
    url_state.put("cases", rule)
    url_state.put("tab", CASES)


def open_cell(selected: Mapping[str, Any], run_id: str, classes: tuple[str, ...]) -> None:
    """Open the cell of a run's confusion matrix that was clicked; a click that only ends a selection does nothing."""
    for point in selected["points"][:1]:
        true, called = (int(index) for index in point["customdata"])
        open_rule(CaseRule("cell", (run_id,), true=classes[true], called=classes[called]))


def open_slice(selected: Mapping[str, Any], column: str, whole: str) -> None:
    """Open the slice that was clicked on a forest plot; the row of all samples is none."""
    for point in selected["points"][:1]:
        (value,) = point["customdata"]
        if value != whole:
            open_rule(CaseRule("slice", column=column, value=str(value)))
