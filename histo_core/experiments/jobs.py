"""The long work of experiments, as jobs: following a sweep, and scoring the test part once.

They are registered here and not with the others, because what they do stands above runs.
"""

from __future__ import annotations

from histo_core.extras import need_extra
from histo_core.progress import Progress
from histo_core.runs.job_kinds import JOBS, JobKind
from histo_core.runs.job_params import JobParams
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


def _sweep(params: ExperimentParams, workspace: Workspace, progress: Progress) -> None:
    need_extra("sweeps", "A sweep")
    from histo_core.experiments.search import follow

    follow(params.experiment_id, workspace, progress)


def _score(params: ExperimentParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.experiments.final import score_test

    score_test(params.experiment_id, workspace, progress=progress)


JOBS.add("sweep", JobKind("Sweep", ExperimentParams, _sweep, action="run.launch"))
JOBS.add("score_test", JobKind("Scoring the test part", ExperimentParams, _score, action="run.predict"))
