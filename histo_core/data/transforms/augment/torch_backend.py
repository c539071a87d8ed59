"""Apply drawn changes in plain torch on any device, with the same pixels as `kernel`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from histo_core.data.transforms.augment.draw import LUMA, Changes
from histo_core.data.transforms.augment.gaussian import extended_indices, gaussians
from histo_core.data.transforms.augment.hed_jitter import LEVELS
from histo_core.data.transforms.augment.torch_geometry import moved


def change(batch: Tensor, changes: Changes, *, mean: Sequence[float], spread: Sequence[float]) -> Tensor:
    """Apply changes and normalise: (changed - mean) / spread.

    Args:
        batch: uint8 [n, h, w, 3].
        changes: the changes of the same patches.
        mean, spread: mean and SD of each channel, in 0 to 255.

    Returns:
        float32 [n, h, w, 3] on the batch's device. It differs from the kernel's result by rounding only: by less than
        2e-5 for usual spreads. For moved patches, whose positions are rounded too, by less than 1e-3 where neighbours
        are black and white.
    """
    pixels = batch.float()
    if changes.stain is not None:
        pixels = _stained(pixels, torch.as_tensor(changes.stain, device=batch.device))
    turned = _turned(pixels, changes.symmetry)
    if changes.move is not None:
        which = torch.from_numpy(np.flatnonzero(changes.move.which)).to(batch.device)
        turned[which] = moved(pixels[which], changes.move, which)
    pixels = turned
    if changes.blur is not None:
        pixels = _blurred(pixels, changes.blur)
    colour, lift, luma, centre, scale = (
        torch.as_tensor(values, dtype=torch.float32, device=batch.device)
        for values in (changes.colour, changes.lift, LUMA, mean, spread)
    )
    grey = (pixels.mean(dim=(1, 2)) * luma).sum(dim=1)
    mixed = pixels.flatten(1, 2) @ colour.transpose(1, 2) + (lift * grey)[:, None, None]
    levels = mixed.clamp(0, 255).view(pixels.shape)
    if changes.dropped is not None:
        levels[torch.as_tensor(changes.dropped, device=batch.device)] = 0
    return (levels - centre) / scale


def _stained(pixels: Tensor, mixing: Tensor) -> Tensor:
    light = torch.log2((pixels.flatten(1, 2) + 1) / LEVELS)
    mixed = light @ mixing[:, :, :3].transpose(1, 2) + mixing[:, None, :, 3]
    return (mixed.exp2() * LEVELS - 1).clamp(0, 255).view(pixels.shape)


def _blurred(pixels: Tensor, deviations: np.ndarray) -> Tensor:
    """Blur by one matrix for each sample and axis: slower than sums of neighbours, but one call for all."""
    down, across = (torch.from_numpy(_blur_matrices(side, deviations)).to(pixels.device) for side in pixels.shape[1:3])
    return torch.einsum("nay,nbx,nyxc->nabc", down, across, pixels)


def _blur_matrices(side: int, deviations: np.ndarray) -> np.ndarray:
    """Build the blur matrices, float32 [n, side, side]."""
    weights = gaussians(deviations)
    reach, pixel = weights.shape[1] // 2, np.arange(side)
    matrices = np.zeros((len(weights), side, side), np.float32)
    for step, weight in zip(range(-reach, reach + 1), weights.T, strict=True):
        # Each pixel occurs once in a step, so that no sum is lost.
        matrices[:, pixel, extended_indices(step, side + step, side, "mirror")] += weight[:, None].astype(np.float32)
    return matrices


def _turned(batch: Tensor, symmetry: np.ndarray) -> Tensor:
    """Apply the symmetries, one group of equal ones at a time, and restore the order."""
    order = np.argsort(symmetry, kind="stable")
    groups = []
    for drawn in np.unique(symmetry):
        group = batch[torch.from_numpy(np.flatnonzero(symmetry == drawn))]
        mirrored = group.flip(2) if drawn >= 4 else group
        groups.append(mirrored.rot90(int(drawn % 4), (1, 2)))
    return torch.cat(groups)[torch.from_numpy(np.argsort(order))]
