"""Compute a network's features before its classifier: SqueezeNet's ImageNet features, or a run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from histo_core.auditing.embedding.describe import Describe
from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.device import resolve_device
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_model
from histo_core.models.weights.pretrained import find_weights
from histo_core.workspace import Workspace

SQUEEZENET_FILE = "squeezenet1_1_features.safetensors"
"""The workspace's folders of weights are searched for this file before it is downloaded."""
SQUEEZENET_SIDE = 96
MOST_NUMBERS = 512

_BATCH = 64


def squeezenet_features(workspace: Workspace, device: str = "auto") -> Describe:
    """Return the function for SqueezeNet 1.1 features: its last feature map averaged over the patch, 512 numbers.

    Patches are resized to 96 x 96. The ImageNet weights come from the workspace's folders of weights or torchvision.
    Paper: Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, arXiv:1602.07360, 2016.

    Raises:
        CheckpointError: the weights are damaged or not available.
    """
    own = find_weights(SQUEEZENET_FILE, workspace)
    config = ModelConfig(name="squeezenet1_1", weights=str(own) if own else "imagenet")
    model = build_model(config, 2, (SQUEEZENET_SIDE, SQUEEZENET_SIDE), workspace)
    network = model.get_submodule("features").eval().to(resolve_device(device)).to(memory_format=torch.channels_last)
    preprocess = Preprocess(PreprocessConfig(resize=SQUEEZENET_SIDE))
    where = next(network.parameters()).device

    def averaged(images: Sequence[np.ndarray] | np.ndarray) -> Tensor:
        return network(preprocess(images).to(where)).mean(dim=(2, 3))

    return _in_batches(averaged)


def run_features(folder: Path, device: str = "auto") -> Describe:
    """Return the function for a run's features: its classifier's flattened input, projected to at most 512 numbers.

    The weights are those of the best epoch. The random projection by a seeded Gaussian matrix nearly preserves
    distances between patches (Johnson and Lindenstrauss, Contemporary Mathematics 26, 1984).

    Args:
        folder: the run's folder.
        device: as `histo_core.models.device.resolve_device`.

    Raises:
        CheckpointError, ConfigError: as `Predictor.from_run`.
    """
    predictor = Predictor.from_run(folder, device)
    classifier = predictor.model.get_submodule(MODELS[predictor.name].head)

    def read_by_classifier(images: Sequence[np.ndarray] | np.ndarray) -> Tensor:
        with _inputs_of(classifier) as inputs:
            predictor.model(predictor.preprocess(images).to(predictor.device))
        return _narrowed(inputs[0].flatten(1).float())

    return _in_batches(read_by_classifier)


@contextmanager
def _inputs_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the inputs of a module while the block runs."""
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        del module
        seen.append(inputs[0])

    handle = module.register_forward_pre_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def _narrowed(features: Tensor) -> Tensor:
    width = features.shape[1]
    if width <= MOST_NUMBERS:
        return features
    generator = torch.Generator().manual_seed(width)
    matrix = torch.randn(width, MOST_NUMBERS, generator=generator) / MOST_NUMBERS**0.5
    return features @ matrix.to(features.device)


def _in_batches(network: Callable[[Sequence[np.ndarray] | np.ndarray], Tensor]) -> Describe:
    @torch.inference_mode()
    def describe(images: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        batches = [network(images[start : start + _BATCH]).cpu() for start in range(0, len(images), _BATCH)]
        return torch.cat(batches).numpy()

    return describe
