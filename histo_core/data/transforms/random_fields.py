"""What is drawn for every pixel: displacements and pixels to leave out, by the generator of `random_draws`."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.compiled import compiled
from histo_core.data.transforms.gaussian import gaussians
from histo_core.data.transforms.random_draws import GOLDEN

DISPLACEMENT, DROPPED = np.array([[1 << 32], [1 << 33]], np.uint64)
"""The first number that each is made from; a sample's other numbers come long before."""


def displacements(keys: np.ndarray, size: tuple[int, int], strengths: np.ndarray, width: float) -> np.ndarray:
    """Elastic displacements: noise smoothed by a Gaussian, as if the patch had no edge but went round.

    Paper: Simard, Steinkraus and Platt, Best practices for convolutional neural networks applied to visual document
    analysis, ICDAR 2003; with the strength as a length that can be measured.

    Args:
        keys: uint64 [n], of `random_draws.keys`.
        size: height and width of the patches.
        strengths: float [n], root mean square of the displacement along each axis in pixels; 0 for none.
        width: SD of the Gaussian in pixels.

    Returns:
        float32 [n, h, w, 2], in rows and in columns.
    """
    taps = gaussians(np.array([width]))[0].astype(np.float32)
    result = np.zeros((len(keys), *size, 2), np.float32)
    first = keys + DISPLACEMENT * GOLDEN
    _displacements(first, taps, strengths.astype(np.float32), result)
    return result


def dropped(keys: np.ndarray, size: tuple[int, int], shares: np.ndarray) -> np.ndarray:
    """Bool [n, h, w]: pixels to leave out, each with its sample's chance ``shares``, float [n]."""
    result = np.empty((len(keys), *size), np.bool_)
    _dropped(keys + DROPPED * GOLDEN, shares.astype(np.float64), result)
    return result


@compiled
def _number(state: np.uint64) -> np.uint64:
    """SplitMix64's output function, 64 bits."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled
def _dropped(first: np.ndarray, shares: np.ndarray, result: np.ndarray) -> None:
    for i in range(len(first)):
        state, pixels = first[i], result[i].reshape(-1)
        for j in range(len(pixels)):
            state += GOLDEN
            pixels[j] = np.float64(_number(state) >> np.uint64(11)) * 2.0**-53 < shares[i]


@compiled
def _displacements(first: np.ndarray, taps: np.ndarray, strengths: np.ndarray, result: np.ndarray) -> None:
    n, height, width, _ = result.shape
    noise, smooth = np.empty((height, 2 * width), np.float32), np.empty((height, 2 * width), np.float32)
    reach = len(taps) // 2
    line = np.empty(2 * (width + 2 * reach), np.float32)  # a row that goes round at both ends
    for i in range(n):
        if strengths[i] == 0:
            continue
        _noise(first[i], noise.reshape(-1))
        for a in range(height):
            smooth[a] = 0
            for t in range(len(taps)):
                _add(taps[t], noise[(a + t - reach) % height], smooth[a])
        field, total = result[i].reshape(height, -1), 0.0
        for a in range(height):
            _go_round(smooth[a], line)
            for t in range(len(taps)):
                _add(taps[t], line[2 * t : 2 * t + 2 * width], field[a])
            for j in range(2 * width):
                total += field[a, j] ** 2
        field *= np.float32(strengths[i] / np.sqrt(total / field.size))


@compiled
def _go_round(row: np.ndarray, line: np.ndarray) -> None:
    """Write a row with what stands beyond its ends: the row again."""
    beyond, side = (len(line) - len(row)) // 2, len(row)
    line[beyond : beyond + side] = row
    for j in range(beyond):
        line[beyond - 1 - j] = row[side - 1 - j % side]
        line[beyond + side + j] = row[j % side]


@compiled
def _noise(state: np.uint64, noise: np.ndarray) -> None:
    """Uniform in [-1, 1): the upper half of a number for the row, the lower one for the column."""
    scale = np.float32(2.0**-31)
    for j in range(0, len(noise), 2):
        state += GOLDEN
        number = _number(state)
        noise[j] = np.float32(number >> np.uint64(32)) * scale - np.float32(1)
        noise[j + 1] = np.float32(number & np.uint64(0xFFFFFFFF)) * scale - np.float32(1)


@compiled
def _add(weight: float, values: np.ndarray, total: np.ndarray) -> None:
    for j in range(len(total)):
        total[j] += weight * values[j]
