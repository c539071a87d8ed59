"""Test-time augmentation: a patch is predicted in several symmetries, and the answers are combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from histo_core.errors import ConfigError

Tta = Literal["none", "flips", "symmetries"]
Combine = Literal["mean", "vote"]

_VIEWS: dict[Tta, tuple[int, ...]] = {"none": (0,), "flips": (0, 4, 6), "symmetries": tuple(range(8))}


def views(tta: Tta) -> tuple[int, ...]:
    """The symmetries in which a patch is predicted.

    Numbers are those of `histo_core.data.transforms.augment.draw`: quarter turns counter-clockwise, plus 4 where the
    patch is mirrored left-right first. ``flips`` is the patch, mirrored left-right, and mirrored up-down
    (left-right and half a turn); ``symmetries`` is all eight.
    """
    return _VIEWS[tta]


def view(images: Tensor, symmetry: int) -> Tensor:
    """Images in one symmetry, float [n, 3, h, w], in channels-last memory.

    Raises:
        ConfigError: a quarter turn of images that are not square.
    """
    height, width = images.shape[-2:]
    if symmetry % 2 and height != width:
        raise ConfigError(
            f"predict.tta = 'symmetries' needs square patches; the network gets {width} x {height} pixels.",
            "A quarter turn would change their size.",
            "Choose 'flips', or set preprocess.crop or preprocess.resize.",
        )
    mirrored = images.flip(-1) if symmetry >= 4 else images
    return torch.rot90(mirrored, symmetry % 4, (-2, -1)).contiguous(memory_format=torch.channels_last)


def predict_views(images: Tensor, tta: Tta, network: Callable[[Tensor], Tensor]) -> Tensor:
    """What a network gives for each view: float [views, n, k], on the device of its answers.

    Args:
        images: float [n, 3, h, w], preprocessed.
        tta: which views.
        network: [n, 3, h, w] to [n, k].

    Raises:
        ConfigError: as `view`.
    """
    return torch.stack([network(images if symmetry == 0 else view(images, symmetry)) for symmetry in views(tta)])


def combined(probabilities: np.ndarray, combine: Combine) -> np.ndarray:
    """One answer from those of several views.

    Args:
        probabilities: float [views, n, k], rows summing to 1.
        combine: ``mean`` of the probabilities; or ``vote``: the share of views in which each class is the most
            probable one. Votes take as many values as there are views and one more, which makes a coarse ROC curve.

    Returns:
        float64 [n, k], rows summing to 1.
    """
    if combine == "mean":
        return probabilities.mean(axis=0, dtype=np.float64)
    classes = np.arange(probabilities.shape[2])
    return (probabilities.argmax(axis=2)[:, :, None] == classes).mean(axis=0)
