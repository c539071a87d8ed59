"""Augmented patches for display."""

from __future__ import annotations

import numpy as np

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment.draw import changes_nothing, draw


def augment(batch: np.ndarray, config: AugmentConfig, *, seed: int, epoch: int, samples: np.ndarray) -> np.ndarray:
    """Augment a batch for display: the pixels that training sees, rounded.

    Args:
        batch: uint8 [n, h, w, 3].
        config, seed, epoch, samples: as for `draw`.

    Returns:
        uint8 [n, h, w, 3], a new array.

    Raises:
        ConfigError: quarter turns of patches that are not square.

    Example:
        >>> import numpy as np
        >>> from histo_core.config import AugmentConfig
        >>> from histo_core.data.transforms.preprocess import augment
        >>> patch = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
        >>> only_flips = AugmentConfig(flip_chance=1, quarter_turns=False, jitter=0)
        >>> augment(patch, only_flips, seed=0, epoch=0, samples=np.array([7]))[0, 0, 0].tolist()
        [9, 10, 11]
    """
    if changes_nothing(config):
        return batch.copy()
    from histo_core.data.transforms.augment.kernel import change  # numba takes a while to load

    changes = draw(config, (batch.shape[1], batch.shape[2]), seed=seed, epoch=epoch, samples=samples)
    return (change(batch, changes, mean=(0, 0, 0), spread=(1, 1, 1)) + np.float32(0.5)).astype(np.uint8)
