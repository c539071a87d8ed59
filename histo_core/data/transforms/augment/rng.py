"""Random numbers that are a function of (run seed, epoch, sample) alone, whatever the batch and the order."""

from __future__ import annotations

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BITS = np.uint64(11)


def uniform(seed: int, epoch: int, samples: np.ndarray, count: int, *, first: int = 0) -> np.ndarray:
    """Float64 [n, count] uniform in [0, 1), a function of (seed, epoch, sample, ``first`` + column) only.

    A counter-based generator: SplitMix64's output function over a key hashed from the three numbers
    (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
    """
    counters = np.arange(first + 1, first + count + 1, dtype=np.uint64) * GOLDEN
    return (_mix(keys(seed, epoch, samples)[:, None] + counters) >> _BITS) * 2.0**-53


def keys(seed: int, epoch: int, samples: np.ndarray) -> np.ndarray:
    """Uint64 [n]: what each sample's numbers are counted from."""
    key = np.zeros(len(samples), np.uint64)
    for word in (seed, epoch, samples):
        key = _mix(key + GOLDEN + np.asarray(word).astype(np.uint64))
    return key


def _mix(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
