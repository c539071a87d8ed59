"""Which way up an image is, as EXIF says it.

One rule for every format: pixels are read the way up that viewers show them. Cameras on microscopes and phones write
pixels as the sensor lies and say in EXIF how to turn them.

CIPA DC-008, *Exchangeable image file format (Exif)* 2.32, 2019, tag 0x0112.
"""

from __future__ import annotations

import numpy as np
from PIL.Image import Image

TAG = 0x0112
_UPRIGHT = 1


def orientation(image: Image) -> int:
    """1 to 8 as EXIF numbers them; 1 (upright) where an image says nothing or nonsense."""
    try:
        said = image.getexif().get(TAG, _UPRIGHT)
    except Exception:  # Pillow's parser raises whatever it runs into, and pixels are whole without EXIF
        return _UPRIGHT
    return said if said in range(1, 9) else _UPRIGHT


def upright(pixels: np.ndarray, said: int) -> np.ndarray:
    """Turn and mirror pixels as their orientation asks.

    Args:
        pixels: H x W x channels.
        said: 1 to 8.

    Returns:
        H x W x channels for 1 to 4, W x H x channels for 5 to 8; contiguous.
    """
    if said >= 5:  # first row is a side
        pixels = pixels.swapaxes(0, 1)
    # After that, rows or columns run the other way.
    if said in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if said in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
