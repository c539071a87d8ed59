"""Images, good and hostile."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from histo_core.data.formats.images import open_image
from histo_core.errors import CorruptDataError, DataError, DataNotFoundError, UnsafeFileError

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pixels_come_back_from_bytes_and_from_a_path(kind: str, tmp_path: Path) -> None:
    content = encoded(Image.fromarray(RGB), kind)
    (tmp_path / "no matter.what").write_bytes(content)
    for source in (content, tmp_path / "no matter.what"):
        image = open_image(source)
        assert image.dtype == np.uint8
        assert image.flags.writeable
        np.testing.assert_array_equal(image, RGB)


def test_jpeg_is_what_pillow_decodes() -> None:
    content = encoded(Image.fromarray(RGB), "JPEG", quality=95)
    np.testing.assert_array_equal(open_image(content), np.asarray(Image.open(BytesIO(content))))


def test_transparent_pixels_lie_over_white() -> None:
    rgba = np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)])
    rgba[0, 0] = (10, 20, 30, 0)
    rgba[0, 1] = (0, 0, 0, 51)  # a fifth of black over white
    level, alpha = np.meshgrid(np.arange(256), np.arange(256))
    expected = np.round(255 - (255 - level) * alpha / 255)
    every = np.dstack([level, level, level, alpha]).astype(np.uint8)
    np.testing.assert_array_equal(open_image(encoded(Image.fromarray(every)))[..., 2], expected)
    image = open_image(encoded(Image.fromarray(rgba)))
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[0, 1].tolist() == [204, 204, 204]
    np.testing.assert_array_equal(image[1:], RGB[1:])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_high_byte(kind: str) -> None:
    grey = RNG.integers(0, 2**16, (20, 30), dtype=np.uint16)
    image = open_image(encoded(Image.fromarray(grey), kind))
    np.testing.assert_array_equal(image, np.repeat((grey // 256)[..., None], 3, axis=2))


def test_16_bit_colour_keeps_its_high_byte() -> None:
    file = BytesIO()
    colour = RNG.integers(0, 2**16, (20, 30, 3), dtype=np.uint16)
    tifffile.imwrite(file, colour, photometric="rgb")
    np.testing.assert_array_equal(open_image(file.getvalue()), colour // 256)


def test_other_modes_become_rgb() -> None:
    picture = Image.fromarray(RGB)
    for mode, kind in (("L", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("CMYK", "TIFF")):
        image = open_image(encoded(picture.convert(mode), kind))
        assert image.shape == (20, 30, 3), mode
        assert image.dtype == np.uint8, mode
    np.testing.assert_array_equal(
        open_image(encoded(picture.convert("L"))), np.asarray(picture.convert("L").convert("RGB"))
    )


def test_of_several_pages_the_first_is_read() -> None:
    pages = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    np.testing.assert_array_equal(open_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])), RGB)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", CorruptDataError, "is empty"),
        (b"not an image at all", UnsafeFileError, "PNG, JPEG, TIFF, BMP or WebP files are read"),
        (encoded(Image.fromarray(RGB), "GIF"), UnsafeFileError, "begins with b'GIF8"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, CorruptDataError, "cannot be decoded"),
        (b"II*\0\xff\xff\xff\xff", CorruptDataError, "cannot be decoded"),
        (encoded(Image.fromarray(RGB), "PNG")[:-200], CorruptDataError, "cannot be decoded"),
        (encoded(Image.fromarray(RGB), "TIFF")[:-200], CorruptDataError, "cannot be decoded"),
        (encoded(Image.fromarray(RGB), "JPEG")[:300], CorruptDataError, "cannot be decoded"),
        (encoded(Image.fromarray(RGB[..., 0].astype(np.float32)), "TIFF"), CorruptDataError, "floating-point"),
        (encoded(Image.fromarray(RGB[..., 0].astype(np.int32)), "TIFF"), CorruptDataError, "signed"),
        (png_header(50_000, 50_000), UnsafeFileError, "50,000 x 50,000"),
    ],
)
def test_bad_content_is_refused_in_words(content: bytes, error: type[DataError], says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    for source in (content, tmp_path / "bad.png"):
        with pytest.raises(error, match=says) as caught:
            open_image(source)
        assert caught.value.allowed
        assert caught.value.remedy
    assert "bad.png" in str(caught.value)


def test_a_small_file_that_expands_is_refused_by_its_header() -> None:
    content = encoded(Image.new("1", (5_001, 5_000)), "TIFF", compression="group4")
    assert len(content) < 20_000  # 75 MB as RGB
    with pytest.raises(UnsafeFileError, match="5,001 x 5,000"):
        open_image(content)


def test_the_limit_is_the_callers() -> None:
    content = encoded(Image.fromarray(RGB))
    assert open_image(content, max_pixels=600).shape == RGB.shape
    with pytest.raises(UnsafeFileError, match="At most 599 pixels"):
        open_image(content, max_pixels=599)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    folder, pipe = "it is a folder", "it is a named pipe"
    for name, reason in (("nothing.png", "there is no such file"), ("", folder), ("pipe.png", pipe)):
        with pytest.raises(DataNotFoundError, match=f"cannot be opened: {reason}"):
            open_image(tmp_path / name)


def test_random_damage_never_shows_another_error() -> None:
    whole = [encoded(Image.fromarray(RGB), kind) for kind in ("PNG", "JPEG", "TIFF")]
    rng = np.random.default_rng(1)
    for turn in range(300):
        content = bytearray(whole[turn % 3])
        for place in rng.integers(0, len(content), 5):
            content[place] = rng.integers(256)
        with suppress(DataError):
            assert open_image(bytes(content)).shape[2] == 3
