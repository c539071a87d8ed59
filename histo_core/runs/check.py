"""Whether a configuration can be run, found out before it is queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo_core.config import RunConfig
from histo_core.data.base import Dataset, open_dataset
from histo_core.data.splits.split import make_split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.files import sha256
from histo_core.models.device import resolve_device
from histo_core.models.registry import MODELS, build_model
from histo_core.runs.held_out import fingerprint_of
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class Checked:
    """A configuration that can be run, and what the store keeps beside it.

    Attributes:
        config: with absolute paths, because the worker runs in another folder, and the hash of a file of weights.
        data_hash: the data set's content hash.
        split_fingerprint: of the split it gives.
        test_fingerprint: of the split's test part; empty where it has none.
        device: what ``auto`` stands for on this machine.
        title: the model's.
    """

    config: RunConfig
    data_hash: str
    split_fingerprint: str
    test_fingerprint: str
    device: str
    title: str


def check(configs: Sequence[RunConfig], workspace: Workspace) -> list[Checked]:
    """Open and hash each data set once, make each split, and build each network once.

    Raises:
        ConfigError, AccessError, DataError, CheckpointError: the first configuration that cannot be run.
    """
    datasets: dict[str, Dataset] = {}
    return [_check(_absolute(config, workspace), workspace, datasets) for config in configs]


def _check(config: RunConfig, workspace: Workspace, datasets: dict[str, Dataset]) -> Checked:
    key = config.data.model_dump_json()
    if key not in datasets:
        datasets[key] = open_dataset(config.data, workspace)
    dataset = datasets[key]
    split = make_split(dataset, config.split, workspace)
    device = resolve_device(config.train.device)
    height, width = dataset.read([0])[0].shape[:2]
    input_size = Preprocess(config.preprocess).output_size(height, width)
    build_model(config.model, len(dataset.classes), input_size, workspace)
    return Checked(
        config=_with_noted_weights(config),
        data_hash=dataset.content_hash,
        split_fingerprint=split.fingerprint,
        test_fingerprint=fingerprint_of(dataset, split),
        device=str(device),
        title=MODELS[config.model.name].title,
    )


def _absolute(config: RunConfig, workspace: Workspace) -> RunConfig:
    data, model = config.data, config.model
    if data.root is not None:
        data = data.model_copy(update={"root": str(workspace.allowed(data.root))})
    if model.weights not in {"none", "imagenet"}:
        model = model.model_copy(update={"weights": str(workspace.allowed(model.weights))})
    # What was noted for the run that this one was made from says nothing of the file that lies there now.
    return config.model_copy(update={"data": data, "model": model.model_copy(update={"weights_sha256": None})})


def _with_noted_weights(config: RunConfig) -> RunConfig:
    """With the hash of the weights' file, if there is one, so that another file of the same name is another run."""
    if config.model.weights in {"none", "imagenet"}:
        return config
    noted = {"weights_sha256": sha256(Path(config.model.weights))}
    return config.model_copy(update={"model": config.model.model_copy(update=noted)})
