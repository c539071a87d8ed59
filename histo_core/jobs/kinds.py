"""Register the kinds of job and the function that carries out each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from histo_core.access import Action
from histo_core.config import parse_config
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.jobs.cost_estimate import EstimateParams, make_estimates
from histo_core.jobs.one_batch import OneBatchParams, overfit_batch
from histo_core.jobs.onnx_export import OnnxParams, write_onnx
from histo_core.jobs.params import (
    AuditParams,
    DataParams,
    DownloadParams,
    ExportParams,
    JobParams,
    MapParams,
    PredictParams,
)
from histo_core.progress import Progress
from histo_core.registry import Registry
from histo_core.workspace import Workspace

P = TypeVar("P", bound=JobParams)
NICENESS = 10
"""Niceness of a job's process, so that pages and training go first."""


@dataclass(frozen=True)
class JobKind(Generic[P]):
    """One kind of job.

    Attributes:
        title: the work, as a noun.
        params: the type of its parameters.
        run: does the work; called with (parameters, workspace, progress). A CancelledError that progress raises passes
            through it.
        action: the permission that a user needs.
        in_bytes: whether progress counts bytes rather than patches.
        niceness: of its process; by default pages and training go first.
    """

    title: str
    params: type[P]
    run: Callable[[P, Workspace, Progress], object]
    action: Action = "data.build"
    in_bytes: bool = False
    niceness: int = NICENESS


JOBS: Registry[JobKind[Any]] = Registry("kind of job")


def parse_params(kind: str, params: Mapping[str, Any]) -> JobParams:
    """Parse a kind's parameters from plain values; paths become absolute.

    Raises:
        UnknownNameError: there is no such kind.
        ConfigError: the values do not fit its parameters.
    """
    return parse_config(JOBS[kind].params, dict(params))


def _prepare(params: DataParams, workspace: Workspace, progress: Progress) -> None:
    prepare_dataset(params.data, workspace, progress)


# Each function below imports its module when it is called: a page that only shows progress needs none of them.


def _check(params: DataParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.data.integrity import stored_or_new_check

    stored_or_new_check(open_dataset(params.data, workspace, progress), workspace, progress)


def _convert(params: DataParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.data.storage.converted import convert

    convert(open_dataset(params.data, workspace, progress), workspace, progress)


def _audit(params: AuditParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.auditing.report import make_audit
    from histo_core.data.splits.make_split import make_split

    dataset = open_dataset(params.data, workspace, progress)
    other = None if params.other is None else open_dataset(params.other, workspace, progress)
    make_audit(dataset, make_split(dataset, params.split, workspace), workspace, other=other, progress=progress)


def _map(params: MapParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.auditing.embedding.layout import make_map

    make_map(open_dataset(params.data, workspace, progress), params.features, workspace, progress)


def _predict(params: PredictParams, workspace: Workspace, progress: Progress) -> None:
    """Carry out the prediction; after a stop, the same job continues where it stopped."""
    from histo_core.prediction.predict import predict_with

    predict_with(
        params.run_id,
        params.data,
        workspace,
        split=params.split,
        predict=params.predict,
        classes=params.classes,
        progress=progress,
    )


def _download(params: DownloadParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.data.fetch.catalogue import fetch_dataset

    folder = Path(params.folder)
    folder.mkdir(parents=True, exist_ok=True)
    fetch_dataset(params.dataset, folder, workspace, progress)


def _export(params: ExportParams, workspace: Workspace, progress: Progress) -> None:
    from histo_core.data.export import formats
    from histo_core.data.splits.make_split import make_split

    dataset, target = open_dataset(params.data, workspace, progress), Path(params.target)
    split = make_split(dataset, params.split, workspace)
    if params.layout == "table":
        formats.export_table(dataset, split, target)
    elif params.layout == "pcam":
        formats.export_pcam(dataset, split, target, progress)
    else:
        formats.export_folders(dataset, split, target, progress)


JOBS.add("prepare", JobKind("Preparing", DataParams, _prepare))
JOBS.add("check", JobKind("Check of all files", DataParams, _check))
JOBS.add("convert", JobKind("Faster copy", DataParams, _convert))
JOBS.add("audit", JobKind("Audit", AuditParams, _audit))
JOBS.add("map", JobKind("Map", MapParams, _map))
JOBS.add("download", JobKind("Download", DownloadParams, _download, in_bytes=True))
JOBS.add("export", JobKind("Export", ExportParams, _export, action="data.export"))
JOBS.add("estimate", JobKind("Estimate", EstimateParams, make_estimates, action="run.launch"))
JOBS.add("one_batch", JobKind("Learning one batch", OneBatchParams, overfit_batch, action="run.launch"))
JOBS.add("predict", JobKind("Predicting", PredictParams, _predict, action="run.predict"))
JOBS.add("onnx", JobKind("ONNX file", OnnxParams, write_onnx, action="data.export"))
