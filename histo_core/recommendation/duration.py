"""Predict how long a run takes, from the operations of its network; nothing is computed."""

from __future__ import annotations

from functools import lru_cache

from histo_core.config import ModelConfig, RunConfig
from histo_core.models.cost import count
from histo_core.recommendation.facts import DataFacts
from histo_core.recommendation.machine import Machine

_MS_PER_GFLOP = {"p4m_resnet": 37.0, "resnet18": 36.0}
_MS_OF_OTHERS = 52.0
"""CPU milliseconds of a training patch for each 10^9 operations of its prediction, validation included. Measured:
SqueezeNet takes 5, 8, 13 and 28 ms at 96, 128, 160 and 224 px, P4M-ResNet 3, 10 and 15 ms at 48, 96 and 112 px,
ResNet18 24 ms at 96 px. A network with many small layers spends more of its time on memory than on numbers."""
_PATCH_MS = 0.5
"""CPU milliseconds to augment and normalise a patch."""
_INCLUDED = 0.15
"""Validation patches for each training patch in those measurements."""
_FORWARD = 0.3
"""Share of a training step that prediction alone takes."""
_SHARED = 0.85
"""Exponent of the number of cores: twice the cores are 1.8 times as fast."""
_GPU_SPEED, _GPU_STEP_SECONDS = 200.0, 0.02
"""A GPU against one core, and the least time of a step, which small networks do not go below."""
_START_SECONDS = 10.0
"""Starting the process, reading the patches and storing the results."""
_VIEWS = {"none": 1, "flips": 3, "symmetries": 8}


def predicted_seconds(config: RunConfig, facts: DataFacts, machine: Machine) -> float:
    """Predict the seconds of a run, with its predictions of the validation and test set; right within about a half.

    Raises:
        UnknownNameError, ConfigError: the network cannot be built for these patches.
    """
    train = config.train
    patch = _milliseconds(config.model, input_side(config, facts), len(facts.classes)) / 1000
    forward = patch * _FORWARD
    if train.backbone == "frozen" and train.unfreeze_after is None:
        patch = forward * 1.2
    patches = sum(max(count, train.enlarge_to or 0) for count in facts.patches["train"] if count)
    if train.max_train_samples is not None:
        patches = min(patches, train.max_train_samples)
    more = max(facts.total("valid") - _INCLUDED * patches, 0)
    predicted = sum(facts.total(split_set) for split_set in config.predict.parts) * _VIEWS[config.predict.tta]
    steps = -(-patches // train.batch_size)
    work = train.epochs * (patches * patch + more * forward) + predicted * forward
    if machine.gpu:
        seconds = max(work / _GPU_SPEED, train.epochs * steps * _GPU_STEP_SECONDS)
    else:
        seconds = work / machine.cores**_SHARED
    return _START_SECONDS + seconds


def input_side(config: RunConfig, facts: DataFacts) -> int:
    """Return the side in pixels of the network's input; of oblong patches, that of a square with the same area."""
    if config.preprocess.resize is not None:
        return config.preprocess.resize
    if config.preprocess.crop is not None:
        return config.preprocess.crop
    height, width = facts.commonest
    return round((height * width) ** 0.5)


@lru_cache(maxsize=256)
def _of_network(model: str, side: int, n_classes: int) -> float:
    config = ModelConfig.model_validate_json(model)
    giga = count(config, side, n_classes).flops / 1e9
    return _MS_PER_GFLOP.get(config.name, _MS_OF_OTHERS) * giga + _PATCH_MS


def _milliseconds(model: ModelConfig, side: int, n_classes: int) -> float:
    """Return the CPU milliseconds of a training patch; a network is counted once for each side."""
    built = model.model_copy(update={"weights": "none", "weights_sha256": None})
    return _of_network(built.model_dump_json(), side, n_classes)
