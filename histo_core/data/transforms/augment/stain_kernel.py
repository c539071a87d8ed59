"""Other stains on a CPU: `stain_change` carried out by a table of logarithms and a polynomial for 2^x."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.augment.compiled import compiled
from histo_core.data.transforms.augment.hed_jitter import LEVELS

_LOG2 = np.log2(np.arange(1, LEVELS + 1) / LEVELS).astype(np.float32)
_DARKEST = np.float32(_LOG2[0])
_C0, _C1, _C2, _C3, _C4, _C5, _C6 = (
    np.polynomial.Chebyshev.interpolate(np.exp2, 6, domain=[-0.5, 0.5])
    .convert(kind=np.polynomial.Polynomial)
    .coef.astype(np.float32)
)
"""2^x for x in [-0.5, 0.5], within 1e-8."""
_EXPONENT, _BIAS = np.int32(23), np.int32(127)  # where a float32 keeps its power of two


def stained(batch: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    """Patches in other stains.

    Args:
        batch: uint8 [n, h, w, 3].
        mixing: float32 [n, 3, 4], of `stain_change.mixing`.

    Returns:
        float32 [n, h, w, 3] in 0 to 255, within 2e-4 of what float64 would give.
    """
    result = np.empty(batch.shape, np.float32)
    _stained(np.require(batch, np.uint8, ["C", "W"]), mixing, _LOG2, result)
    return result


@compiled
def _stained(batch: np.ndarray, mixing: np.ndarray, log2: np.ndarray, result: np.ndarray) -> None:
    n, height, width, _ = batch.shape
    row = 3 * width
    light = np.zeros(row + 4, np.float32)  # logarithms of a row, two zeros on either side
    power = np.empty(row, np.float32)
    bits = power.view(np.int32)
    weights, offset = np.zeros((5, row), np.float32), np.empty(row, np.float32)
    for i in range(n):
        _fill(weights, offset, mixing[i])
        patch, changed = batch[i].reshape(-1), result[i].reshape(-1)
        for start in range(0, height * row, row):
            source = patch[start : start + row]
            for j in range(row):
                light[j + 2] = log2[source[j]]
            _mix(light, weights, offset, changed[start : start + row])
            _exp2(changed[start : start + row], power, bits)


@compiled
def _fill(weights: np.ndarray, offset: np.ndarray, mixing: np.ndarray) -> None:
    """Write the mixing as weights of a value's neighbours in a row of red, green, blue, red ...; others stay 0."""
    for channel in range(3):
        for source in range(3):
            weights[source - channel + 2, channel::3] = mixing[channel, source]
        offset[channel::3] = mixing[channel, 3]


@compiled
def _mix(light: np.ndarray, weights: np.ndarray, offset: np.ndarray, mixed: np.ndarray) -> None:
    """Between black and white: 2^x needs no care for what lies outside."""
    far_before, before, own, after, far_after = weights[0], weights[1], weights[2], weights[3], weights[4]
    for j in range(len(mixed)):
        value = (
            far_before[j] * light[j]
            + before[j] * light[j + 1]
            + own[j] * light[j + 2]
            + after[j] * light[j + 3]
            + far_after[j] * light[j + 4]
            + offset[j]
        )
        mixed[j] = min(max(value, _DARKEST), np.float32(0))


@compiled
def _exp2(values: np.ndarray, power: np.ndarray, bits: np.ndarray) -> None:
    """From logarithms, -8 to 0, to levels, in place: the whole part makes the exponent of a float32, the rest a sum.

    ``bits`` are the bytes of ``power``. Two loops, so that both run on several values at a time.
    """
    for j in range(len(values)):
        whole = np.int32(values[j] - np.float32(0.5))
        rest = values[j] - np.float32(whole)
        bits[j] = (whole + _BIAS) << _EXPONENT
        values[j] = _C0 + rest * (_C1 + rest * (_C2 + rest * (_C3 + rest * (_C4 + rest * (_C5 + rest * _C6)))))
    for j in range(len(values)):
        values[j] = values[j] * power[j] * np.float32(LEVELS) - np.float32(1)
