"""The one selection that all views show: filters, and named sets such as an audit's finding or a lasso on the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from histo_core.data.base import PARTS
from histo_core.errors import ConfigError
from pages.ui import cache, state
from pages.ui.explore import columns
from pages.ui.explore.context import Explored
from pages.ui.text import count, plain

ALL = "all"
DRAWINGS = "explore.drawings"
"""Session key: counts the drawings that were taken away, so that the map's own trace of them goes too."""
PART_NAMES = {ALL: "all", "train": "train", "valid": "validation", "test": "test"}


@dataclass(frozen=True, eq=False)
class Selection:
    """Some patches.

    Attributes:
        rows: int64, ascending; in the order of the finding where a finding is shown.
        filtered: the rows before the lasso, which the map draws.
        distance: what the finding measured for each of its rows, float [n], or None.
    """

    rows: np.ndarray
    filtered: np.ndarray
    distance: np.ndarray | None = None

    @property
    def ordered(self) -> bool:
        """Whether the rows stand in an order of their own."""
        return self.distance is not None

    def __len__(self) -> int:
        return len(self.rows)


def choose(page: Explored) -> Selection:
    """Draw the filters and the chips of the named sets; the patches that pass them all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        keep = _filters(page)
    rows, distance = np.arange(len(page.source)), None
    with st.container(horizontal=True, vertical_alignment="center"):
        if finding := next(iter(state.asked("finding")), None):
            rows, distance = _finding(page, finding)
        kept = keep[rows]
        filtered, distance = rows[kept], None if distance is None else distance[kept]
        rows = filtered
        if drawn := next(iter(state.asked("lasso")), None):
            within = np.zeros(len(page.source), bool)
            within[_lasso(page, drawn)] = True
            kept = within[rows]
            rows, distance = rows[kept], None if distance is None else distance[kept]
        st.caption(f"{len(rows):,} of {count(len(page.source), 'patch', 'patches')}", width="content")
    return Selection(rows, filtered, distance)


def none_fits() -> None:
    """Say that nothing passes the filters, and offer the way out."""
    st.info("No patch fits these filters.", icon=":material/filter_alt_off:")
    st.button("Show all patches", on_click=_clear)


def _filters(page: Explored) -> np.ndarray:
    """Draw the filters; which rows pass them, bool [n]."""
    coded = page.columns
    keep = np.ones(len(page.source), bool)
    part = state.choose(
        "Part",
        "part",
        [ALL, *PARTS],
        format_func=PART_NAMES.__getitem__,
        widget=st.segmented_control,
        clears=("page", "patch"),
        help="Of the split.",
    )
    if part != ALL:
        keep &= coded.part.where(part)
    others = {"class": ("Class", coded.label)}
    others |= {f"by.{name}": (columns.title(name), column) for name, column in coded.filters.items()}
    for parameter, (label, column) in others.items():
        value = state.choose(
            label,
            parameter,
            [ALL, *column.values],
            width=170,
            clears=("page", "patch"),
            help=f"Show only one {label.lower()}.",
        )
        if value != ALL:
            keep &= column.where(value)
    return keep


def _finding(page: Explored, key: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows of an audit's finding, pair by pair, and the distance of each."""
    report = cache.audit(*page.key)
    finding = next((finding for finding in report.findings if finding.key == key), None) if report else None
    if finding is None:
        _chip("finding", f"Finding {key}: not known for this split")
        return np.empty(0, np.int64), np.empty(0)
    table = finding.table
    sides = ["sample_id", *(["other_id"] if "other_id" in table and "other_dataset" not in table else [])]
    ids = table[sides].to_numpy(dtype=object).ravel()
    measured = table["distance"].to_numpy(np.float64) if "distance" in table else np.zeros(len(table))
    found = page.columns.find(ids)
    rows, first = np.unique(found[found >= 0], return_index=True)
    order = np.argsort(first)
    _chip("finding", f"{finding.title}: {count(len(rows), 'patch', 'patches')}")
    return rows[order], np.repeat(measured, len(sides))[found >= 0][first[order]]


def _lasso(page: Explored, text: str) -> np.ndarray:
    """The rows inside the polygon of the URL."""
    try:
        rows = cache.within(page.key[0], text, page.home)
    except ConfigError:
        rows = None
    if rows is None:
        _chip("lasso", "A drawing that cannot be found again: its map is not here, or the link was cut")
        return np.empty(0, np.int64)
    _chip("lasso", f"Drawn on the map: {count(len(rows), 'patch', 'patches')}")
    return rows


def _chip(name: str, words: str) -> None:
    """A named set, which a click takes away."""
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
        state.put(name, None)
    if "lasso" in names:
        st.session_state[DRAWINGS] = st.session_state.get(DRAWINGS, 0) + 1


def _clear() -> None:
    _drop("part", "class", "finding", "lasso", "page", *[name for name in st.query_params if name.startswith("by.")])
