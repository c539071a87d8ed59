"""Read an uploaded image in a separate process with limits on time and memory (`limited`)."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np

from histo_core.errors import UnsafeFileError
from histo_core.limited import LimitReachedError, run_limited

SECONDS = 5.0
MEMORY_BYTES = 768 << 20
_TARGET = "histo_core.data.formats.image_worker:decode"


def open_upload(content: bytes, *, max_pixels: int) -> np.ndarray:
    """Read the bytes of an upload; see `open_image` for arguments, result and errors.

    Raises:
        UnsafeFileError: also if it takes more than `SECONDS` or `MEMORY_BYTES`.
    """
    request = json.dumps(max_pixels).encode() + b"\n" + content
    try:
        answer = run_limited(_TARGET, request, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    except LimitReachedError:
        raise UnsafeFileError(
            f"The image was not decoded within {SECONDS:g} s and {MEMORY_BYTES >> 20} MiB of memory.",
            "Patches take milliseconds.",
            "Save it as an 8-bit PNG, or cut it into smaller images.",
        ) from None
    return np.load(BytesIO(answer), allow_pickle=False)
