"""A run's network as an ONNX file: the job, and what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from histo_core.data.dataset import DATASETS
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.models.weights.onnx_export import (
        OnnxFile,  # it loads PyTorch, which whoever asks how far a job is need not
    )


class OnnxParams(JobParams):
    """A run that has succeeded."""

    run_id: str

    @property
    def subject(self) -> str:
        return self.run_id


def onnx_path(run_id: str, workspace: Workspace) -> Path:
    """Where the job puts a run's file: into the run's folder."""
    return workspace.run_folder(run_id) / "model.onnx"


def write_onnx(params: OnnxParams, workspace: Workspace, progress: Progress) -> None:
    """Carry it out; it cannot be interrupted once it has begun, and takes less than a minute."""
    progress(0, 1)
    export_run(params.run_id, onnx_path(params.run_id, workspace), workspace)
    progress(1, 1)


def export_run(run_id: str, path: Path, workspace: Workspace) -> OnnxFile:
    """Write a finished run's network as ONNX; see `histo_core.models.weights.onnx_export.export_onnx`.

    Raises:
        RunError: the run is unknown or has not succeeded.
        CheckpointError: its weights are damaged, or the file does not give the same as the network.
    """
    from histo_core.models.inference.predictor import Predictor
    from histo_core.models.weights.onnx_export import export_onnx
    from histo_core.prediction.predict import finished_run

    run = finished_run(run_id, workspace)
    data = DATASETS[run.config.data.dataset].info
    return export_onnx(
        Predictor.from_run(workspace.run_folder(run_id), "cpu"), path, licence=f"{data.title}: {data.licence}"
    )
