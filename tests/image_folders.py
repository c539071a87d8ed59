"""Folders of noisy images, one a class, for tests that need files and no tissue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def image_folders(
    root: Path,
    counts: Mapping[str, int],
    size: tuple[int, int] = (32, 32),
    *,
    first: tuple[int, int] | None = None,
    seed: int = 0,
) -> Path:
    """Make ``root``, with a folder of so many PNG files for each name; ``size`` and ``first`` are height and width.

    ``first`` is the size of the first image of each folder, where it differs from the others'.
    """
    rng = np.random.default_rng(seed)
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (*(size if number or first is None else first), 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root
