"""Choose a run whose predictions are shown with the patches, and filter by its answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from histo_core.comparison.row_predictions import NO_ANSWER, RowPredictions
from histo_core.errors import HistoscopeError
from pages.data.explore.context import Explored
from pages.shared.app import url_state
from pages.shared.cache import cache_rows
from pages.shared.components import errors
from pages.shared.components.columns import Column
from pages.shared.components.text import plain, word_for_all

ALL = ""
SHOW = {ALL: "all", "wrong": "wrong", "right": "right", "none": "none"}
"""The same words in a link as on the Explain page."""
OWN_PARAMETERS = ("show", "says", "threshold", "of")
"""URL parameters about answers; they go when another run is chosen."""
_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9)
BANDS = ("below 50%", "50 to 60%", "60 to 70%", "70 to 80%", "80 to 90%", "90% or more")
ANSWERS = ("wrong", "right")
CLASS, ANSWER, CONFIDENCE = "p.class", "p.answer", "p.confidence"
"""Names of columns from predictions; no column of the data is called so."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """The predictions that the patches are shown with.

    Attributes:
        key: of their source, as in the link.
        run_id: the run that made them.
        rows: by the rows of the data set, at the chosen threshold.
    """

    key: str
    run_id: str
    rows: RowPredictions

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The predicted class, whether it is right, and the confidence in bands, coded as columns of the data are."""
        bands = np.searchsorted(_EDGES, np.nan_to_num(self.rows.confidence), side="right")
        return {
            CLASS: Column(self.rows.classes, self.rows.predicted),
            ANSWER: Column(ANSWERS, self.rows.right),
            CONFIDENCE: Column(BANDS, np.where(self.rows.known, bands, NO_ANSWER)),
        }

    def short(self, row: int) -> str:
        """Return a row's answer for below its picture: a mark, the class and its probability."""
        if not self.rows.known[row]:
            return "no prediction"
        mark = {0: "✗ ", 1: "✓ "}.get(int(self.rows.right[row]), "")
        return f"{mark}{self._class(row)} {self.rows.confidence[row]:.0%}"

    def words(self, row: int) -> str:
        """Return a row's answer as a clause: "predicted tumour (98%), wrong"."""
        if not self.rows.known[row]:
            return "no prediction"
        right = int(self.rows.right[row])
        judged = "" if right == NO_ANSWER else f", {ANSWERS[right]}"
        return f"predicted {self._class(row)} ({self.rows.confidence[row]:.1%}){judged}"

    def _class(self, row: int) -> str:
        return self.rows.classes[int(self.rows.predicted[row])]


def choose(page: Explored) -> tuple[Predicted | None, np.ndarray]:
    """Draw the choice of a run and the filters by its answers.

    Returns:
        The predictions, or None without any; and which rows pass the filters, bool [n].
    """
    keep = np.ones(len(page.source), bool)
    asked = next(iter(url_state.asked("run")), None)
    offered = cache_rows.sources(page.data, asked, page.workspace)
    if asked is not None and asked not in offered:
        st.caption(f":material/link_off: {plain(asked)} has no predictions of these data.")
    if not offered:
        return None, keep
    key = url_state.choose(
        "Predictions of",
        "run",
        [ALL, *offered],
        format_func=lambda key: offered[key].title if key else "none",
        width=230,
        clears=("page", *OWN_PARAMETERS),
        help="A finished run: its answers stand below the patches, which can be filtered, sorted and coloured by them.",
    )
    if key == ALL:
        return None, keep
    try:
        rows = cache_rows.rows(page.data, offered[key], page.workspace)
    except HistoscopeError as error:
        errors.show(error)
        return None, keep
    found = Predicted(key, offered[key].run.run_id, _at_threshold(rows))
    return found, _filtered(found)


def _filtered(found: Predicted) -> np.ndarray:
    """Draw the filters by answer and by predicted class; return which rows pass them, bool [n]."""
    rows = found.rows
    show = url_state.choose(
        "Answers", "show", list(SHOW), format_func=SHOW.__getitem__, width=110, clears=("page", "patch"),
        help="By whether the predicted class is the labelled one; none: patches that the run did not predict.",
    )  # fmt: skip
    words = {ALL: word_for_all(rows.classes)} | {name: name for name in rows.classes}
    says = url_state.choose(
        "Predicted class", "says", list(words), format_func=words.__getitem__, width=150, clears=("page", "patch"),
        help="Show only patches that the model takes for one class.",
    )  # fmt: skip
    keep = {"wrong": rows.right == 0, "right": rows.right == 1, "none": ~rows.known}.get(
        show, np.ones(len(rows.known), bool)
    )
    return keep if says == ALL else keep & (rows.predicted == rows.classes.index(says))


def _at_threshold(rows: RowPredictions) -> RowPredictions:
    """Return predictions of two classes at the threshold that the link names or the slider sets."""
    if len(rows.classes) != 2:
        return rows
    of = next((name for name in url_state.asked("of") if name in rows.classes), rows.positive)
    value = url_state.slide(
        "Threshold", "threshold", 0.0, 1.0, 0.5, width=150,
        help=f"The probability from which on a patch is called {plain(of)}.",
    )  # fmt: skip
    return rows.at(value, of) if url_state.asked("threshold") else rows
