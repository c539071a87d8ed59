"""Choose the threshold, the prevalence and how matrices are shown, and draw what the threshold promised."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.curves import roc_bands
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.shown_threshold import promise_sentence, promise_table, threshold_ranges
from histo_core.comparison.threshold import DEFAULT, PRESETS, ThresholdRule, parse_threshold
from histo_core.errors import ComparisonError
from histo_core.evaluation.curve_band import CurveBand
from histo_core.plots.confusion import SHARES, MatrixView, confusion_figure, difference_figure
from histo_core.plots.roc import roc_figure
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.cache.hashes import HASHES
from pages.shared.components.text import plain

BY_HAND, SAMPLED, NONE = "hand", "sampled", "none"
PREVALENCES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The prevalences that the list offers; a link may have others."""


@dataclass(frozen=True)
class MatrixChoice:
    """How matrices are shown, and the run that is subtracted from all others; None for none."""

    view: MatrixView
    minus: str | None

    def figure(self, result: ModelResult, comparison: Comparison) -> go.Figure:
        """Return a model's matrix, or its difference from that of the chosen run."""
        other = next((one for one in comparison.results if one.run_id == self.minus), result)
        counts = result.confusion.tobytes(), other.confusion.tobytes()
        return _matrix((result.name, other.name), counts, comparison.classes, self.view, result, other)


def choose(joined: Joined, aurocs: AurocResults) -> tuple[ThresholdRule, float | None, MatrixChoice]:
    """Draw the controls in one row, and return the rule, the stated prevalence or None, and how matrices are shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rule = _rule(joined)
        prevalence = _prevalence(joined, aurocs.class_of_interest)
        with st.popover("Matrices", icon=":material/grid_on:", width="content"):
            return rule, prevalence, _matrix_choice(joined, aurocs)


def _rule(joined: Joined) -> ThresholdRule:
    """Return the chosen threshold rule: a slider's value, or a rule that each run applies to its own validation set."""
    rules = {str(rule): rule for rule in PRESETS}
    for text in url_state.asked("rule"):
        with suppress(ComparisonError):  # a link with an unknown rule falls back to the slider
            rule = parse_threshold(text)
            if rule.from_validation:
                rules.setdefault(str(rule), rule)
    two = len(joined.classes) == 2
    chosen = url_state.choose(
        "Threshold from",
        "rule",
        [BY_HAND, *rules],
        format_func=lambda text: "by hand" if text == BY_HAND else _named(rules[text]),
        width=230,
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


def _named(rule: ThresholdRule) -> str:
    return f"{rule.origin}{' (unstable)' if rule.doubt else ''}"


def _prevalence(joined: Joined, class_of_interest: str) -> float | None:
    """Return the stated share of the class of interest; None for that of the patches."""
    sampled = float(np.mean(joined.y_true == joined.classes.index(class_of_interest)))
    stated = {repr(value): value for value in PREVALENCES}
    for text in url_state.asked("prevalence"):
        with suppress(ValueError):  # a link with an unknown prevalence falls back to the patches
            value = float(text)
            if 0 < value < 1:
                stated[text] = value
    chosen = url_state.choose(
        "Prevalence",
        "prevalence",
        [SAMPLED, *sorted(stated, key=stated.__getitem__)],
        format_func=lambda text: (
            f"as sampled, {100 * sampled:.3g}%" if text == SAMPLED else f"{100 * stated[text]:.3g}%"
        ),
        width=190,
        help=f"The share of {plain(class_of_interest)} where the models will be used. PPV, NPV, accuracy, F1, "
        "calibration and net benefit are reweighted to it; AUROC, sensitivity and specificity do not depend on it. A "
        "data set's own share is often made: that of PCam is one half by construction.",
    )
    return None if chosen == SAMPLED else stated[chosen]


def _matrix_choice(joined: Joined, aurocs: AurocResults) -> MatrixChoice:
    share = url_state.choose(
        "Shares in a cell",
        "share",
        list(SHARES),
        format_func=SHARES.__getitem__,
        widget=st.segmented_control,
    )
    hidden = url_state.switch(
        "Hide the diagonal", "diagonal", help="Without the right answers, shades tell the errors apart."
    )
    names = dict(zip((run.run_id for run in joined.runs), aurocs.names, strict=True))
    minus = url_state.choose(
        "Subtract",
        "minus",
        [NONE, *names],
        format_func=lambda run_id: "nothing" if run_id == NONE else names[run_id],
        disabled=len(names) < 2,
        help="Each other model's matrix is shown minus that of this one.",
    )
    return MatrixChoice(MatrixView(share, not hidden), None if minus == NONE else minus)


def roc(shown: ShownComparison) -> go.Figure:
    """Return the ROC curves with their bands, and the stretch of each in which its threshold may fall."""
    with st.spinner("Computing the bands…", show_time=True):
        return _roc(shown.key_at_threshold, shown.key, shown.comparison)


def promise(shown: ShownComparison) -> None:
    """Show what each threshold promised on validation beside what the compared patches gave."""
    comparison = shown.comparison
    if not comparison.chosen:
        return
    st.dataframe(
        promise_table(comparison, _ranges(shown.key_at_threshold, comparison)),
        hide_index=True,
        alt="Each model's threshold, its range, and the rates on validation beside those found.",
    )
    st.caption(plain(promise_sentence(comparison)))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _roc(key: Hashable, at: Hashable, _comparison: Comparison) -> go.Figure:
    return roc_figure(_comparison, _bands(at, _comparison), _ranges(key, _comparison))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _bands(key: Hashable, _comparison: Comparison) -> tuple[CurveBand, ...]:
    del key
    return roc_bands(_comparison)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _ranges(key: Hashable, _comparison: Comparison) -> tuple[tuple[float, float], ...]:
    del key
    return threshold_ranges(_comparison)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def _matrix(
    names: tuple[str, str],
    counts: tuple[bytes, bytes],
    classes: tuple[str, ...],
    view: MatrixView,
    _result: ModelResult,
    _other: ModelResult,
) -> go.Figure:
    del names, counts
    if _result is _other:
        return confusion_figure(_result, classes, view)
    return difference_figure(_result, _other, classes, view)
