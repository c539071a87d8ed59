"""The way up of an image: one rule for every format."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from histo_core.data.formats.images import SUFFIXES, misread_by_first_version, open_image

PIXELS = np.arange(8 * 16, dtype=np.uint8).reshape(8, 16, 1).repeat(3, axis=2)
LOSSY = np.kron(np.random.default_rng(0).integers(0, 4, (3, 5)) * 80, np.ones((16, 16), int)).astype(np.uint8)
LOSSY = LOSSY[..., None].repeat(3, axis=2)
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
    ("JPEG", {"quality": 100, "subsampling": 0}),
)


def as_stored(upright: np.ndarray, said: int) -> np.ndarray:
    """Pixels whose file says how to turn them, by the table of tag 274 in TIFF 6.0, page 36.

    It tells which side of the upright picture the 0th row and the 0th column of the file are.
    """
    row, column = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[said]
    if row in ("left", "right"):
        upright = upright.swapaxes(0, 1)
    if row in ("bottom", "right"):
        upright = upright[::-1]
    return upright[:, ::-1] if column in ("bottom", "right") else upright


def saved(pixels: np.ndarray, kind: str, said: int | None, options: dict[str, Any]) -> bytes:
    exif = Image.Exif()
    if said is not None:
        exif[0x0112] = said
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, exif=exif, **options)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("said", range(1, 9))
def test_every_orientation_is_turned_upright(kind: str, options: dict[str, Any], said: int) -> None:
    upright = LOSSY if kind == "JPEG" else PIXELS
    found = open_image(saved(as_stored(upright, said), kind, said, options))
    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).max() <= (2 if kind == "JPEG" else 0)
    assert found.flags.c_contiguous


@pytest.mark.parametrize("said", range(1, 9))
def test_tiffs_that_pillow_does_not_read_are_turned_as_well(said: int) -> None:
    stored, file = as_stored(PIXELS, said).astype(np.uint16) << 8, BytesIO()
    apart: dict[str, Any] = {"photometric": "rgb", "planarconfig": "separate"}
    tifffile.imwrite(file, np.moveaxis(stored, 2, 0), extratags=[(274, 3, 1, said, True)], **apart)
    np.testing.assert_array_equal(open_image(file.getvalue()), PIXELS)


@pytest.mark.parametrize("said", [None, 0, 9, 300])
@pytest.mark.parametrize(("kind", "options"), [KINDS[0], KINDS[1], KINDS[3]])
def test_without_a_known_orientation_pixels_stay(kind: str, options: dict[str, Any], said: int | None) -> None:
    np.testing.assert_array_equal(open_image(saved(PIXELS, kind, said, options)), PIXELS)


def test_exif_that_cannot_be_parsed_harms_no_pixel() -> None:
    content = saved(PIXELS, "JPEG", 6, {"quality": 100})
    place = content.index(b"Exif\0\0")
    broken = content[: place + 6] + b"\xff" * 8 + content[place + 14 :]
    assert open_image(broken).shape == PIXELS.shape


def test_only_files_that_were_turned_otherwise_before_are_marked() -> None:
    """Their data sets get another content hash; a TIFF was turned upright before, too."""
    for kind, options in KINDS:
        for said in (None, 1, 6):
            changed = said == 6 and kind != "TIFF"
            assert misread_by_first_version(saved(PIXELS, kind, said, options)) is changed, (kind, said)
    for photometric, depth, changed in (
        ("minisblack", np.uint16, False),
        ("miniswhite", np.uint8, False),
        ("miniswhite", np.uint16, True),
    ):
        file = BytesIO()
        tifffile.imwrite(file, PIXELS[..., 0].astype(depth), photometric=photometric)
        assert misread_by_first_version(file.getvalue()) is changed
    assert not misread_by_first_version(b"")
    assert not misread_by_first_version(b"II*\0 Exif\0")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_images_of_one_pixel_a_side_are_read(suffix: str, size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 90, np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, Image.registered_extensions()[suffix])
    assert np.abs(open_image(file.getvalue()).astype(int) - pixels).max() <= 2
