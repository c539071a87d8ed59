"""Augmented patches to look at."""

from __future__ import annotations

import numpy as np

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment.draw import changes_nothing, draw


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
    from histo_core.data.transforms.augment.kernel import change  # numba takes a while to load

    changes = draw(config, (batch.shape[1], batch.shape[2]), seed=seed, epoch=epoch, samples=samples)
    return (change(batch, changes, mean=(0, 0, 0), spread=(1, 1, 1)) + np.float32(0.5)).astype(np.uint8)
