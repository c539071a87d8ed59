"""Draw random changes of training patches, each from (seed, epoch, sample) alone.

The order of samples, their batch and the number of workers do not change a draw. So a resumed run sees the same patches
as an uninterrupted one.

This module draws parameters; `kernel` and `torch_backend` apply them, with the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment.geometry_change import Move, moves, sample_move
from histo_core.data.transforms.augment.hed_jitter import mixing
from histo_core.data.transforms.augment.rng import keys, uniform
from histo_core.errors import ConfigError

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601, as in Pillow and torchvision; also the first row of NTSC's YIQ."""

_TO_YIQ = np.array([LUMA, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312)])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@dataclass(frozen=True)
class Changes:
    """The drawn changes of a batch.

    They are applied in this order: stains, geometry, blur; then patch x, in 0 to 255 and with mean grey m, becomes
    ``colour x + lift m``, clipped to 0 to 255; then pixels are dropped. A step that is None is skipped.

    Attributes:
        symmetry: int64 [n], 0 to 7: quarter turns counter-clockwise, plus 4 if mirrored left-right first.
        colour: float32 [n, 3, 3], RGB to RGB.
        lift: float32 [n], factor of the mean grey.
        stain: float32 [n, 3, 4], from `hed_jitter.mixing`.
        move: from `geometry_change.sample_move`; it includes the symmetry of the patches that it moves.
        blur: float32 [n], SD in pixels of a Gaussian; 0 for none.
        dropped: bool [n, h, w], pixels that become black.
    """

    symmetry: np.ndarray
    colour: np.ndarray
    lift: np.ndarray
    stain: np.ndarray | None = None
    move: Move | None = None
    blur: np.ndarray | None = None
    dropped: np.ndarray | None = None


def changes_nothing(config: AugmentConfig) -> bool:
    """Return whether all augmentation is switched off."""
    turned, coloured = config.flips or config.quarter_turns, config.jitter or config.hue or config.stain
    return not (turned or coloured or moves(config) or config.blur or config.pixel_dropout)


def draw(config: AugmentConfig, size: tuple[int, int], *, seed: int, epoch: int, samples: np.ndarray) -> Changes:
    """Draw the changes of a batch.

    Brightness b, contrast c and saturation s are each uniform in [1 - jitter, 1 + jitter], hue h in [-hue, hue].
    Saturation scales a pixel's distance from its grey g, contrast that from the patch's mean grey m, brightness that
    from black: ``b (c (s x + (1 - s) g) + (1 - c) m)``. Hue rotates the pixel's chroma by h of a full circle in the I-Q
    plane of NTSC's YIQ, where s scales its length; the grey stays. Stains: see `hed_jitter.mixing`.

    Args:
        config: the ranges and chances.
        size: height and width of the patches.
        seed: seed of the run.
        epoch: counted from 0.
        samples: int [n], the samples' rows in the data set's table, or `sampling_keys` where rows repeat.

    Raises:
        ConfigError: quarter turns of patches that are not square.
    """
    height, width = size
    if config.quarter_turns and height != width:
        raise ConfigError(
            f"augment.quarter_turns needs square patches; these are {width} x {height} pixels.",
            "A quarter turn would change their size.",
            "Set preprocess.crop or preprocess.resize, or turn quarter_turns off.",
        )
    # The use of each column never changes, so that old runs draw the same; new settings get new columns.
    draws = uniform(seed, epoch, samples, 26)
    symmetry = _symmetry(config, draws[:, :3])
    changes = Changes(symmetry, *_colours(config, draws[:, 3:8]))
    if config.stain:
        changes = replace(changes, stain=mixing(draws[:, 8:14], config.stain))
    if config.blur:
        deviation = config.blur * draws[:, 15] * (draws[:, 14] < config.blur_chance)
        changes = replace(changes, blur=deviation.astype(np.float32))
    if moves(config):
        changes = replace(
            changes, move=sample_move(config, size, symmetry, draws[:, 16:25], keys(seed, epoch, samples))
        )
    if config.pixel_dropout:
        from histo_core.data.transforms.augment.elastic_fields import dropped  # numba takes a while to load

        share = config.pixel_dropout * draws[:, 25]
        changes = replace(changes, dropped=dropped(keys(seed, epoch, samples), size, share))
    return changes


@lru_cache(maxsize=8)
def origins(height: int, width: int) -> np.ndarray:
    """Return for each symmetry where the pixels of the result come from.

    Returns:
        int64 [8, 3], in pixels of the flattened patch: index of the first pixel, step to the next one below, step to
        the next one on the right. Those of quarter turns are valid for square patches only.
    """
    last_row, last = (height - 1) * width, height * width - 1
    turned = [(0, width, 1), (width - 1, -1, width), (last, -width, -1), (last_row, 1, -width)]
    mirrored = [(width - 1, width, -1), (0, 1, width), (last_row, -width, 1), (last, -1, -width)]
    return np.array(turned + mirrored, dtype=np.int64)


def _colours(config: AugmentConfig, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return colour and lift of `Changes`."""
    drawn = (2 * draws[:, :4] - 1) * (draws[:, 4:] < config.colour_chance)
    brightness, contrast, saturation = (1 + config.jitter * drawn[:, :3]).T
    angle = 2 * np.pi * config.hue * drawn[:, 3]
    along, across = saturation * np.cos(angle), saturation * np.sin(angle)
    chroma = np.zeros((len(draws), 3, 3))
    chroma[:, 0, 0] = 1
    chroma[:, 1, 1], chroma[:, 1, 2] = along, -across
    chroma[:, 2, 1], chroma[:, 2, 2] = across, along
    colour = (brightness * contrast)[:, None, None] * (_FROM_YIQ @ chroma @ _TO_YIQ)
    lift = brightness * (1 - contrast)
    return colour.astype(np.float32), lift.astype(np.float32)


def _symmetry(config: AugmentConfig, draws: np.ndarray) -> np.ndarray:
    """Return each sample's symmetry of the square, 0 to 7: quarter turns, plus 4 if mirrored first."""
    left_right, up_down = (draws[:, :2] < config.flip_chance).T & config.flips
    up_down &= config.flip_axes == "both"
    turns = (4 * draws[:, 2]).astype(int) * config.quarter_turns
    # Mirroring up-down is mirroring left-right and half a turn.
    return 4 * (left_right ^ up_down) + (turns + 2 * up_down) % 4
