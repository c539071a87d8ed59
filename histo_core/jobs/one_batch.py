"""Learn one batch of a run by heart in a job, and keep the result."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from histo_core.config import RunConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.files import read_json, write_json
from histo_core.jobs.params import DataParams, JobParams
from histo_core.progress import Progress
from histo_core.training.one_batch import PATCHES, STEPS, OneBatch
from histo_core.workspace import Workspace

_CHECKED = TypeAdapter(OneBatch)


class OneBatchParams(JobParams):
    """The run's configuration, the patches of the batch and the most steps."""

    config: RunConfig
    patches: int = Field(default=PATCHES, ge=2, le=4096)
    steps: int = Field(default=STEPS, ge=1, le=10_000)

    @field_validator("config")
    @classmethod
    def _paths_are_absolute(cls, config: RunConfig) -> RunConfig:
        return config.model_copy(update={"data": DataParams(data=config.data).data})

    @property
    def subject(self) -> str:
        return self.config.model.name

    def read_places(self) -> tuple[str, ...]:
        return () if self.config.data.root is None else (self.config.data.root,)


def overfit_batch(params: OneBatchParams, workspace: Workspace, progress: Progress) -> OneBatch:
    """Train on one batch and keep the result.

    Raises:
        HistoscopeError: as `histo_core.training.one_batch_fit.learn_one_batch`.
    """
    from histo_core.training.one_batch_fit import (
        learn_one_batch,  # it loads PyTorch, which is not needed to show a job's progress
    )

    dataset = open_dataset(params.config.data, workspace, progress)
    split = make_split(dataset, params.config.split, workspace)
    result = learn_one_batch(
        params.config, dataset, split, workspace, patches=params.patches, steps=params.steps, progress=progress
    )
    write_json(result_path(params, workspace), asdict(result))
    return result


def load_one_batch(params: OneBatchParams, workspace: Workspace) -> OneBatch | None:
    """Return the kept result; None if there is none, or another version wrote it."""
    try:
        return _CHECKED.validate_python(read_json(result_path(params, workspace)))
    except (OSError, ValueError, ValidationError):
        return None


def result_path(params: OneBatchParams, workspace: Workspace) -> Path:
    """Return the path of the kept result."""
    name = hashlib.sha256(params.model_dump_json().encode()).hexdigest()[:16]
    return workspace.home / "one_batch" / f"{name}.json"
