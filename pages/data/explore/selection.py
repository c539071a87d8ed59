"""Define the selection that all views share: filters, and named sets such as an audit's finding or a lasso."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from histo_core.data.dataset import SPLIT_SETS
from histo_core.errors import HistoscopeError
from pages.data.explore.context import Explored
from pages.shared.app import url_state
from pages.shared.cache import cache, cache_maps
from pages.shared.components import columns, data_choice, layout
from pages.shared.components.text import count, plain, word_for_all

ALL = ""
"""No filter; no class and no value of a column is the empty text."""
AGAINST = "against."
"""Prefix of the key of a finding from the comparison with another data set."""
DRAWINGS = "explore.drawings"
"""Session key of the number of removed lassos; a new number resets the map, so that it no longer shows them."""
SET_NAMES = {ALL: "all", "train": "train", "valid": "validation", "test": "test"}


@dataclass(frozen=True, eq=False)
class Selection:
    """Selected patches.

    Attributes:
        rows: int64, ascending; in the order of the finding where a finding is shown.
        filtered: the rows before the lasso, which the map draws.
        ordered: whether the rows are in the order of a finding.
        measure: the column that the finding measured; None where it measured nothing.
        measured: its value for each row, float [n], or None.
    """

    rows: np.ndarray
    filtered: np.ndarray
    ordered: bool = False
    measure: str | None = None
    measured: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)


def choose(page: Explored) -> Selection:
    """Draw the filters and the chips of the named sets, and return the patches that pass all of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        keep = _filters(page)
    rows, measure, measured = np.arange(len(page.source)), None, None
    with st.container(horizontal=True, vertical_alignment="center"):
        finding = next(iter(url_state.asked("finding")), None)
        if finding is not None:
            rows, measure, measured = _finding(page, finding)
        passed = kept = keep[rows]
        if drawn := next(iter(url_state.asked("lasso")), None):
            within = np.zeros(len(page.source), bool)
            within[_lasso(page, drawn)] = True
            kept = passed & within[rows]
        st.caption(f"{int(kept.sum()):,} of {count(len(page.source), 'patch')}", width="content")
    return Selection(
        rows[kept], rows[passed], finding is not None, measure, None if measured is None else measured[kept]
    )


def download(page: Explored, chosen: Selection) -> None:
    """Offer the selected patches as a table, in their order."""
    layout.download_table(lambda: page.joined(chosen.rows), "selection", "Download the selected patches as CSV")


def none_fits() -> None:
    """Say that no patch passes the filters, and offer to clear them."""
    st.info("No patch fits these filters.", icon=":material/filter_alt_off:")
    st.button("Show all patches", on_click=clear)


def _filters(page: Explored) -> np.ndarray:
    """Draw the filters, and return which rows pass them, bool [n]."""
    coded = page.columns
    keep = np.ones(len(page.source), bool)
    split_set = url_state.choose(
        "Set",
        "split_set",
        [ALL, *SPLIT_SETS],
        format_func=SET_NAMES.__getitem__,
        widget=st.segmented_control,
        clears=("page", "patch"),
        help="Of the split.",
    )
    if split_set != ALL:
        keep &= coded.split_set.where(split_set)
    others = {"class": ("Class", coded.label)}
    others |= {f"by.{name}": (columns.title(name), column) for name, column in coded.filters.items()}
    for parameter, (label, column) in others.items():
        words = {ALL: word_for_all(column.values)} | {value: value for value in column.values}
        value = url_state.choose(
            plain(label),
            parameter,
            list(words),
            format_func=words.__getitem__,
            width=170,
            clears=("page", "patch"),
            help=f"Show only one {plain(label.lower())}.",
        )
        if value != ALL:
            keep &= column.where(value)
    return keep


def _finding(page: Explored, key: str) -> tuple[np.ndarray, str | None, np.ndarray | None]:
    """Return the rows of an audit's finding, pair by pair, the column that it measured, and its value for each row."""
    try:
        other = data_choice.against() if key.startswith(AGAINST) else None
        report = cache.audit(*page.key, other)
    except HistoscopeError:
        report = None
    finding = report.finding(key.removeprefix(AGAINST)) if report else None
    if finding is None:
        _chip("finding", f"Finding {key}: not known for this split")
        return np.empty(0, np.int64), None, None
    table = finding.table
    ends = [table["sample_id"]]
    if "other_id" in table:  # a partner may be a patch of another data set
        ends.append(
            table["other_id"].where(table["other_dataset"] == "") if "other_dataset" in table else table["other_id"]
        )
    found = page.columns.find(np.column_stack(ends).ravel())
    rows, first = np.unique(found[found >= 0], return_index=True)
    order = np.argsort(first)
    _chip("finding", f"{finding.title}: {count(len(rows), 'patch')}")
    if finding.measure is None:
        return rows[order], None, None
    measured = np.repeat(table[finding.measure].to_numpy(np.float64), len(ends))
    return rows[order], finding.measure, measured[found >= 0][first[order]]


def _lasso(page: Explored, text: str) -> np.ndarray:
    """Return the rows inside the polygon of the URL."""
    try:
        rows = cache_maps.within(page.data, text, page.workspace)
    except HistoscopeError:
        rows = None
    if rows is None:
        _chip("lasso", "A drawing that cannot be found again: its map is not here, or the link was cut")
        return np.empty(0, np.int64)
    _chip("lasso", f"Drawn on the map: {count(len(rows), 'patch')}")
    return rows


def _chip(name: str, words: str) -> None:
    """Draw the chip of a named set, which a click removes."""
    st.button(
        plain(words),
        key=f"chip.{name}",
        icon=":material/close:",
        help="Remove this set from the selection.",
        on_click=_drop,
        args=(name, "page"),
    )


def _drop(*names: str) -> None:
    for name in names:
        url_state.put(name, None)
    if "lasso" in names:
        st.session_state[DRAWINGS] = st.session_state.get(DRAWINGS, 0) + 1


def clear() -> None:
    """Remove all filters and named sets."""
    filters = [name for name in url_state.names() if name.startswith("by.")]
    _drop("split_set", "class", "finding", "lasso", "page", "patch", *filters)


def open_finding(key: str) -> None:
    """Show all patches of a finding in the gallery."""
    clear()
    url_state.put("finding", key)
    url_state.put("view", "gallery")
