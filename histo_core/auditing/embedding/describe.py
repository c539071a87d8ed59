"""Define the type of functions that turn patches into features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Describe = Callable[[Sequence[np.ndarray] | np.ndarray], np.ndarray]
"""Maps patches, uint8 H x W x 3 RGB each, to features, float32 [n, d]."""
