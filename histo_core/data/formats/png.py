"""Find truncated or changed PNG files that Pillow reads without an error.

Pillow stops at the last byte of the compressed pixels, leaves missing rows black and does not compare their checksum.

W3C, *Portable Network Graphics (PNG) Specification*, third edition, 2025, sections 5.3 (chunks) and 10 (compression).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

MAX_CHUNKS = 100_000
"""An image of 25 million pixels has 37,000 chunks of 4 KiB; Pillow reads them one by one, in Python."""
_SIGNATURE_BYTES = 8
_PIXELS = b"IDAT"
_CHECKED = (b"IHDR", b"PLTE", b"tRNS", _PIXELS)
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels of each colour type."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column, first row, column step and row step of each pass."""


def check_chunks(content: bytes) -> None:
    """Verify the checksum of each chunk that pixels depend on.

    Raises:
        ValueError: a chunk is changed or truncated, or there are more than `MAX_CHUNKS`.
    """
    view = memoryview(content)
    for number, (kind, start, end) in enumerate(_chunks(content)):
        if number == MAX_CHUNKS:
            raise ValueError(f"it has more than {MAX_CHUNKS:,} chunks")
        if kind in _CHECKED:
            if end + 4 > len(content):
                raise ValueError(f"its {kind.decode()} chunk is cut short")
            if zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
                raise ValueError(f"a checksum of its {kind.decode()} chunks is wrong")


def check_rows(content: bytes) -> None:
    """Unpack the pixels and count their bytes. It takes half as long as decoding.

    Raises:
        ValueError: there are fewer than the header says.
    """
    needed = _needed_bytes(*struct.unpack(">IIBBxxB", content[16:29]))
    unpacking, found = zlib.decompressobj(), 0
    for kind, start, end in _chunks(content):
        if kind == _PIXELS and not unpacking.eof:
            waiting = content[start:end]
            while waiting and found < needed:
                found += len(unpacking.decompress(waiting, 1 << 20))
                waiting = unpacking.unconsumed_tail
    if found < needed:
        raise ValueError(f"its pixels end after {found:,} of {needed:,} bytes")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's type and where its data begin and end."""
    place = _SIGNATURE_BYTES
    while place + 8 <= len(content):
        kind, start = content[place + 4 : place + 8], place + 8
        end = start + int.from_bytes(content[place : place + 4], "big")
        yield kind, start, end
        place = end + 4


def _needed_bytes(width: int, height: int, depth: int, colour: int, interlaced: int) -> int:
    """Return the bytes of all rows, each with its filter byte."""
    bits = depth * _CHANNELS[colour]
    total = 0
    for left, top, right, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total
