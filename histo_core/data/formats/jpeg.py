"""Decode JPEG files so that damage is an error and not a warning that nobody sees.

Pillow hides libjpeg's warnings about damaged files and fills the missing area with grey. simplejpeg uses the same
libjpeg-turbo and raises an error instead. It gives the same pixels as Pillow (`tests/data/formats/test_jpeg.py`) and is
faster.

A wrong byte turns Huffman codes into other codes, most of which are legal. libjpeg warns only about an illegal code, or
about data that end too early or too late. So the coefficients of baseline files are checked, too: a block has at most
64 of them, and none is larger than pixels of 8 bits allow.

ITU-T T.81, *Digital compression and coding of continuous-tone still images*, 1992: B.2 (segments), F.2.2 (decoding).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import simplejpeg

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
_BASELINE, _OTHER_FRAMES = (0xC0, 0xC1), (0xC2, 0xC3, 0xC5, 0xC6, 0xC7, *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_MOST_TABLES = 1 << 16
"""Most bytes of all tables; eight of each kind take less than five thousand."""
_HUFFMAN, _START, _QUANTISATION, _RESTART = 0xC4, 0xDA, 0xDB, 0xDD


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
        ValueError: damaged, with libjpeg's text or that of `check_coefficients`; or too many scans.
    """
    check_scans(content)
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


class _Scan(NamedTuple):
    """The first scan of a file, as arguments of `jpeg_kernel.walk`."""

    start: int
    units: int
    component: np.ndarray
    tables: np.ndarray
    steps: np.ndarray
    codes: np.ndarray
    values: np.ndarray
    restart: int


def check_coefficients(content: bytes) -> None:
    """Check a baseline JPEG of 8 bits a channel and one scan; other files are not checked.

    Damage that libjpeg reports itself is not repeated here.

    Raises:
        ValueError: damaged.
    """
    try:
        scan = _first_scan(content)
    except (IndexError, KeyError, ValueError):  # a header that libjpeg reads differently
        return
    if scan is None:
        return
    from histo_core.data.formats import jpeg_kernel  # here, because numba takes a while to load

    fault = jpeg_kernel.walk(np.frombuffer(content, np.uint8), *scan)
    if fault == jpeg_kernel.TOO_MANY:
        raise ValueError("a block has more than 64 coefficients")
    if fault == jpeg_kernel.TOO_LARGE:
        raise ValueError("a coefficient is larger than pixels can give")


def _first_scan(content: bytes) -> _Scan | None:
    """Return what is needed to decode the first scan; None where it is not baseline or not the only one."""
    place, restart, frame, huffman, quantisation = 2, 0, b"", b"", b""
    while place + 4 <= len(content) and content[place] == 0xFF:
        kind, end = content[place + 1], place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        body = content[place + 4 : end]
        if kind in _OTHER_FRAMES:
            return None
        if kind in _BASELINE:
            frame = body
        elif kind == _HUFFMAN:
            huffman += body
        elif kind == _QUANTISATION:
            quantisation += body
        elif kind == _RESTART:
            restart = int.from_bytes(body[:2], "big")
        elif kind == _START:
            blocks = _blocks(frame, body)
            if blocks is None:
                return None
            units, block = blocks
            steps = _steps(quantisation)[block[:, 3]]
            return _Scan(end, units, block[:, 0], block[:, 1:3], steps, *_codes(huffman), restart)
        if len(huffman) + len(quantisation) > _MOST_TABLES:
            return None  # each segment is appended to those before it
        place = end
    return None


@lru_cache(maxsize=64)  # files of one data set have the same tables
def _codes(body: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read Huffman tables: for each length the first and last code and the index of its first value (annex C)."""
    codes, values = np.full((8, 3, 16), -1, np.int64), np.zeros((8, 256), np.int64)
    place = 0
    while place + 17 <= len(body):
        table = (body[place] >> 4 & 1) * 4 + (body[place] & 3)
        code = at = 0
        codes[table] = -1
        for length, count in enumerate(body[place + 1 : place + 17]):
            if count:
                codes[table, :, length] = code, code + count - 1, at
            code, at = (code + count) << 1, at + count
        kept = body[place + 17 : place + 17 + min(at, 256)]
        values[table, : len(kept)] = np.frombuffer(kept, np.uint8)
        place += 17 + at
    return codes, values


@lru_cache(maxsize=64)
def _steps(body: bytes) -> np.ndarray:
    """Read quantisation tables of 8 or 16 bits, float64 [4, 64] (B.2.4.1)."""
    steps, place = np.ones((4, 64)), 0
    while place < len(body):
        kind = np.dtype(">u2" if body[place] >> 4 else np.uint8)
        read = np.frombuffer(body[place + 1 : place + 1 + 64 * kind.itemsize], kind)
        steps[body[place] & 3, : len(read)] = read
        place += 1 + 64 * kind.itemsize
    return steps


def _blocks(frame: bytes, scan: bytes) -> tuple[int, np.ndarray] | None:
    """Return the number of units, and int64 [b, 4]: component, two Huffman tables and steps of each block."""
    if len(frame) < 9 or frame[0] != 8:
        return None
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    parts = {frame[at]: (frame[at + 1] >> 4, frame[at + 1] & 15, frame[at + 2] & 3) for at in range(6, len(frame), 3)}
    chosen = [(scan[at], scan[at + 1]) for at in range(1, 1 + 2 * scan[0], 2)]
    if len(chosen) != len(parts) or not height or not width:
        return None  # several scans, or the height is given later
    alone = len(chosen) == 1  # sampling factors then do not matter (A.2.2)
    across = 1 if alone else max(one[0] for one in parts.values())
    down = 1 if alone else max(one[1] for one in parts.values())
    block: list[tuple[int, int, int, int]] = []
    for number, (name, tables) in enumerate(chosen):
        horizontal, vertical, steps = parts[name]
        count = 1 if alone else horizontal * vertical
        block += [(number, tables >> 4 & 3, 4 + (tables & 3), steps)] * count
    return -(-width // (8 * across)) * -(-height // (8 * down)), np.array(block)
