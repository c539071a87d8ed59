"""What is carried out on a failing disk: each works on the workspace ``home`` of a folder, and may write beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from histo_core.access import LOCAL
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.export.formats import export_folders, export_table
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.experiments.records import Member
from histo_core.experiments.table import ExperimentTable
from histo_core.jobs import api, process
from histo_core.maintenance.backup import back_up
from histo_core.maintenance.check import check_workspace
from histo_core.maintenance.restore import restore
from histo_core.prediction.predict import predict_with
from histo_core.runs.api import launch
from histo_core.runs.store.edit import rename
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import heartbeat, worker
from histo_core.workspace import Workspace

DATA = DataConfig(dataset="phantom", options={"patches": 40, "patients": 8})
OTHER = DataConfig(dataset="phantom", options={"patches": 40, "patients": 8, "seed": 5})
BACKUP = "before.tar"


def config(seed: int = 0) -> RunConfig:
    """A run of a second."""
    return RunConfig(
        data=DATA,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=2, batch_size=16, device="cpu", threads=1),
        seed=seed,
    )


def load_all() -> None:
    """Import what the operations import when they need it, before the server is split."""
    import tensorboard.compat.proto.event_pb2  # noqa: F401
    import torchvision  # noqa: F401

    from histo_core.models.registry import MODELS

    len(MODELS)
    heartbeat.PROGRESS_SECONDS = 3600.0  # what a thread writes by the clock would be counted differently each time
    worker.END_SECONDS = process.END_SECONDS = 0.0
    api.start_detached = lambda *_, **__: None  # the operation itself is the process


def _home(root: Path) -> Workspace:
    return Workspace(root / "home", extra_roots=(root,))


def _run_id(root: Path, status: RunStatus) -> str:
    return Store.open(_home(root)).runs(statuses=[status])[0].run_id


def _launch(root: Path) -> str:
    launch(config(seed=7), _home(root), name="another", start_supervisor=False)
    return ""


def _run(root: Path) -> str:
    run_id = _run_id(root, RunStatus.QUEUED)
    worker.work(run_id, _home(root))
    return Store.open(_home(root)).get(run_id).reason


def _edit(root: Path) -> str:
    rename(_run_id(root, RunStatus.SUCCEEDED), "renamed", _home(root))
    return ""


def _experiment(root: Path) -> str:
    member = Member(0, _run_id(root, RunStatus.SUCCEEDED), "fold 1 of 1", {"split.fold": 0})
    made = ExperimentTable(_home(root)).add(config(), ProtocolConfig(), [member], name="folds", user=LOCAL)
    ExperimentTable(_home(root)).rename(made.experiment_id, "renamed")
    return ""


def _job(root: Path) -> str:
    job = api.start_job("check", {"data": OTHER.model_dump(mode="json")}, _home(root))
    process.work_on_job(job.job_id, _home(root))
    found = api.find_job("check", {"data": OTHER.model_dump(mode="json")}, _home(root))
    return found.error if found is not None else "The job is not known."


def _predict(root: Path) -> str:
    predict_with(_run_id(root, RunStatus.SUCCEEDED), OTHER, _home(root))
    return ""


def _export(root: Path) -> str:
    dataset = open_dataset(DATA, _home(root))
    export_folders(dataset, make_split(dataset, SplitConfig()), root / "folders")
    export_table(dataset, None, root / "table.parquet")
    return ""


def _backup(root: Path) -> str:
    back_up(_home(root), root / "new.tar")
    return ""


def _restore(root: Path) -> str:
    restore(root / BACKUP, root / "again")
    return ""


def _mend(root: Path) -> str:
    check_workspace(_home(root), mend=True)
    return ""


OPERATIONS: dict[str, Callable[[Path], str]] = {
    "launch": _launch,
    "run": _run,
    "edit": _edit,
    "experiment": _experiment,
    "job": _job,
    "predict": _predict,
    "export": _export,
    "backup": _backup,
    "restore": _restore,
    "mend": _mend,
}
"""Each gives what a user is told without an error being raised; empty where all went well."""
