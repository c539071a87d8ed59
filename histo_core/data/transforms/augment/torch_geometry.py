"""Patches moved in plain torch, on any device: the pixels of `geometry_kernel`."""

from __future__ import annotations

import torch
from torch import Tensor

from histo_core.data.transforms.augment.geometry_change import Move


def moved(pixels: Tensor, move: Move, which: Tensor) -> Tensor:
    """Move some patches of a batch.

    Args:
        pixels: float32 [k, h, w, 3], those to move.
        move: of the whole batch.
        which: int64 [k], where they stand in it.

    Returns:
        float32 [k, h, w, 3].
    """
    height, width = pixels.shape[1:3]
    device = pixels.device
    down = torch.arange(height, device=device, dtype=torch.float32)[:, None] - (height - 1) / 2
    right = torch.arange(width, device=device, dtype=torch.float32) - (width - 1) / 2
    place = torch.as_tensor(move.place, device=device)[which, :, :, None, None]
    places = place[:, :, 0] * down + place[:, :, 1] * right + place[:, :, 2]
    if move.displacement is not None:
        places = places + torch.as_tensor(move.displacement, device=device)[which].permute(0, 3, 1, 2)
    rows, columns = (_inside(places[:, axis], side, move.fill) for axis, side in enumerate((height, width)))
    around = _surround(pixels, move.fill)
    top, left = rows.long(), columns.long()
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    sample = torch.arange(len(pixels), device=device)[:, None, None]
    above, below = (
        torch.lerp(around[sample, row, left], around[sample, row, left + 1], right) for row in (top, top + 1)
    )
    return torch.lerp(above, below, down)


def _surround(patches: Tensor, fill: str) -> Tensor:
    """One pixel more before and two after, as in the kernel."""
    channels_first = patches.permute(0, 3, 1, 2)
    if fill in ("black", "white"):
        padded = torch.nn.functional.pad(channels_first, (1, 2, 1, 2), value=0.0 if fill == "black" else 255.0)
    else:
        padded = torch.nn.functional.pad(channels_first, (1, 2, 1, 2), mode="replicate")
    return padded.permute(0, 2, 3, 1)


def _inside(places: Tensor, side: int, fill: str) -> Tensor:
    """Bring places onto what `_surround` made, and count them from its first pixel."""
    if fill == "reflect":
        folded = (places + 0.5).abs().remainder(2 * side)
        places = torch.minimum(folded, 2 * side - folded) - 0.5
    low, high = (-1, side) if fill in ("black", "white") else (0, side - 1)
    return places.clamp(low, high) + 1
