"""Measure simple pixel statistics of patches: brightness, contrast, colour, sharpness, border."""

from __future__ import annotations

import numpy as np

from histo_core.auditing.stains import ENOUGH, FAINT

SMOOTH = 1 / 16
"""The sharpness of a linear ramp, the lowest possible: steps of 1 px are a quarter of steps of 4 px."""

_REDUCED = 32
"""Colours are measured on patches reduced to about this many pixels a side, which averages JPEG's colour noise."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, JPEG's own
_BORDER = 16
"""The border is a 16th of the side wide."""
_FAR = 4

_RED_OVER_GREEN, _DENSE = 1.25, 0.3
"""Blue and green ink absorb red most: by this factor, and with this optical density. Nuclei absorb green about as much.
Of 8,000 PatchCamelyon patches, 4 have more than a hundredth of such pixels, and all 4 show ink."""
_BLACK, _NEUTRAL = 45, 15
"""Black ink: no channel is above the first limit, no two differ by more than the second. Folds and dark nuclei are
purple."""


def luma(images: np.ndarray) -> np.ndarray:
    """Return the brightness of each pixel: uint8 [n, H, W, 3] -> float32 [n, H, W], 0 to 255."""
    return (images.reshape(-1, 3).astype(np.float32) @ _LUMA).reshape(images.shape[:3])


def measure(images: np.ndarray, grey: np.ndarray) -> dict[str, np.ndarray]:
    """Return the pixel statistics of some patches of one size.

    Args:
        images: uint8 [n, H, W, 3].
        grey: their `luma`, float32 [n, H, W].

    Returns:
        float32 [n] each, shares and levels in 0 to 1:

        brightness, contrast: mean and standard deviation of the luma.
        saturation: mean difference of a pixel's strongest and weakest channel.
        sharpness: mean square step of 1 px over that of 4 px; `SMOOTH` for a linear ramp, 1 for noise.
        background: share of pixels that absorb almost nothing.
        ink: share of pixels with the colour of blue, green or black ink.
        green_share: share of green in the red, green and blue optical density outside the background; haematoxylin
            and eosin both absorb green most. NaN where less than a 20th of the patch is stained.
        border_brightness, border_saturation: brightness and saturation of the outermost 16th.
    """
    channels = _reduce(images)
    density = -np.log10((channels + 1) / 256)
    stained = density.mean(axis=0) > FAINT
    saturation = (channels.max(axis=0) - channels.min(axis=0)) / 255
    brightness = np.tensordot(_LUMA / 255, channels, axes=1)
    border = _border(*channels.shape[2:])
    facts = {
        "brightness": grey.mean(axis=(1, 2)) / 255,
        "contrast": grey.std(axis=(1, 2)) / 255,
        "saturation": saturation.mean(axis=(1, 2)),
        "sharpness": _sharpness(grey),
        "background": 1 - stained.mean(axis=(1, 2)),
        "ink": _ink(channels, density).mean(axis=(1, 2)),
        "green_share": _green_share(density, stained),
        "border_brightness": brightness[:, border].mean(axis=1),
        "border_saturation": saturation[:, border].mean(axis=1),
    }
    return {name: values.astype(np.float32) for name, values in facts.items()}


def _reduce(images: np.ndarray) -> np.ndarray:
    """Return means of square blocks, float32 [3, n, h, w]; incomplete blocks at the right and bottom are left out."""
    height, width = images.shape[1:3]
    block = max(1, min(height, width) // _REDUCED)
    cut = images[:, : height // block * block, : width // block * block]
    rows = np.add.reduce([cut[:, first::block] for first in range(block)], dtype=np.uint32)
    sums = np.add.reduce([rows[:, :, first::block] for first in range(block)])
    return np.ascontiguousarray(np.moveaxis(sums, -1, 0)) / np.float32(block**2)


def _sharpness(grey: np.ndarray) -> np.ndarray:
    """Return the sharpness; 1 where the patch is uniform or too small to measure."""
    fine, coarse = (_mean_square_step(grey, step) for step in (1, _FAR))
    return np.divide(fine, coarse, out=np.ones_like(fine), where=coarse > 0)


def _mean_square_step(grey: np.ndarray, step: int) -> np.ndarray:
    if min(grey.shape[1:]) <= step:
        return np.zeros(len(grey), np.float32)
    down, right = grey[:, step:] - grey[:, :-step], grey[:, :, step:] - grey[:, :, :-step]
    return np.einsum("nhw,nhw->n", down, down) / down[0].size + np.einsum("nhw,nhw->n", right, right) / right[0].size


def _ink(channels: np.ndarray, density: np.ndarray) -> np.ndarray:
    red, green, _ = density
    coloured = (red > _RED_OVER_GREEN * green) & (red > _DENSE)
    strongest = channels.max(axis=0)
    return coloured | ((strongest < _BLACK) & (strongest - channels.min(axis=0) < _NEUTRAL))


def _green_share(density: np.ndarray, stained: np.ndarray) -> np.ndarray:
    sums = (density * stained).sum(axis=(2, 3))
    enough = stained.mean(axis=(1, 2)) >= ENOUGH
    return np.divide(sums[1], sums.sum(axis=0), out=np.full(len(enough), np.nan, np.float32), where=enough)


def _border(height: int, width: int) -> np.ndarray:
    """Return the mask of the border, bool [height, width]."""
    border = np.ones((height, width), bool)
    rows, columns = max(1, height // _BORDER), max(1, width // _BORDER)
    border[rows : height - rows, columns : width - columns] = False
    return border
