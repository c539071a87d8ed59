"""Show runs' predictions of their own training sets, made on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from histo_core.comparison.join import RunPredictions
from histo_core.prediction.training_set import job_params, kept_training_set
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import predict_cache
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain


def known(chosen: Sequence[RunPredictions], finished: Mapping[str, Run], workspace: Workspace) -> list[RunPredictions]:
    """Return the chosen runs' predictions of their training sets, or show a card for each missing one.

    The list is empty until all of them exist.

    Args:
        chosen: the runs' own predictions.
        finished: their records by id.
        workspace: holds the runs.
    """
    found, missing = [], []
    for one in chosen:
        run = finished[one.run_id]
        kept = kept_training_set(run, workspace)
        split_set = predict_cache.training_set(
            run.run_id, str(run.ended_at), kept.id if kept else "", workspace, one, run
        )
        if split_set is None:
            missing.append(one)
        else:
            found.append(split_set)
    if not missing:
        return found
    st.markdown(
        f"{count(len(missing), 'model')} of {len(chosen):,} has no predictions of its training set yet. Press a button "
        "to make them."
        if len(missing) == 1
        else f"{count(len(missing), 'model')} of {len(chosen):,} have no predictions of their training sets yet. Press "
        "the buttons to make them."
    )
    for one in missing:
        st.markdown(f"**{plain(one.name)}**")
        job_card(
            "predict",
            job_params(finished[one.run_id]),
            "Predict its training set",
            note="Applies the model to the patches that it has learnt from, not augmented, and keeps the result.",
            then=f"The training set of {one.name} is predicted.",
        )
    return []
