"""JPEG files: Pillow's pixels where they are whole, an error where they are not."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from histo_core.data.formats.images import open_image
from histo_core.data.formats.jpeg import check_coefficients
from histo_core.errors import CorruptDataError, UnsafeFileError

SHARED = Path(__file__).parents[4] / "shared" / "data"
ROW, COLUMN = np.mgrid[:80, :100]
TISSUE = np.stack([128 + 90 * np.sin(ROW / a) * np.cos(COLUMN / b) for a, b in ((7, 9), (5, 4), (3, 11))], axis=2)
TISSUE = (TISSUE + np.random.default_rng(0).normal(0, 12, TISSUE.shape)).clip(0, 255).astype(np.uint8)
DAMAGED = 200


def jpeg(pixels: np.ndarray, mode: str = "RGB", **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def by_pillow(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def scan(content: bytes) -> int:
    """Where the entropy-coded part begins: behind the marker SOS and its header (T.81, B.2.3)."""
    place = 2
    while content[place + 1] != 0xDA:
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut somewhere and closed with the marker EOI."""
    return content[: rng.integers(scan(content), len(content) - 3)] + b"\xff\xd9"


def overwritten(count: int) -> Callable[[bytes, np.random.Generator], bytes]:
    def change(content: bytes, rng: np.random.Generator) -> bytes:
        place = rng.integers(scan(content), len(content) - 2 - count)
        return content[:place] + rng.bytes(count) + content[place + count :]

    return change


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    mode=st.sampled_from(["RGB", "L", "CMYK"]),
    quality=st.integers(5, 100),
    subsampling=st.sampled_from([0, 1, 2]),
    progressive=st.booleans(),
    restart=st.integers(0, 3),
)
def test_whole_files_give_pillows_pixels(
    size: tuple[int, int], mode: str, quality: int, subsampling: int, progressive: bool, restart: int
) -> None:
    content = jpeg(
        TISSUE[: size[0], : size[1]],
        mode,
        quality=quality,
        subsampling=subsampling,
        progressive=progressive,
        restart_marker_rows=restart,
    )
    np.testing.assert_array_equal(open_image(content), by_pillow(content))


def test_colours_that_were_kept_as_rgb_are_pillows_too() -> None:
    content = jpeg(TISSUE, keep_rgb=True, quality=95)
    np.testing.assert_array_equal(open_image(content), by_pillow(content))
    assert np.abs(open_image(content).astype(int) - TISSUE).max() < 20


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_half_a_file_is_refused_although_it_is_closed(mode: str, progressive: bool) -> None:
    whole = jpeg(TISSUE, mode, progressive=progressive)
    half = whole[: (scan(whole) + len(whole)) // 2]
    by_pillow(half + b"\xff\xd9")  # which says nothing
    for content in (half, half + b"\xff\xd9"):
        with pytest.raises(CorruptDataError, match="cannot be decoded") as caught:
            open_image(content)
        assert "Copy it again" in caught.value.remedy


def test_what_harms_no_pixel_is_no_damage() -> None:
    """A missing last marker, bytes behind it, and a version of JFIF that nobody knows."""
    whole = jpeg(TISSUE)
    unknown = bytearray(whole)
    unknown[whole.index(b"JFIF") + 5] = 9
    for content in (whole[:-2], whole + b"\0" * 500, bytes(unknown)):
        np.testing.assert_array_equal(open_image(content), by_pillow(whole))


def test_a_second_header_cannot_smuggle_in_a_larger_image() -> None:
    whole = jpeg(TISSUE)
    frame = whole.index(b"\xff\xc0")
    large = bytearray(whole[frame : frame + 19])
    large[5:9] = b"\xff\xff\xff\xff"
    for content in (whole[:frame] + large + whole[frame:], whole[:frame] + whole[frame : frame + 19] + large):
        with pytest.raises((CorruptDataError, UnsafeFileError)):
            open_image(content + whole[frame + 19 :], max_pixels=TISSUE.size)


def changed(content: bytes, kind: int, body: bytes, by: Callable[[bytes], bytes]) -> bytes:
    """The file with another content of its first segment of a kind that begins so."""
    place = content.index(bytes([0xFF, kind]))
    while not content[place + 4 :].startswith(body):
        place = content.index(bytes([0xFF, kind]), place + 1)
    end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return content[: place + 4] + by(content[place + 4 : end]) + content[end:]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_what_libjpeg_passes_over_is_named(mode: str) -> None:
    """Codes that skip 15 coefficients where they skipped none, and steps that make each value 8 times as large."""
    whole = jpeg(TISSUE, mode, quality=60)
    skipping = changed(whole, 0xC4, b"\x10", lambda body: body[:17] + body[17:].replace(b"\x01", b"\xf1", 1))
    larger = changed(whole, 0xDB, b"\0", lambda body: bytes([0, *(min(8 * step, 255) for step in body[1:])]))
    for content, says in ((skipping, "more than 64 coefficients"), (larger, "larger than pixels can give")):
        with pytest.raises(ValueError, match=says):
            check_coefficients(content)
        with pytest.raises(CorruptDataError):
            open_image(content)
    simplejpeg.decode_jpeg(larger, colorspace="CMYK" if mode == "CMYK" else "RGB")  # which says nothing
    check_coefficients(whole)


def test_black_and_white_edges_are_not_too_large() -> None:
    """The largest coefficients that 8 bits give: blocks of one value, halves, and the signs of every pattern."""
    cosines = np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(8) + 1) / 16)
    extreme = [255 * (np.outer(a, b) > 0) for a in cosines for b in cosines] + [np.zeros((8, 8)), np.full((8, 8), 255)]
    for pixels in extreme:
        tiled = np.tile(pixels.astype(np.uint8), (2, 2))[..., None].repeat(3, axis=2)
        for quality in (1, 30, 75, 100):
            content = jpeg(tiled, quality=quality)
            np.testing.assert_array_equal(open_image(content), by_pillow(content))


@pytest.mark.parametrize(
    ("damage", "least"),
    [(cut, 1.0), (overwritten(1), 0.45), (overwritten(4), 0.6), (overwritten(16), 0.8), (overwritten(64), 0.95)],
    ids=["cut and closed", "1 byte", "4 bytes", "16 bytes", "64 bytes"],
)
def test_damaged_files_are_named(damage: Callable[[bytes, np.random.Generator], bytes], least: float) -> None:
    """Of 200 real ones each; docs/data.md has the rates. A wrong code that is a legal one cannot be seen."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not there: real JPEG files are damaged here")
    files = sorted(SHARED.glob("pcam_jpeg/*/*/*.jpg"))[:: 8000 // DAMAGED][:DAMAGED]
    rng, found = np.random.default_rng(0), 0
    for file in files:
        try:
            open_image(damage(file.read_bytes(), rng))
        except CorruptDataError:
            found += 1
    assert found >= least * len(files)
