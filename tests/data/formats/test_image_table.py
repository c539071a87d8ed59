"""Every layout of pixels that a file can have: read exactly, or refused in words.

Files are written by tifffile, by Pillow or by hand. What must come out is computed from the values that went in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from histo_core.data.formats.images import open_image
from histo_core.errors import CorruptDataError

RNG = np.random.default_rng(0)
HEIGHT, WIDTH = 48, 64
RAMP = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
RGB = np.dstack([RAMP, RAMP[:, ::-1] // 2, RNG.integers(0, 256, (HEIGHT, WIDTH), np.uint8)])
ALPHA = RNG.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
BITS = RAMP > 127


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values.astype(np.uint8)[..., None], 3, axis=2)


def over_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.round(255 - (255 - rgb.astype(float)) * alpha[..., None] / 255).astype(np.uint8)


def deep(values: np.ndarray) -> np.ndarray:
    """16 bits whose high byte is the value and whose low byte is another."""
    low = RNG.integers(0, 256, values.shape, np.uint16)
    return values.astype(np.uint16) << 8 | low


def packed_12_bits(values: np.ndarray) -> bytes:
    first, second = values.reshape(-1, 2).astype(np.uint16).T
    return np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1).astype(np.uint8).tobytes()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    file = BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tagged(content: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with another value of a SHORT or LONG tag."""
    changed = bytearray(content)
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", content, place)[0] == tag:
            struct.pack_into("<HII", changed, place + 2, 4, 1, value)
            return bytes(changed)
    raise AssertionError(f"no tag {tag}")


class Case(NamedTuple):
    name: str
    content: bytes
    expected: np.ndarray | str
    """RGB; or a word of the sentence that refuses it."""


def tiffs() -> Iterator[Case]:
    """Grey, RGB, with alpha, CMYK; 8 and 16 bits; both byte orders; strips and tiles; packed and not; planes apart."""
    for order in "<>":
        for depth, of in (("8", lambda values: values), ("16", deep)):
            for packed in ({}, {"compression": "zlib"}, {"compression": "zlib", "predictor": True}):
                for tile in (None, (16, 32)):
                    options = {"byteorder": order, "tile": tile, **packed}
                    name = f"{order}{depth}{'-'.join(packed)}{'-tiled' if tile else ''}"
                    yield from _colours(name, of, options)


def _colours(name: str, of: Callable[[np.ndarray], np.ndarray], options: dict[str, Any]) -> Iterator[Case]:
    rgba, ink = np.dstack([RGB, ALPHA]), np.dstack([255 - RGB, np.zeros_like(RAMP)])
    apart = {"photometric": "rgb", "planarconfig": "separate", **options}
    white = of(RAMP)
    yield Case(f"{name} grey", tiff(white, photometric="minisblack", **options), grey(RAMP))
    yield Case(f"{name} white is 0", tiff(~white, photometric="miniswhite", **options), grey(RAMP))
    yield Case(f"{name} RGB", tiff(of(RGB), photometric="rgb", **options), RGB)
    yield Case(f"{name} RGB apart", tiff(np.moveaxis(of(RGB), 2, 0), **apart), RGB)
    alpha: dict[str, Any] = {"extrasamples": ["unassalpha"]}
    yield Case(f"{name} RGBA", tiff(of(rgba), photometric="rgb", **alpha, **options), over_white(RGB, ALPHA))
    yield Case(f"{name} RGBA apart", tiff(np.moveaxis(of(rgba), 2, 0), **alpha, **apart), over_white(RGB, ALPHA))
    yield Case(f"{name} RGBX", tiff(of(rgba), photometric="rgb", extrasamples=["unspecified"], **options), RGB)
    yield Case(f"{name} CMYK", tiff(of(ink), photometric="separated", **options), RGB)
    pair = np.dstack([RAMP, ALPHA])
    options = {**options, "photometric": "minisblack", "planarconfig": "contig", **alpha}
    yield Case(f"{name} grey with alpha", tiff(of(pair), **options), over_white(grey(RAMP), ALPHA))


def others() -> Iterator[Case]:
    """What has another number of bits, a palette, another compression; and what has no white."""
    picture, colours = Image.fromarray(RGB), RNG.integers(0, 256, (3, 256), np.uint8)
    palette = Image.fromarray(RAMP)
    palette.putpalette(colours.T.tobytes())
    yield Case("1 bit", tiff(BITS, photometric="minisblack"), grey(BITS * 255))
    yield Case("1 bit, white is 0", tiff(BITS, photometric="miniswhite"), grey(~BITS * 255))
    yield Case("palette", tiff(RAMP, photometric="palette", colormap=colours.astype(np.uint16) << 8), colours.T[RAMP])
    yield Case("BigTIFF", tiff(RGB, photometric="rgb", bigtiff=True), RGB)
    yield Case("BigTIFF >", tiff(RGB, photometric="rgb", bigtiff=True, byteorder=">"), "BigTIFF")
    twelve = RNG.integers(0, 4096, (HEIGHT, WIDTH), np.uint16)
    body = np.frombuffer(packed_12_bits(twelve), np.uint8).reshape(HEIGHT, -1)
    sheet = tagged(tagged(tiff(body, photometric="minisblack"), 256, WIDTH), 258, 12)
    yield Case("12 bits", sheet, grey(twelve >> 4))
    for packing in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"):
        for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "CMYK"):
            image = picture.convert(mode)
            expected = image.convert("RGB")
            if mode in ("RGBA", "LA"):
                image.putalpha(Image.fromarray(ALPHA))
                expected = Image.fromarray(over_white(np.asarray(expected), ALPHA))
            yield Case(f"{packing} {mode}", saved(image, "TIFF", compression=packing), np.asarray(expected))
    for packing in ("group3", "group4"):
        yield Case(packing, saved(Image.fromarray(BITS), "TIFF", compression=packing), grey(BITS * 255))
    for kind, modes in {"PNG": ("1", "L", "P", "RGB"), "BMP": ("1", "L", "P", "RGB"), "WEBP": ("RGB",)}.items():
        for mode in modes:
            image = picture.convert(mode)
            options = {"lossless": True} if kind == "WEBP" else {}
            yield Case(f"{kind} {mode}", saved(image, kind, **options), np.asarray(image.convert("RGB")))
    rgba = Image.fromarray(np.dstack([RGB, ALPHA]))
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        yield Case(f"{kind} RGBA", saved(rgba, kind, **options), over_white(RGB, ALPHA))
    yield Case("PNG palette", saved(palette, "PNG"), colours.T[RAMP])
    wide = deep(RAMP)
    yield Case("PNG 16", saved(Image.fromarray(wide), "PNG"), grey(wide >> 8))
    for kind in (np.int8, np.int16, np.int32, np.int64):
        yield Case(f"{kind.__name__}", tiff(RAMP.astype(kind)), "signed")
        yield Case(f"{kind.__name__} RGB", tiff(RGB.astype(kind), photometric="rgb"), "signed")
    for kind in (np.float16, np.float32, np.float64):
        for scale in (1, 255):
            yield Case(f"{kind.__name__} to {scale}", tiff((RAMP / 255 * scale).astype(kind)), "floating-point")
        yield Case(f"{kind.__name__} RGB", tiff((RGB / 255).astype(kind), photometric="rgb"), "floating-point")
    for kind, bits in ((np.uint32, 32), (np.uint64, 64)):
        yield Case(f"{kind.__name__}", tiff(RAMP.astype(kind)), f"{bits}-bit")
    yield Case("complex", tiff(RAMP.astype(np.complex64)), "complex")
    yield Case("CIELab", tiff(RGB, photometric="cielab"), "kind 8")
    yield Case("JPEG 2000 inside", tagged(tiff(RGB, photometric="rgb"), 259, 34712), "compression 34712")


CASES = [*tiffs(), *others()]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_pixels_are_exact_or_refused(case: Case) -> None:
    if isinstance(case.expected, str):
        with pytest.raises(CorruptDataError, match=case.expected) as caught:
            open_image(case.content)
        assert caught.value.allowed
        assert "Save it as RGB with 8 bits" in caught.value.remedy
    else:
        found = open_image(case.content)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, case.expected)


def test_premultiplied_colours_are_read_to_one_level_or_refused() -> None:
    """Associated alpha: a stored colour is colour times alpha, so that over white it is stored + 255 - alpha."""
    alpha = np.full_like(RAMP, 128)
    stored = np.dstack([RGB // 2, alpha])
    expected = RGB // 2 + np.uint8(127)
    for of in (lambda values: values, deep):
        options: dict[str, Any] = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
        found = open_image(tiff(of(stored), **options))
        assert np.abs(found.astype(int) - expected).max() <= 1
    with pytest.raises(CorruptDataError, match="multiplied with their alpha"):
        open_image(tiff(np.moveaxis(deep(stored), 2, 0), planarconfig="separate", **options))


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 2**32 - 1),
    depth=st.sampled_from([8, 16]),
    kind=st.sampled_from(["rgb", "minisblack", "miniswhite"]),
    apart=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "byteorder": st.sampled_from("<>"),
            "compression": st.sampled_from([None, "zlib"]),
            "rowsperstrip": st.integers(1, 50),
        }
    ),
)
def test_any_tiff_gives_the_high_byte_of_what_was_written(
    size: tuple[int, int], seed: int, depth: int, kind: str, apart: bool, options: dict[str, Any]
) -> None:
    colours = 3 if kind == "rgb" else 1
    values = np.random.default_rng(seed).integers(0, 2**depth, (*size, colours)).astype(f"uint{depth}")
    high = (values >> (depth - 8)).astype(np.uint8)
    if kind == "rgb":
        options["planarconfig"] = "separate" if apart else "contig"
    else:
        values = values[..., 0]
    stored = np.moveaxis(values, 2, 0) if kind == "rgb" and apart else values
    found = open_image(tiff(~stored if kind == "miniswhite" else stored, photometric=kind, **options))
    np.testing.assert_array_equal(found, np.broadcast_to(high, (*size, 3)))
