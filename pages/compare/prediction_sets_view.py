"""Show prediction sets of a model: which classes it cannot rule out, and how often the sets hold the true one."""

from __future__ import annotations

import streamlit as st

from histo_core.comparison.prediction_sets import COVERAGES, judged_sets, sets_sentences, sets_table
from histo_core.comparison.results import Comparison, ModelResult
from pages.shared.app import url_state
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

USUAL = 0.9


@shown()
def draw(comparison: Comparison, result: ModelResult) -> None:
    """Draw them, with the choice of the coverage.

    Args:
        comparison: on the test set; on others nothing is drawn.
        result: one of its models.
    """
    if comparison.split_set != "test":
        return
    st.header("Prediction sets", anchor=False)
    wanted = url_state.choose(
        "Coverage",
        "coverage",
        COVERAGES,
        default=USUAL,
        format_func=lambda share: f"{share:.0%}",
        widget=st.segmented_control,
        help="Share of the patches of each class whose set shall hold their class.",
    )
    judged = judged_sets(comparison, result, wanted)
    table = sets_table(comparison, judged)
    st.dataframe(table, hide_index=True, height="content", alt="Coverage of the prediction sets of each class.")
    st.caption(plain(sets_sentences(comparison, judged)))
    st.caption(
        "In the place of one answer, a set names each class whose probability reaches a limit. The limits are set on "
        "the validation set, by class (split-conformal prediction): of each class so many patches get their own class "
        "into their set. 95% intervals in brackets, on the test set."
    )
