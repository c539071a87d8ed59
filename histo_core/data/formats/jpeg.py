"""JPEG files, decoded so that damage is an error and not a warning that nobody sees.

Pillow swallows what libjpeg says of damaged files and fills the missing part with grey. The same libjpeg-turbo stops
there when simplejpeg asks it. It gives Pillow's pixels (`tests/data/formats/test_jpeg.py`) and takes less time.

ITU-T T.81, *Digital compression and coding of continuous-tone still images*, 1992.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import simplejpeg

from histo_core.data.formats.jpeg_scan import check_coefficients

_DAMAGE = ("corrupt jpeg data", "premature end", "inconsistent progression", "invalid sos")
"""How libjpeg's warnings of lost pixels begin; others are of the header alone, such as an unknown version of JFIF."""
_NO_END = "premature end of jpeg file"
_SCAN = b"\xff\xda"
MAX_SCANS = 100
"""Progressive files have some ten; each takes 12 ms of an image of 25 million pixels."""
_END = b"\xff\xd9"
_DIRECT = ("Gray", "YCbCr", "RGB")
"""Colours that libjpeg itself makes RGB of."""


def check_scans(content: bytes) -> None:
    """Refuse a file with so many scans that decoding would not end: each goes through the whole image.

    Raises:
        ValueError: there may be more than `MAX_SCANS`.
    """
    scans = content.count(_SCAN)  # inside of a scan no byte 0xFF is followed by another than zero or a marker's
    if scans > MAX_SCANS:
        raise ValueError(f"it has {scans:,} scans, and at most {MAX_SCANS} are decoded")


def decode_jpeg(content: bytes, size: tuple[int, int]) -> np.ndarray | None:
    """Decode a JPEG file.

    A file whose closing marker alone is missing is whole.

    Args:
        content: the file.
        size: width and height in pixels that were checked beforehand.

    Returns:
        uint8 H x W x 3 RGB; None where only Pillow can read it: in colours that must be converted (CMYK, whose stream
        is checked), of another size to libjpeg, or with an unusual header (whose stream is not checked).

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
    """Follow a JPEG stream to its end, decoded at an eighth of its size; for streams inside of other files.

    Args:
        content: the stream.
        largest: width and height in pixels that it may have.

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
    """Decode; None where libjpeg does not like the file for another reason than lost pixels."""
    try:
        return simplejpeg.decode_jpeg(content, **options)
    except ValueError as error:
        said = str(error).lower()
        if said.startswith(_NO_END) and not content.endswith(_END):
            return _strictly(content + _END, **options)
        if said.startswith(_DAMAGE):
            raise
        return None
