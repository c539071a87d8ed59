"""What turns patches into features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Describe = Callable[[Sequence[np.ndarray] | np.ndarray], np.ndarray]
"""uint8 H x W x 3 RGB each to float32 [n, d]."""
