"""Pixels that are missing or changed, where Pillow says nothing."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from histo_core.data.formats.images import open_image
from histo_core.errors import CorruptDataError

SIDE = 32
RGB = np.random.default_rng(0).integers(1, 256, (SIDE, SIDE, 3), np.uint8)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows: bytes, interlaced: int = 0, *, packed: bytes | None = None) -> bytes:
    """A PNG of 32 x 32 pixels in RGB with valid checksums and a valid end, whatever it holds."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, interlaced)
    body = zlib.compress(rows) if packed is None else packed
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def rows(count: int, pixels: np.ndarray = RGB) -> bytes:
    """Rows as PNG packs them: a byte for the filter (0 is none), then the pixels."""
    return b"".join(b"\0" + row.tobytes() for row in pixels[:count])


def adam7(pixels: np.ndarray) -> bytes:
    """All seven passes of an interlaced PNG."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    return b"".join(rows(SIDE, pixels[top::down, left::right]) for top, left, down, right in passes)


def saved(kind: str, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(RGB).save(file, kind, **options)
    return file.getvalue()


def tiff(**options: Any) -> bytes:
    file = BytesIO()
    tifffile.imwrite(file, RGB, photometric="rgb", **options)
    return file.getvalue()


def changed(content: bytes, tag: int, *, count: int | None = None, value: int | None = None) -> bytes:
    """A little-endian TIFF with another count or value of a tag."""
    made = bytearray(content)
    (start,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, start)
    for place in range(start + 2, start + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", content, place)[0] == tag:
            if count is not None:
                struct.pack_into("<I", made, place + 4, count)
            if value is not None:
                struct.pack_into("<HII", made, place + 2, 4, 1, value)
    return bytes(made)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def deflated_row() -> bytes:
    """A TIFF whose packed strip ends, as it should, after one row."""
    whole, strip = tiff(compression="zlib"), zlib.compress(RGB[:1].tobytes())
    with tifffile.TiffFile(BytesIO(whole)) as file:
        start = file.pages.first.dataoffsets[0]
    return changed(whole[:start] + strip + whole[start + len(strip) :], 279, value=len(strip))


STRIPS = tiff(rowsperstrip=8)
BYTE_COUNTS, OFFSETS = 279, 273


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (png(rows(10)), "its pixels end after 970 of 3,104 bytes"),
        (png(rows(SIDE)[:-1]), "truncated|its pixels end"),
        (png(adam7(RGB)[: -10 * 97], 1), "its pixels end after"),
        (png(b"", packed=zlib.compress(rows(SIDE))[:-900]), "truncated|broken"),
        (png(rows(SIDE))[:-700], "cut short|truncated"),
        (flipped(png(rows(SIDE)), 500), "checksum"),
        (flipped(saved("PNG"), 20), "checksum|claims"),
        (changed(tiff(), BYTE_COUNTS, value=SIDE * 3), "a strip has 96 of 3,072 bytes"),
        (changed(tiff(), BYTE_COUNTS, value=0), "a strip has 0 of 3,072 bytes"),
        (changed(tiff(tile=(16, 16)), 325, count=3), "it has 3 of 4 tiles"),
        (changed(changed(STRIPS, OFFSETS, count=2), BYTE_COUNTS, count=2), "it has 2 of 4 strips"),
        (changed(STRIPS, BYTE_COUNTS, count=3), "it has 3 of 4 strips"),
        (tiff()[:-1000], "cannot be decoded"),
        (deflated_row(), "cannot be decoded"),
        (saved("TIFF", compression="tiff_lzw")[:1500], "cannot be decoded"),
        (saved("BMP")[:-100], "truncated"),
        (saved("WEBP")[:-100], "cannot be decoded"),
        (saved("WEBP", lossless=True)[:-100], "cannot be decoded"),
    ],
)
def test_damage_is_named(content: bytes, says: str) -> None:
    with pytest.raises(CorruptDataError, match=says) as caught:
        open_image(content)
    assert "Copy it again" in caught.value.remedy


def test_jpeg_inside_of_tiff_is_followed_to_its_end() -> None:
    smooth = np.asarray(Image.fromarray(RGB[:4, :4]).resize((256, 256)))
    file = BytesIO()
    Image.fromarray(smooth).save(file, "TIFF", compression="jpeg")
    whole = file.getvalue()
    np.testing.assert_array_equal(open_image(whole), np.asarray(Image.open(BytesIO(whole)).convert("RGB")))
    with tifffile.TiffFile(BytesIO(whole)) as read:
        start, length = read.pages.first.dataoffsets[0], read.pages.first.databytecounts[0]
    half = start + length // 2
    cut = whole[:half] + b"\xff\xd9" + bytes(start + length - half - 2) + whole[start + length :]
    Image.open(BytesIO(cut)).load()  # which says nothing
    with pytest.raises(CorruptDataError, match="cannot be decoded"):
        open_image(cut)


@pytest.mark.parametrize("last", [0, 255])
@pytest.mark.parametrize("interlaced", [0, 1])
def test_whole_files_that_end_in_black_or_white_are_read(last: int, interlaced: int) -> None:
    pixels = RGB.copy()
    pixels[-8:] = last
    content = png(adam7(pixels) if interlaced else rows(SIDE, pixels), interlaced)
    np.testing.assert_array_equal(open_image(content), pixels)


def test_what_harms_no_pixel_is_no_damage() -> None:
    whole = png(rows(SIDE))
    divided = whole.replace(whole[33:-12], b"".join(chunk(b"IDAT", part) for part in halves(zlib.compress(rows(SIDE)))))
    for content in (whole[:-12], whole + b"more", divided):
        np.testing.assert_array_equal(open_image(content), RGB)
    several = tiff(rowsperstrip=5)
    np.testing.assert_array_equal(open_image(several + b"more"), RGB)


def halves(content: bytes) -> tuple[bytes, bytes, bytes]:
    middle = len(content) // 2
    return content[:middle], b"", content[middle:]


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(
    kind=st.sampled_from(["PNG", "TIFF", "BMP", "JPEG", "WEBP"]),
    share=st.floats(0, 0.97),
)
def test_a_file_cut_anywhere_is_named(kind: str, share: float) -> None:
    """PNG and JPEG keep nothing behind the pixels but their last marker; Pillow writes a TIFF's tags first."""
    content = saved(kind)
    with pytest.raises(CorruptDataError):
        open_image(content[: max(int(share * len(content)), 16)])


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(place=st.floats(0, 1), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_pngs_pixels_is_named(place: float, bit: int) -> None:
    content = bytearray(png(rows(SIDE)))
    content[41 + int(place * (len(content) - 41 - 17))] ^= 1 << bit  # behind IHDR, the chunk's length and kind
    with pytest.raises(CorruptDataError):
        open_image(bytes(content))
