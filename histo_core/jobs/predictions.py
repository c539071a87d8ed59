"""Predicting as a job: what it is told, and what it does."""

from __future__ import annotations

from histo_core.config import PredictConfig, SplitConfig
from histo_core.jobs.params import DataParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace


class PredictParams(DataParams):
    """A run, a data set, and how the one is applied to the other; see `histo_core.prediction.predict.predict_with`."""

    run_id: str
    split: SplitConfig | None = None
    predict: PredictConfig = PredictConfig()
    classes: dict[str, str] | None = None

    @property
    def subject(self) -> str:
        return f"{self.run_id} on {super().subject}"


def predict(params: PredictParams, workspace: Workspace, progress: Progress) -> None:
    """Carry it out; when it was stopped, the same job goes on where it was."""
    from histo_core.prediction.predict import (
        predict_with,  # it loads PyTorch, which whoever asks how far it is need not
    )

    predict_with(
        params.run_id,
        params.data,
        workspace,
        split=params.split,
        predict=params.predict,
        classes=params.classes,
        progress=progress,
    )
