"""What runs will cost, measured in a job of its own and kept: neither time nor memory is taken from the server."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from pydantic import Field, field_validator

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.files import read_json, write_json
from histo_core.jobs.params import DataParams, JobParams
from histo_core.progress import Progress
from histo_core.training.dry_run_config import DryRun, trial_config
from histo_core.workspace import Workspace


class EstimateParams(JobParams):
    """The runs, each brought down to what decides its cost."""

    configs: tuple[RunConfig, ...] = Field(min_length=1)

    @field_validator("configs")
    @classmethod
    def _same_cost_same_job(cls, configs: tuple[RunConfig, ...]) -> tuple[RunConfig, ...]:
        return tuple(
            trial_config(config).model_copy(update={"data": DataParams(data=config.data).data}) for config in configs
        )

    @property
    def subject(self) -> str:
        return ", ".join(dict.fromkeys(config.model.name for config in self.configs))

    def read_places(self) -> tuple[str, ...]:
        return tuple({config.data.root: None for config in self.configs if config.data.root is not None})


def make_estimates(params: EstimateParams, workspace: Workspace, progress: Progress) -> None:
    """Try each run for a few steps and keep what was measured; those before one that fails stay known.

    Raises:
        HistoscopeError: as `histo_core.training.dry_run.try_batch`.
    """
    from histo_core.training.dry_run import (  # PyTorch, which whoever asks how far a job is need not load
        STEPS,
        try_batch,
    )

    counted = STEPS + 2
    datasets: dict[str, Dataset] = {}
    for position, config in enumerate(params.configs):

        def step(done: int, total: int, before: int = position * counted) -> None:
            del total
            progress(before + done, len(params.configs) * counted)

        key = config.data.model_dump_json()
        if key not in datasets:
            datasets[key] = open_dataset(config.data, workspace, progress)
        split = make_split(datasets[key], config.split, workspace)
        trial = try_batch(config, datasets[key], split, workspace, progress=step)
        write_json(_file(config, workspace), asdict(trial))


def load_estimate(config: RunConfig, workspace: Workspace) -> DryRun | None:
    """What was measured for a run, or for one of the same cost, over the run's own epochs; None where nothing was."""
    (tried,) = EstimateParams(configs=(config,)).configs
    try:
        return DryRun(**read_json(_file(tried, workspace))).of_epochs(config.train.epochs)
    except (OSError, ValueError, TypeError):  # nothing is there, or what another version wrote
        return None


def _file(tried: RunConfig, workspace: Workspace) -> Path:
    name = hashlib.sha256(tried.model_dump_json().encode()).hexdigest()[:16]
    return workspace.home / "estimates" / f"{name}.json"
