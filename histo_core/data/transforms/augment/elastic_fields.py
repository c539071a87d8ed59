"""What is drawn for every pixel: displacements and pixels to leave out, by the generator of `random_draws`."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.augment.compiled import compiled
from histo_core.data.transforms.augment.gaussian_kernel import smoothed
from histo_core.data.transforms.augment.rng import GOLDEN

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
    noise = np.empty((len(keys), *size, 2), np.float32)
    drawn = strengths > 0
    _noise(keys + DISPLACEMENT * GOLDEN, drawn, noise)
    field = smoothed(noise, width * drawn, "round").reshape(len(keys), -1)
    squares = np.einsum("nj,nj->n", field, field)
    field *= (strengths / np.sqrt(squares / field.shape[1], where=drawn, out=np.ones(len(keys))))[:, None]
    return field.reshape(noise.shape)


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
def _noise(first: np.ndarray, drawn: np.ndarray, noise: np.ndarray) -> None:
    """Uniform in [-1, 1): the upper half of a number for the row, the lower one for the column; else 0."""
    scale = np.float32(2.0**-31)
    for i in range(len(first)):
        state, field = first[i], noise[i].reshape(-1)
        field[:] = 0
        if not drawn[i]:
            continue
        for j in range(0, len(field), 2):
            state += GOLDEN
            number = _number(state)
            field[j] = np.float32(number >> np.uint64(32)) * scale - np.float32(1)
            field[j + 1] = np.float32(number & np.uint64(0xFFFFFFFF)) * scale - np.float32(1)
