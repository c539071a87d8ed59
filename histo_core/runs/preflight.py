"""Check that a configuration can be run before it is queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from histo_core.config import ModelConfig, RunConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.files import sha256
from histo_core.models.device import resolve_device
from histo_core.models.layers.equivariance import inexact
from histo_core.models.registry import INITIAL_BYTES, MODELS, build_model, build_network, imagenet_file
from histo_core.runs.devices.devices import usable_cores
from histo_core.runs.preflight_data import check_sizes, data_doubts, sizes_that_matter
from histo_core.runs.preflight_room import room_doubts
from histo_core.runs.store.test_set_access import fingerprint_of
from histo_core.training.data_order import training_rows, validation_rows
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class Checked:
    """A configuration that can be run, with the values that the store keeps beside it.

    Attributes:
        config: with absolute paths, because the worker runs in another folder, and with the hash of a weights file.
        data_hash: the data set's content hash.
        split_fingerprint: the fingerprint of the configured split.
        test_fingerprint: the fingerprint of the split's test set; empty where it has none.
        device: the device that ``auto`` stands for on this machine. With several GPUs it stays ``auto``: the
            supervisor takes a free one when the run starts.
        title: the model's title.
        notes: a sentence or two on each setting that is allowed but has a drawback.
    """

    config: RunConfig
    data_hash: str
    split_fingerprint: str
    test_fingerprint: str
    device: str
    title: str
    notes: tuple[str, ...] = ()


def check(configs: Sequence[RunConfig], workspace: Workspace, *, here: bool = True) -> list[Checked]:
    """Open and hash each data set once, make each split, and build each kind of network once.

    Refused is what would make a run fail later: a crop that is larger than the smallest image, mixed sizes, a set
    without patches, weights that do not fit, too little memory or room on the disk.

    Nothing is downloaded: the run's worker fetches published weights that are missing.

    Args:
        configs: the runs.
        workspace: holds the saved splits and says which folders may be read.
        here: whether the runs will be trained on this machine, which must then have the devices.

    Raises:
        ConfigError, AccessError, DataError, CheckpointError: the first configuration that cannot be run.
    """
    datasets: dict[str, Dataset] = {}
    built: set[str] = set()
    return [_check(_absolute(config, workspace), workspace, datasets, built, here=here) for config in configs]


def _check(
    config: RunConfig, workspace: Workspace, datasets: dict[str, Dataset], built: set[str], *, here: bool
) -> Checked:
    key = config.data.model_dump_json()
    if key not in datasets:
        datasets[key] = open_dataset(config.data, workspace)
    dataset = datasets[key]
    split = make_split(dataset, config.split, workspace)
    _check_sets(config, dataset, split)
    device = resolve_device(config.train.device)
    if here:
        _check_devices(config.train, device)
    sizes = sizes_that_matter(config.preprocess, dataset, workspace)
    if sizes is not None:
        check_sizes(config.preprocess, sizes)
    height, width = dataset.read([0])[0].shape[:2]
    input_size = Preprocess(config.preprocess).output_size(height, width)
    kind = f"{config.model.model_dump_json()} {len(dataset.classes)} {input_size}"
    if kind not in built:
        _check_network(config.model, len(dataset.classes), input_size, workspace)
        built.add(kind)
    notes = [inexact(config.model, input_size), *data_doubts(config, dataset, split, sizes)]
    if here:
        notes += room_doubts(config, input_size, len(dataset.classes), device, workspace)
    several = device.type == "cuda" and torch.cuda.device_count() > 1
    return Checked(
        config=_with_noted_weights(config),
        data_hash=dataset.content_hash,
        split_fingerprint=split.fingerprint,
        test_fingerprint=fingerprint_of(dataset, split),
        device="auto" if several and config.train.device == "auto" else str(device),
        title=MODELS[config.model.name].title,
        notes=tuple(filter(None, notes)),
    )


def _check_sets(config: RunConfig, dataset: Dataset, split: Split) -> None:
    """Check that no set is empty that is needed to train, to choose the epoch or to predict."""
    training_rows(config, dataset, split)
    validation_rows(dataset, split)
    split_sets = config.predict.parts
    if not any(len(split.indices(split_set)) for split_set in split_sets):
        raise ConfigError(
            f"The run is to predict its {' and '.join(split_sets)} set, which holds no patch.",
            "At least one of the sets must hold some.",
            "Predict another set, or change the split's shares.",
        )


def _check_devices(train: TrainConfig, first: torch.device) -> None:
    """Check that this machine has the devices that the run asks for, and that they support its settings."""
    if train.precision == "16" and first.type != "cuda":
        raise ConfigError(
            f"Precision 16 was chosen on the device {str(first)!r}.", "A CUDA device.", "Choose bf16 or 32."
        )
    here = {"cuda": torch.cuda.device_count() - (first.index or 0), "cpu": usable_cores()}.get(first.type, 1)
    if train.devices > here:
        what = "CPU cores" if first.type == "cpu" else f"devices from {first} on"
        raise ConfigError(
            f"The run asks for {train.devices} devices.",
            f"This machine has {here} {what}.",
            "Choose fewer devices, or another first one.",
        )


def _check_network(model: ModelConfig, n_classes: int, input_size: tuple[int, int], workspace: Workspace) -> None:
    """Check that the network's options are allowed and that a weights file fits; nothing is downloaded."""
    if model.weights == "imagenet":
        imagenet_file(MODELS[model.name])
    if model.weights in {"none", "imagenet"}:
        with torch.device("meta"):
            build_network(model, n_classes, input_size)
    else:
        build_model(model, n_classes, input_size, workspace)


def _absolute(config: RunConfig, workspace: Workspace) -> RunConfig:
    data, model = config.data, config.model
    if data.root is not None:
        data = data.model_copy(update={"root": str(workspace.allowed(data.root))})
    if model.weights not in {"none", "imagenet"}:
        model = model.model_copy(update={"weights": str(workspace.allowed(model.weights))})
    # A hash taken over from another run's configuration may not be that of the file that is there now.
    return config.model_copy(update={"data": data, "model": model.model_copy(update={"weights_sha256": None})})


def _with_noted_weights(config: RunConfig) -> RunConfig:
    """Add the hash of the weights file, if any, so that another file of the same name makes another run."""
    if config.model.weights in {"none", "imagenet"}:
        return config
    try:
        noted = {"weights_sha256": sha256(Path(config.model.weights), INITIAL_BYTES)}
    except OSError as error:
        raise CheckpointError(
            f"{config.model.weights} cannot be read: {error.strerror}.",
            "A .safetensors file is expected.",
            "Choose other weights.",
        ) from None
    return config.model_copy(update={"model": config.model.model_copy(update=noted)})
