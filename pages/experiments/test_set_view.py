"""Score an experiment's test set once, for the member that was chosen without it."""

from __future__ import annotations

import streamlit as st

from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.about import NAMES
from histo_core.experiments.job_kinds import job_params
from histo_core.experiments.results import Summary
from histo_core.experiments.test_score import TestScore, kept_score, looked_at_before, why_not
from histo_core.jobs.api import find_job
from histo_core.regular_files import MAX_DOWNLOAD, read_regular
from histo_core.runs.store.test_set_access import scored_in_words
from histo_core.workspace import Workspace
from pages.shared.components import layout
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain


def draw(now: Summary, workspace: Workspace) -> None:
    """Draw the withheld test set of an experiment: why it cannot be scored yet, the button, or the score."""
    experiment = now.experiment
    st.header("Test set", anchor=False)
    kept = kept_score(experiment.experiment_id, workspace)
    if kept is not None:
        _score(kept, now)
        return
    if reason := why_not(now):
        st.caption(plain(f"Not yet: {reason}"))
        return
    looked = scored_in_words(looked_at_before(experiment, workspace))
    st.caption(plain(f"The test set was {looked}"))
    best = now.members[now.best or 0]
    job = find_job("score_test", job_params(experiment.experiment_id), workspace)
    sure = st.checkbox(
        "I have chosen, and will not choose again after seeing this number",
        key=f"sure.{experiment.experiment_id}",
        value=experiment.test_touched_at is not None,
        help="A test set that is looked at more than once becomes a validation set.",
    )
    if sure or (job is not None and job.active):
        job_card(
            "score_test",
            job_params(experiment.experiment_id),
            "Score the test set once",
            note=f"Applies {best.label} to the test set and keeps the result. Nothing is trained.",
            then="The test set is scored.",
            primary=True,
        )


def _score(kept: TestScore, now: Summary) -> None:
    label = next((member.label for member in now.experiment.members if member.run_id == kept.run_id), kept.run_id)
    groups = f" of {count(kept.n_groups, 'patient or slide', 'patients or slides')}" if kept.n_groups else ""
    basis = f" ({kept.basis})" if kept.basis else groups
    st.markdown(plain(f"{label} on {count(kept.n, 'patch')}{basis}, scored once:"))
    if kept.scored_before:
        st.caption(plain(f"Before that the same test set was {scored_in_words(kept.scored_before)}"))
    layout.facts(
        {NAMES[name][0].upper() + NAMES[name][1:]: str(kept.metrics[name]) for name in METRICS if name in kept.metrics}
    )
    warning = kept.metrics["auroc"].warning
    if warning:
        st.caption(plain(warning))
    layout.download(
        "Download the predictions",
        lambda: read_regular(kept.predictions, MAX_DOWNLOAD),
        f"test-predictions-{now.experiment.experiment_id}.parquet",
        "application/vnd.apache.parquet",
    )
