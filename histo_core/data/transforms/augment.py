"""Random changes to training patches, each drawn from (seed, epoch, sample) alone.

The order of samples, the batch they come in and the number of workers do not change a draw, so that a resumed run
sees what the uninterrupted one would have seen.

This module draws; `augment_kernel` and `augment_torch` carry out what was drawn, with the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from histo_core.config import AugmentConfig
from histo_core.data.transforms import stain_change
from histo_core.data.transforms.random_draws import uniform
from histo_core.errors import ConfigError

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601, as in Pillow and torchvision; also the first row of NTSC's YIQ."""

_TO_YIQ = np.array([LUMA, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312)])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@dataclass(frozen=True)
class Changes:
    """What a batch's samples drew.

    The stains change first. Then patch x, in 0 to 255 and with mean grey m, becomes ``colour x + lift m``, clipped to 0
    to 255 once at the end.

    Attributes:
        symmetry: int64 [n], 0 to 7: quarter turns counter-clockwise, plus 4 where it is mirrored left-right first.
        colour: float32 [n, 3, 3], RGB to RGB.
        lift: float32 [n], of the mean grey.
        stain: float32 [n, 3, 4], of `stain_change.mixing`; none where stains stay.
    """

    symmetry: np.ndarray
    colour: np.ndarray
    lift: np.ndarray
    stain: np.ndarray | None = None


def changes_nothing(config: AugmentConfig) -> bool:
    """Whether everything is switched off."""
    return not (config.flips or config.quarter_turns or config.jitter or config.hue or config.stain)


def draw(config: AugmentConfig, size: tuple[int, int], *, seed: int, epoch: int, samples: np.ndarray) -> Changes:
    """Draw the changes of a batch.

    Brightness b, contrast c and saturation s are each uniform in [1 - jitter, 1 + jitter], hue h in [-hue, hue].
    Saturation moves a pixel from its grey g, contrast from the patch's mean grey m, brightness from black:
    ``b (c (s x + (1 - s) g) + (1 - c) m)``. Hue turns the pixel's chroma by h of a full circle in the I-Q plane of
    NTSC's YIQ, where s is its length; the grey stays. Stains: see `stain_change.mixing`.

    Args:
        config: what may change.
        size: height and width of the patches.
        seed: of the run.
        epoch: counted from 0.
        samples: int [n], the samples' rows in the data set's table, or `draw_keys` where rows repeat.

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
    draws = uniform(seed, epoch, samples, 7)
    brightness, contrast, saturation = (1 + config.jitter * (2 * draws[:, 3:6] - 1)).T
    angle = 2 * np.pi * config.hue * (2 * draws[:, 6] - 1)
    along, across = saturation * np.cos(angle), saturation * np.sin(angle)
    chroma = np.zeros((len(draws), 3, 3))
    chroma[:, 0, 0] = 1
    chroma[:, 1, 1], chroma[:, 1, 2] = along, -across
    chroma[:, 2, 1], chroma[:, 2, 2] = across, along
    colour = (brightness * contrast)[:, None, None] * (_FROM_YIQ @ chroma @ _TO_YIQ)
    lift = brightness * (1 - contrast)
    stain = None
    if config.stain:
        stain = stain_change.mixing(uniform(seed, epoch, samples, 6, first=8), config.stain)
    return Changes(_symmetry(config, draws[:, :3]), colour.astype(np.float32), lift.astype(np.float32), stain)


def augment(batch: np.ndarray, config: AugmentConfig, *, seed: int, epoch: int, samples: np.ndarray) -> np.ndarray:
    """A changed batch to look at: the pixels that training sees, rounded.

    Args:
        batch: uint8 [n, h, w, 3].
        config, seed, epoch, samples: as for `draw`.

    Returns:
        uint8 [n, h, w, 3], a new array.

    Raises:
        ConfigError: quarter turns of patches that are not square.
    """
    if changes_nothing(config):
        return batch.copy()
    from histo_core.data.transforms.augment_kernel import (
        change,  # numba takes a while to load, and most pages do without
    )

    changes = draw(config, (batch.shape[1], batch.shape[2]), seed=seed, epoch=epoch, samples=samples)
    return (change(batch, changes, mean=(0, 0, 0), spread=(1, 1, 1)) + np.float32(0.5)).astype(np.uint8)


@lru_cache(maxsize=8)
def origins(height: int, width: int) -> np.ndarray:
    """For each symmetry, where the pixels of the result come from.

    Returns:
        int64 [8, 3], in pixels of the flat patch: where the first one lies, and the step from one to the next below
        and on the right. A quarter turn's are of use for square patches only.
    """
    last_row, last = (height - 1) * width, height * width - 1
    turned = [(0, width, 1), (width - 1, -1, width), (last, -width, -1), (last_row, 1, -width)]
    mirrored = [(width - 1, width, -1), (0, 1, width), (last_row, -width, 1), (last, -1, -width)]
    return np.array(turned + mirrored, dtype=np.int64)


def _symmetry(config: AugmentConfig, draws: np.ndarray) -> np.ndarray:
    """Which of the square's eight symmetries each sample drew: quarter turns, plus four when mirrored first."""
    left_right, up_down = (draws[:, :2] < 0.5).T & config.flips
    turns = (4 * draws[:, 2]).astype(int) * config.quarter_turns
    # Up-down is left-right and half a turn.
    return 4 * (left_right ^ up_down) + (turns + 2 * up_down) % 4
