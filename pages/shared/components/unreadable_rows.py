"""Show unreadable runs and experiments with the reason, and delete them after a second click."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.experiments.edit import delete_experiment
from histo_core.experiments.records import UnreadableExperiment
from histo_core.runs.store.delete import delete
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.app.session import current_session
from pages.shared.components import keeping
from pages.shared.components.text import count, plain


def delete_run(run: Run, workspace: Workspace) -> None:
    """Draw the button that deletes an unreadable run, even if it is still needed: nothing can read it."""
    keeping.buttons(
        run.run_id,
        archive=None,
        delete=lambda: delete(run.run_id, workspace, force=True, user=current_session().user),
        loss=lambda: (
            f"{run.run_id}: its row and all files in its folder are deleted, also where an experiment or another run "
            "counts on it. Nothing brings them back."
        ),
    )


def experiments(found: Sequence[UnreadableExperiment], workspace: Workspace) -> None:
    """Draw each unreadable experiment with the reason and the button that deletes it; nothing where there are none."""
    if not found:
        return
    with st.expander(
        plain(f"{count(len(found), 'experiment')} cannot be read"),
        icon=":material/broken_image:",
        key="experiments.unreadable",
    ):
        for one in found:
            st.markdown(f"**{plain(one.name or one.experiment_id)}** ({plain(one.experiment_id)})")
            st.caption(plain(f"It cannot be read: {one.why}"))
            keeping.buttons(
                one.experiment_id,
                archive=None,
                delete=lambda one=one: delete_experiment(one.experiment_id, workspace, user=current_session().user),
                loss=lambda one=one: f"{one.experiment_id}: the experiment is forgotten. Its runs stay.",
            )
