"""The child process of `image_child`. Importing this module loads all that decoding needs, once for all processes."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
from PIL import Image

from histo_core.data.formats.images import open_image


def decode(request: bytes) -> bytes:
    """Decode a request (one line with the pixel limit, then the file's bytes) to an array in NumPy's file format."""
    max_pixels, _, content = request.partition(b"\n")
    answer = BytesIO()
    np.save(answer, open_image(content, max_pixels=json.loads(max_pixels)), allow_pickle=False)
    return answer.getvalue()


def _load() -> None:
    """Decode a JPEG, so that the kernel for coefficients is compiled or loaded beforehand, which takes 0.8 s."""
    for kind in ("JPEG", "PNG"):
        file = BytesIO()
        Image.new("RGB", (16, 16)).save(file, kind)
        open_image(file.getvalue())


_load()
