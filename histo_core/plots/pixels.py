"""Embed images in figures."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from PIL import Image


def data_uri(pixels: np.ndarray, kind: str = "PNG", **options: int) -> str:
    """Return an image as a data URI, so that a figure contains it.

    Args:
        pixels: uint8 H x W x 3 or 4.
        kind: PNG (lossless) or JPEG.
        options: options of Pillow's writer, such as ``quality``.
    """
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
