"""Turn images upright by their EXIF orientation.

One rule for every format: pixels are read as viewers show them. Cameras on microscopes and phones store pixels as the
sensor is mounted and give the rotation in EXIF.

CIPA DC-008, *Exchangeable image file format (Exif)* 2.32, 2019, tag 0x0112.
"""

from __future__ import annotations

import numpy as np
from PIL.Image import Image

TAG = 0x0112
_UPRIGHT = 1


def orientation(image: Image) -> int:
    """Return the orientation, 1 to 8 as in EXIF; 1 (upright) where it is missing or invalid."""
    try:
        said = image.getexif().get(TAG, _UPRIGHT)
    except Exception:  # Pillow's parser raises many types, and pixels are valid without EXIF
        return _UPRIGHT
    return said if said in range(1, 9) else _UPRIGHT


def upright(pixels: np.ndarray, said: int) -> np.ndarray:
    """Turn and mirror pixels according to their orientation.

    Args:
        pixels: H x W x channels.
        said: 1 to 8.

    Returns:
        H x W x channels for 1 to 4, W x H x channels for 5 to 8; contiguous.
    """
    if said >= 5:  # the first row is a side
        pixels = pixels.swapaxes(0, 1)
    # Then rows or columns may run backwards.
    if said in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if said in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
