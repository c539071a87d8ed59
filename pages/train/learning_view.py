"""Show that a run did not learn, with its likeliest cause, and a test on one batch."""

from __future__ import annotations

import streamlit as st

from histo_core.jobs.one_batch import OneBatchParams, load_one_batch
from histo_core.runs.store.records import Run
from histo_core.training.diagnosis import verdict
from histo_core.training.one_batch import PATCHES, STEPS
from histo_core.workspace import Workspace
from pages.shared.cache import cache_runs
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain

NOTE = (
    f"Trains the network anew on one batch of {PATCHES} patches, without augmentation, for at most {STEPS} steps. "
    "Whether it learns them by heart says where to look: at the network, at its settings, or at the data."
)


def warn(run: Run, workspace: Workspace) -> None:
    """Say on the run's card that it did not learn; nothing for a run that did."""
    if said := verdict(cache_runs.learning(run, workspace)):
        st.warning(plain(said), icon=":material/trending_flat:")


def draw(run: Run, workspace: Workspace) -> None:
    """List all findings, and offer to overfit one batch, with the result of the last time."""
    findings = cache_runs.learning(run, workspace)
    if findings:
        st.caption(f"Why it did not learn: {count(len(findings), 'finding')}")
        st.markdown("\n".join(f"- {plain(one.sentence)}" for one in findings))
    if run.status.active:
        return
    params = OneBatchParams(config=run.config)
    job_card("one_batch", params.model_dump(mode="json"), "Overfit one batch", note=NOTE, then="The batch was tried.")
    result = load_one_batch(params, workspace)
    if result is not None:
        box = st.success if result.learnt else st.warning
        box(plain(result.sentence))
