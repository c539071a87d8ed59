"""Show calibration before and after recalibration, and keep one with a run."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import streamlit as st

from histo_core.comparison.calibration_gain import (
    CalibrationScores,
    Recalibrated,
    all_recalibrated,
    calibration_scores,
    fitted_where,
)
from histo_core.comparison.entries import is_run
from histo_core.comparison.recalibrate import keep_calibration
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.shown import shown_name
from histo_core.comparison.shown_calibration import (
    best_method,
    calibration_rows,
    calibration_table,
    ece_sentence,
    gain_sentence,
    refusals,
)
from histo_core.errors import HistoscopeError
from histo_core.prediction.kept_calibration import KeptCalibration, kept_calibration, remove_calibration
from histo_core.prediction.recalibration import METHOD_NAMES, CalibrationMethod
from pages.compare import prediction_sets_view
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.text import count, plain

TWO_LINES, NUMBER = 64, 112
"""Pixels: a row of two lines, the lowest in which Streamlit wraps text, and a column of a number with its interval."""
WHAT = (
    "Temperature scaling divides all logits by one number; the order of patches stays. Platt scaling fits an intercept "
    "and a slope; isotonic regression a step function, which makes ties and needs many patches. Each is fitted on the "
    "run's own validation set."
)


def draw(shown: ShownComparison) -> None:
    """Draw the tab; it does not depend on the threshold."""
    comparison = shown.comparison
    names = {result.run_id: shown_name(result) for result in comparison.results}
    chosen = url_state.choose("Model to calibrate", "calibrated", list(names), format_func=names.__getitem__, width=340)
    result = next(one for one in comparison.results if one.run_id == chosen)
    st.header("Do its probabilities mean what they say?", anchor=False)
    with st.spinner("Fitting and judging…", show_time=True):
        before, found = _found(shown.key_at_prevalence, chosen, comparison, result)
    if said := gain_sentence(found):
        st.markdown(f"**{plain(said)}**")
    table = calibration_table(before, found)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        row_height=TWO_LINES,
        column_config={name: st.column_config.Column(width=NUMBER) for name in table.columns[1:]},
        alt=f"Calibration of {result.name} before and after recalibration, with intervals.",
    )
    of = comparison.class_of_interest
    st.caption(
        plain(
            f"Intercept, slope and ECE are those of {of}. Calibrated are an intercept of 0 and a slope of 1; a slope "
            f"below 1 means that the probabilities are too extreme. {ece_sentence(before)} 95% intervals in brackets. "
            "A change below 0 is better; its interval is that of the same patches before and after."
        )
    )
    if comparison.prevalence is not None:
        st.caption("Intercept and slope are those at the stated prevalence; the other numbers here are as sampled.")
    st.caption(plain(fitted_where(comparison, result)))
    st.caption(WHAT)
    for reason in refusals(found):
        st.caption(f":material/block: {plain(reason)}")
    layout.download_table(lambda: calibration_rows(before, found), "calibration", "Download the calibration as CSV")
    if is_run(chosen) and result.source.recipe is None and not result.is_reference:
        _keep(chosen, found)
    prediction_sets_view.draw(comparison, result)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _found(
    key: Hashable, run_id: str, _comparison: Comparison, _result: ModelResult
) -> tuple[CalibrationScores, tuple[Recalibrated, ...]]:
    del key, run_id
    return calibration_scores(_comparison, _result.probabilities), all_recalibrated(_comparison, _result)


def _keep(run_id: str, found: Sequence[Recalibrated]) -> None:
    """Draw what is kept with the run, and the buttons that keep another recalibration or remove it.

    Args:
        run_id: the run.
        found: those with a result are offered, the best one first; where the gain cannot be judged none is.
    """
    workspace = current_session().workspace
    run = cache.store(workspace).get(run_id)
    kept: KeptCalibration | None = None
    broken = ""
    try:
        kept = kept_calibration(run, workspace)
    except HistoscopeError as error:
        broken = str(error)
        st.warning(plain(broken), icon=":material/warning:")

    def keep() -> None:
        chosen: CalibrationMethod = st.session_state["compare.calibration.method"]
        session = current_session()
        keep_calibration(run_id, chosen, session.workspace, user=session.user)

    def remove() -> None:
        current_session().authorise("run.edit", run_id)
        remove_calibration(run_id, current_session().workspace)

    if kept is not None:
        of = f" of {count(kept.groups, kept.group_kind)}" if kept.group_kind else ""
        st.markdown(
            plain(
                f"Kept with this run: {METHOD_NAMES[kept.fitted.method]}, fitted on "
                f"{count(kept.samples, 'validation patch')}{of}. Predict and Explain show calibrated probabilities; "
                "the numbers on this page stay those of the model itself."
            )
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        best, methods = best_method(found), [one.method for one in found if one.scores is not None]
        offered = sorted(methods, key=lambda method: best is None or method != best.method)
        if offered:
            st.selectbox(
                "Calibration",
                offered,
                key="compare.calibration.method",
                format_func=METHOD_NAMES.__getitem__,
                width=240,
                help="Fitted on the whole validation set. Choose by the gain on other patients.",
            )
            st.button(
                "Keep this calibration with the run",
                icon=":material/tune:",
                key="compare.calibration.keep",
                on_click=keep,
                help="Predict and Explain then show calibrated probabilities and say so. The stored predictions stay.",
            )
        if kept is not None or broken:
            st.button(
                "Remove the calibration", icon=":material/delete:", key="compare.calibration.remove", on_click=remove
            )
