"""Decode JPEG files so that damage is an error and not a warning that nobody sees.

Pillow hides libjpeg's warnings about damaged files and fills the missing area with grey. simplejpeg uses the same
libjpeg-turbo and raises an error instead. It gives the same pixels as Pillow (`tests/data/formats/test_jpeg.py`) and is
faster.

ITU-T T.81, *Digital compression and coding of continuous-tone still images*, 1992.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import simplejpeg

from histo_core.data.formats.jpeg_scan import check_coefficients

_DAMAGE = ("corrupt jpeg data", "premature end", "inconsistent progression", "invalid sos")
"""Beginnings of libjpeg's warnings about lost pixels; other warnings concern only the header, such as an unknown
version of JFIF."""
_NO_END = "premature end of jpeg file"
_SCAN = b"\xff\xda"
MAX_SCANS = 100
"""Progressive files have about ten; each takes 12 ms for an image of 25 million pixels."""
_END = b"\xff\xd9"
_DIRECT = ("Gray", "YCbCr", "RGB")
"""Colour spaces that libjpeg itself converts to RGB."""


def check_scans(content: bytes) -> None:
    """Refuse a file with so many scans that decoding would not end, because each scan covers the whole image.

    Raises:
        ValueError: there may be more than `MAX_SCANS`.
    """
    scans = content.count(_SCAN)  # inside a scan, a byte 0xFF is followed only by zero or by a marker's byte
    if scans > MAX_SCANS:
        raise ValueError(f"it has {scans:,} scans, and at most {MAX_SCANS} are decoded")


def decode_jpeg(content: bytes, size: tuple[int, int]) -> np.ndarray | None:
    """Decode a JPEG file.

    A file that lacks only the closing marker counts as complete.

    Args:
        content: the file.
        size: width and height in pixels, which were checked beforehand.

    Returns:
        uint8 H x W x 3 RGB; None where only Pillow can read the file: colours that must be converted (CMYK, whose
        stream is checked), another size according to libjpeg, or an unusual header (whose stream is not checked).

    Raises:
        ValueError: damaged; the text is libjpeg's own, or that of `jpeg_scan`.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:
        return None
    if (width, height) != size:
        return None
    if colours in _DIRECT:
        pixels = _strictly(content, colorspace="RGB")
        check_coefficients(content)
        return pixels
    _strictly(content, colorspace="CMYK")
    check_coefficients(content)
    return None


def check_stream(content: bytes, largest: tuple[int, int]) -> None:
    """Check a JPEG stream inside another file: decode it to its end at an eighth of its size.

    Args:
        content: the stream.
        largest: maximum width and height in pixels.

    Raises:
        ValueError: damaged, or larger.
    """
    try:
        height, width = (int(side) for side in simplejpeg.decode_jpeg_header(content)[:2])
    except ValueError:
        return
    check_scans(content)
    if width > largest[0] or height > largest[1]:
        raise ValueError(f"it holds a JPEG stream of {width:,} x {height:,} pixels")
    _strictly(content, colorspace="GRAY", min_height=1, min_width=1)
    check_coefficients(content)


def _strictly(content: bytes, **options: Any) -> np.ndarray | None:
    """Decode; return None where libjpeg rejects the file for a reason other than lost pixels."""
    try:
        return simplejpeg.decode_jpeg(content, **options)
    except ValueError as error:
        said = str(error).lower()
        if said.startswith(_NO_END) and not content.endswith(_END):
            return _strictly(content + _END, **options)
        if said.startswith(_DAMAGE):
            raise
        return None
