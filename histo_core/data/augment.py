"""Random changes to training patches, each drawn from (seed, epoch, sample) alone.

The order of samples, the batch they come in and the number of workers do not change a draw, so that a resumed run
sees what the uninterrupted one would have seen.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from histo_core.config import AugmentConfig
from histo_core.errors import ConfigError

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as in Pillow and torchvision."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BITS = np.uint64(11)


def augment(batch: np.ndarray, config: AugmentConfig, *, seed: int, epoch: int, samples: np.ndarray) -> np.ndarray:
    """Flip, turn and jitter a batch.

    Brightness b, contrast c and saturation s are each uniform in [1 - jitter, 1 + jitter]. Saturation moves a pixel
    from its grey g, contrast from the patch's mean grey m, brightness from black, clipped once at the end:
    ``b (c (s x + (1 - s) g) + (1 - c) m)``.

    Args:
        batch: uint8 [n, h, w, 3].
        config: what may change.
        seed: of the run.
        epoch: counted from 0.
        samples: int [n], the samples' rows in the data set's table.

    Returns:
        uint8 [n, h, w, 3], a new array.

    Raises:
        ConfigError: quarter turns of patches that are not square.
    """
    height, width = batch.shape[1:3]
    if config.quarter_turns and height != width:
        raise ConfigError(
            f"augment.quarter_turns needs square patches; these are {width} x {height} pixels.",
            "A quarter turn would change their size.",
            "Set preprocess.crop or preprocess.resize, or turn quarter_turns off.",
        )
    draws = uniform(seed, epoch, samples, 6)
    symmetries = _pixel_maps(height, width)
    factors = 1 + config.jitter * (2 * draws[:, 3:] - 1)
    changed = np.empty_like(batch)
    scratch = np.empty((2, height * width, 3), np.float32)
    # One patch at a time stays in the processor's cache, and cannot depend on its neighbours.
    for before, after, symmetry, (brightness, contrast, saturation) in zip(
        batch, changed, _symmetry(config, draws[:, :3]), factors, strict=True
    ):
        np.take(before.reshape(-1, 3), symmetries[symmetry], axis=0, out=after.reshape(-1, 3), mode="clip")
        if config.jitter:
            _jitter(after.reshape(-1, 3), brightness, contrast, saturation, scratch)
    return changed


def uniform(seed: int, epoch: int, samples: np.ndarray, count: int) -> np.ndarray:
    """Float64 [n, count] uniform in [0, 1), a function of (seed, epoch, sample, column) only.

    A counter-based generator: SplitMix64's output function over a key hashed from the three numbers
    (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
    """
    key = np.zeros(len(samples), np.uint64)
    for word in (seed, epoch, samples):
        key = _mix(key + _GOLDEN + np.asarray(word).astype(np.uint64))
    counters = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    return (_mix(key[:, None] + counters) >> _BITS) * 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _symmetry(config: AugmentConfig, draws: np.ndarray) -> np.ndarray:
    """Which of the square's eight symmetries each sample drew: quarter turns, plus four when mirrored first."""
    left_right, up_down = (draws[:, :2] < 0.5).T & config.flips
    turns = (4 * draws[:, 2]).astype(int) * config.quarter_turns
    # Up-down is left-right and half a turn.
    return 4 * (left_right ^ up_down) + (turns + 2 * up_down) % 4


@lru_cache(maxsize=8)
def _pixel_maps(height: int, width: int) -> tuple[np.ndarray, ...]:
    """For each symmetry, where the pixels of the result come from, as indices into the flat patch."""
    pixels = np.arange(height * width).reshape(height, width)
    return tuple(np.rot90(first, turns).ravel() for first in (pixels, np.fliplr(pixels)) for turns in range(4))


def _jitter(patch: np.ndarray, brightness: float, contrast: float, saturation: float, scratch: np.ndarray) -> None:
    """Change one patch, uint8 [pixels, 3], in place: all three factors are one matrix and one offset.

    ``scratch``, float32 [2, pixels, 3], is overwritten; fresh memory for each patch would take as long as the sums.
    """
    pixels, changed = scratch
    pixels[:] = patch
    mean_grey = np.full(len(pixels), 1 / len(pixels), np.float32) @ pixels @ _LUMA
    matrix = brightness * contrast * (saturation * np.eye(3) + (1 - saturation) * _LUMA[:, None])
    np.matmul(pixels, matrix.astype(np.float32), out=changed)
    changed += np.float32(brightness * (1 - contrast) * mean_grey + 0.5)  # rounds when cut to uint8
    patch[:] = changed.clip(0, 255, out=changed)
