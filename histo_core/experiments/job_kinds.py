"""Register the jobs of experiments: follow a sweep, and score the test set once.

They are registered here and not with the other jobs, because experiments are a layer above runs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from histo_core.jobs.kinds import JOBS, JobKind
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace


class ExperimentParams(JobParams):
    """The parameters of a job on an experiment."""

    experiment_id: str

    @property
    def subject(self) -> str:
        return self.experiment_id


def job_params(experiment_id: str) -> dict[str, str]:
    """Return the parameters of a job on an experiment."""
    return {"experiment_id": experiment_id}


def _of(name: str) -> Callable[[ExperimentParams, Workspace, Progress], None]:
    """Import a function, "module:function", only when a job begins, because such functions start jobs themselves."""

    def work(params: ExperimentParams, workspace: Workspace, progress: Progress) -> None:
        module, _, function = name.partition(":")
        getattr(import_module(module), function)(params.experiment_id, workspace, progress=progress)

    return work


_follow = _of("histo_core.experiments.sweep.search:follow")
_score = _of("histo_core.experiments.test_score:score_test")
JOBS.add("sweep", JobKind("Sweep", ExperimentParams, _follow, action="run.launch"))
JOBS.add("score_test", JobKind("Scoring the test set", ExperimentParams, _score, action="run.predict"))
