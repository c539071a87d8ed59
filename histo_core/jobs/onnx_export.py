"""Export a run's network to ONNX in a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from histo_core.data.dataset import DATASETS
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.models.weights.onnx_export import (
        OnnxFile,  # it loads PyTorch, which is not needed to show a job's progress
    )


class OnnxParams(JobParams):
    """The run to export, which must have succeeded."""

    run_id: str

    @property
    def subject(self) -> str:
        return self.run_id


def onnx_path(run_id: str, workspace: Workspace) -> Path:
    """Return the path of a run's ONNX file, in the run's folder."""
    return workspace.run_folder(run_id) / "model.onnx"


def write_onnx(params: OnnxParams, workspace: Workspace, progress: Progress) -> None:
    """Carry out the export; it cannot be interrupted once it has begun, and takes less than a minute."""
    progress(0, 1)
    export_run(params.run_id, onnx_path(params.run_id, workspace), workspace)
    progress(1, 1)


def export_run(run_id: str, path: Path, workspace: Workspace) -> OnnxFile:
    """Write a finished run's network as ONNX; see `histo_core.models.weights.onnx_export.export_onnx`.

    Raises:
        RunError: the run is unknown or has not succeeded.
        CheckpointError: its weights are damaged, or the file's output differs from the network's.
    """
    from histo_core.models.inference.predictor import Predictor
    from histo_core.models.weights.onnx_export import export_onnx
    from histo_core.prediction.predict import finished_run

    run = finished_run(run_id, workspace)
    data = DATASETS[run.config.data.dataset].info
    return export_onnx(
        Predictor.from_run(workspace.run_folder(run_id), "cpu"), path, licence=f"{data.title}: {data.licence}"
    )
