"""The long work of experiments, as jobs: following a sweep, and scoring the test part once.

They are registered here and not with the others, because what they do stands above runs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from histo_core.jobs.kinds import JOBS, JobKind
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace


class ExperimentParams(JobParams):
    """An experiment."""

    experiment_id: str

    @property
    def subject(self) -> str:
        return self.experiment_id


def job_params(experiment_id: str) -> dict[str, str]:
    """What a job of an experiment is told."""
    return {"experiment_id": experiment_id}


def _of(name: str) -> Callable[[ExperimentParams, Workspace, Progress], None]:
    """Import a function, given as "module:function", when a job begins: these functions start jobs themselves."""

    def work(params: ExperimentParams, workspace: Workspace, progress: Progress) -> None:
        module, _, function = name.partition(":")
        getattr(import_module(module), function)(params.experiment_id, workspace, progress=progress)

    return work


_follow = _of("histo_core.experiments.sweep.search:follow")
_score = _of("histo_core.experiments.test_score:score_test")
JOBS.add("sweep", JobKind("Sweep", ExperimentParams, _follow, action="run.launch"))
JOBS.add("score_test", JobKind("Scoring the test part", ExperimentParams, _score, action="run.predict"))
