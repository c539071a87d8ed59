"""Cache comparisons of a study's numbers with ours. Studies load PyTorch, so they are imported when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from histo_core.experiments.api import experiments
from histo_core.experiments.results import Summary
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES

if TYPE_CHECKING:
    from histo_core.experiments.reported import Pair
    from histo_core.runs.store.records import Run
    from histo_core.studies.recipes import Recipe


def reported_for_experiment(now: Summary, workspace: Workspace) -> tuple[Pair, ...]:
    """Return pairs as `histo_core.experiments.reported`; recomputed after a run finishes or the test set is scored."""
    one = now.experiment
    if not one.origin:
        return ()
    ended = [f"{member.run.run_id} {member.run.ended_at}" for member in now.members if member.run and member.scores]
    scored = workspace.test_score(one.experiment_id).exists()
    return _of_experiment(one.experiment_id, f"{ended} {scored}", workspace, now)


def reported_for_run(run: Run, workspace: Workspace) -> tuple[Pair, ...]:
    """Return pairs as `histo_core.experiments.reported`; recomputed when the run has ended."""
    return _of_run(run.run_id, str(run.ended_at), workspace, run) if run.origin else ()


def reported_for_study(recipe: Recipe, workspace: Workspace) -> dict[str, tuple[Pair, ...]]:
    """Return pairs as `histo_core.experiments.reported`; recomputed when a run or experiment has changed."""
    runs = cache.store(workspace).made_from(recipe.name)
    state = [f"{run.run_id} {run.status} {run.ended_at}" for run in runs]
    state += [f"{one.experiment_id} {one.test_touched_at}" for one in experiments(workspace, archived=True)]
    return _of_study(recipe.name, str(state), workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _of_experiment(experiment_id: str, state: str, workspace: Workspace, _now: Summary) -> tuple[Pair, ...]:
    from histo_core.experiments.reported import reported_for_experiment

    del experiment_id, state
    return reported_for_experiment(_now, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _of_run(run_id: str, ended: str, workspace: Workspace, _run: Run) -> tuple[Pair, ...]:
    from histo_core.experiments.reported import reported_for_run

    del run_id, ended
    return reported_for_run(_run, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _of_study(study: str, state: str, workspace: Workspace) -> dict[str, tuple[Pair, ...]]:
    from histo_core.experiments.reported import reported_for_study
    from histo_core.studies.recipes import STUDIES

    del state
    return reported_for_study(STUDIES[study], workspace)
