"""Give an entry's answers away as a submission to Kaggle, and keep the scores that the competition returned."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.submission import SubmissionData, keep_score, list_scores, submission_data, submission_table
from histo_core.data.export.kaggle_submission import submission_csv
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app.session import current_session
from pages.shared.components import layout
from pages.shared.components.errors import shown as errors_shown
from pages.shared.components.text import plain

BY_THE_COMPETITION = "by the competition"


@errors_shown()
def draw(shown: ShownComparison, entries: Sequence[RunPredictions]) -> None:
    """Draw the choice of entry and patches, the download, the fields of the scores, and the kept ones.

    Args:
        shown: the comparison.
        entries: its models, without the colour-only baseline.
    """
    workspace = current_session().workspace
    if len(shown.joined.classes) != 2:
        return
    st.header("Submission to a competition", anchor=False)
    by_id = {run.run_id: run for run in entries}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Submit",
            list(by_id),
            key="compare.submit.entry",
            format_func=lambda one: by_id[one].name,
            width=340,
        )
        entry = by_id[chosen]
        offered = {one.key: one for one in submission_data(entry, workspace)}
        if not offered:
            st.caption("It has no answers to submit: the page Predict makes them for data without labels.")
            return
        key = st.selectbox(
            "Patches to submit",
            list(offered),
            key=f"compare.submit.data.{chosen}",
            format_func=lambda one: offered[one].title,
            width=280,
            help="Its own test set, and data without labels that each run behind it has predicted on the page Predict.",
        )
    data = offered[key]
    current_session().authorise("data.export", chosen)
    layout.download(
        "Submission to Kaggle",
        lambda: submission_csv(submission_table(entry, data, workspace), shown.comparison.class_of_interest),
        f"submission-{chosen}.csv",
        "text/csv",
    )
    st.caption(
        plain(f"Two columns, id and label: the probability of {shown.comparison.class_of_interest} for each patch.")
    )
    _scores(entry, data, chosen)
    rows = [
        {"Model": one.name, "Patches": one.data, "Public score": one.public, "Private score": one.private,
         "Entered": one.entered_at}
        for one in list_scores(by_id, workspace)
    ]  # fmt: skip
    if rows:
        st.markdown(f"**Scores {BY_THE_COMPETITION}**")
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="Scores that the competition returned.")
        st.caption(
            f"Entered by hand, {BY_THE_COMPETITION}, on labels that are not here. They have no interval and are never "
            "part of this page's own numbers."
        )


def _scores(entry: RunPredictions, data: SubmissionData, chosen: str) -> None:
    """Draw the fields of the scores that came back, and the button that keeps them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = f"{chosen}.{data.key}"
        public, private = (
            st.number_input(
                f"{word} score {BY_THE_COMPETITION}",
                min_value=0.0,
                max_value=1.0,
                value=None,
                step=0.0001,
                format="%.5f",
                key=f"compare.submit.{word.lower()}.{place}",
                width=240,
            )
            for word in ("Public", "Private")
        )
        if st.button("Keep these scores", key="compare.submit.keep", disabled=public is None and private is None):
            current_session().authorise("ensemble.keep", chosen)
            keep_score(entry, data, public, private, current_session().workspace)
