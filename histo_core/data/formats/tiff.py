"""Read TIFF files: which kinds are read, by which library, and whether strips and tiles are complete.

Pillow reads most of them. It misreads some without an error: 16-bit planes stored separately, 16-bit values where 0 is
white, signed bytes, CIELab. Those are read by tifffile, or refused. Pillow also reads past the end of a strip that is
too short.

Adobe, *TIFF Revision 6.0*, 1992.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Tags
from PIL.TiffImagePlugin import TiffImageFile

from histo_core.data.formats.jpeg import check_stream
from histo_core.errors import CorruptDataError
from histo_core.shown_text import plural

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANES = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES, _EXTRA, _FORMAT = 322, 323, 324, 325, 338, 339
_JPEG_TABLES = 347

_MAX_TAG_BYTES = 4 << 20
"""Half a million strip offsets; an image of 25 million pixels has about a hundred thousand tiles at most."""
_PLAIN = (1, 2, 7)
"""Tag types that stay bytes or become one text."""
_LARGE = 43
"""Version number of BigTIFF."""
_LARGE_BIG_ENDIAN = b"MM\0+"
_NONE, _JPEG = 1, 7
_DEFLATE = (8, 32946)
_SUBSAMPLED = 6
"""YCbCr, whose chroma planes may have fewer pixels."""
_UNSIGNED = 1
_PREMULTIPLIED, _ALPHA = 1, 2
_APART = 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_FORMATS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}
_PHOTOMETRICS = (0, 1, 2, 3, 5, 6)
"""White-is-zero, black-is-zero, RGB, palette, CMYK, YCbCr."""
_DEPTHS = (1, 2, 4, 8, 12, 16)


def read_tags(content: bytes, name: str = "") -> Tags:
    """Read the tags of a TIFF file's first page.

    Raises:
        CorruptDataError: a BigTIFF in a byte order that Pillow does not read, or a tag with too many numbers.
    """
    if content.startswith(_LARGE_BIG_ENDIAN):
        raise refused(name, "is a BigTIFF with the high byte first")
    tags = Tags(content[: 16 if content[2] == _LARGE else 8])
    file = BytesIO(content)
    file.seek(tags.next)
    tags.load(file)
    for tag, raw in tags._tagdata.items():  # Pillow converts these bytes to Python objects on access
        if len(raw) > _MAX_TAG_BYTES and tags.tagtype[tag] not in _PLAIN:
            raise refused(name, f"has a tag {tag} with {len(raw):,} bytes of numbers")
    return tags


def size(tags: Tags) -> tuple[int, int]:
    """Return width and height in pixels, before the image is turned upright."""
    return _one(tags, _WIDTH, 0), _one(tags, _HEIGHT, 0)


def check_kind(tags: Tags, name: str) -> None:
    """Refuse images without a defined white or without defined colours.

    Raises:
        CorruptDataError: float, signed or 32-bit values, channels of several depths, or colours such as CIELab.
    """
    bits, form = _all(tags, _BITS, 1), _all(tags, _FORMAT, _UNSIGNED)
    strange = next((value for value in form if value != _UNSIGNED and value != 4), None)
    if strange is not None:
        what = _FORMATS.get(strange, "unusual")
        raise refused(name, f"has {what} pixels, whose white is not defined")
    if len(set(bits)) > 1 or bits[0] not in _DEPTHS:
        depths = ", ".join(map(str, sorted(set(bits))))
        raise refused(name, f"has {depths}-bit pixels, whose white is not defined")
    photometric = _one(tags, _PHOTOMETRIC, _WHITE_IS_ZERO)
    if photometric not in _PHOTOMETRICS:
        raise refused(name, f"has colours of TIFF's kind {photometric}, which are none of grey, RGB, palette or CMYK")


def check_parts(tags: Tags, content: bytes) -> None:
    """Compare strips or tiles with what the header declares.

    Raises:
        ValueError: some are missing, lie beyond the file's end, or are uncompressed and too short.
    """
    tiled = _TILE_WIDTH in tags
    starts = _all(tags, _TILE_OFFSETS if tiled else _STRIP_OFFSETS, None)
    sizes = _all(tags, _TILE_BYTES if tiled else _STRIP_BYTES, None)
    if len(starts) == 1 and not sizes:  # allowed in a file with one strip
        sizes = (len(content) - starts[0],)
    word = "tile" if tiled else "strip"
    width, height, count = _part(tags, tiled)
    if min(len(starts), len(sizes)) < count:
        raise ValueError(f"it has {min(len(starts), len(sizes))} of {count} {plural(word)}")
    compression = _one(tags, _COMPRESSION, _NONE)
    raw = compression == _NONE and _one(tags, _PHOTOMETRIC, 0) != _SUBSAMPLED
    across = _row_bytes(tags, width) if raw else 0
    last = height if tiled else (_one(tags, _HEIGHT, 0) - 1) % height + 1
    in_plane = count // _planes(tags)
    for number, (start, length) in enumerate(zip(starts, sizes, strict=False)):
        rows = last if number % in_plane == in_plane - 1 else height
        needed = rows * across or 1
        if number < count and length < needed:
            raise ValueError(f"a {word} has {length:,} of {needed:,} bytes")
        if start + length > len(content):
            raise ValueError(f"a {word} lies beyond the file's end")
    if compression == _JPEG:
        tables = bytes(tags.get(_JPEG_TABLES, b""))
        for start, length in zip(starts[:count], sizes, strict=False):
            stream = content[start : start + length]
            # Tables and stream each have a start and an end marker.
            check_stream(tables[:-2] + stream[2:] if tables else stream, (width, height))


def pixels_that_pillow_misreads(tags: Tags, content: bytes, name: str) -> np.ndarray | None:
    """Read the pixels of a TIFF that Pillow misreads.

    Returns:
        uint8 H x W x 3 RGB or H x W x 4 RGBA before the orientation is applied; None where Pillow reads it correctly.

    Raises:
        CorruptDataError: tifffile cannot unpack it.
    """
    if not _pillow_misreads(tags):
        return None
    photometric, extra = _one(tags, _PHOTOMETRIC, 1), _all(tags, _EXTRA, None)
    if photometric not in (0, 1, 2) or _PREMULTIPLIED in extra:
        raise refused(name, "has 16-bit pixels that are neither grey nor RGB, or multiplied with their alpha")
    _check_packed(tags, content, name)
    import tifffile  # loaded for these rare files only

    try:
        with tifffile.TiffFile(BytesIO(content)) as file:
            page = file.pages.first
            values = page.asarray()
            if page.planarconfig == _APART and page.samplesperpixel > 1:
                values = np.moveaxis(values, 0, -1)
    except ValueError as error:  # also raised for codecs that are not installed
        raise refused(name, f"has 16-bit pixels in a layout that cannot be unpacked ({error})") from None
    values = values.reshape(*values.shape[:2], -1)
    if photometric == _WHITE_IS_ZERO:
        values[..., 0] = 65_535 - values[..., 0]
    values = (values >> 8).astype(np.uint8)
    grey = photometric <= 1
    colour = np.repeat(values[..., :1], 3, axis=2) if grey else values[..., :3]
    if _ALPHA not in extra:
        return np.ascontiguousarray(colour)
    alpha = (1 if grey else 3) + extra.index(_ALPHA)
    return np.concatenate([colour, values[..., alpha : alpha + 1]], axis=2)


def _check_packed(tags: Tags, content: bytes, name: str) -> None:
    """Refuse a strip or tile that unpacks to more than its pixels, because tifffile unpacks without a limit."""
    compression = _one(tags, _COMPRESSION, _NONE)
    if compression == _NONE:
        return
    if compression not in _DEFLATE:
        raise refused(name, f"has 16-bit pixels in a packing that is not read (compression {compression})")
    tiled = _TILE_WIDTH in tags
    width, height, _ = _part(tags, tiled)
    needed = _row_bytes(tags, width) * height
    starts = _all(tags, _TILE_OFFSETS if tiled else _STRIP_OFFSETS, None)
    for start, length in zip(starts, _all(tags, _TILE_BYTES if tiled else _STRIP_BYTES, None), strict=False):
        unpacking = zlib.decompressobj()
        unpacking.decompress(content[start : start + length], needed)
        if unpacking.decompress(unpacking.unconsumed_tail, 1):
            raise ValueError("a strip or tile unpacks to more than its pixels")


def open_tiff(tags: Tags, content: bytes, name: str) -> TiffImageFile:
    """Open with Pillow a file that passed `check_parts`.

    Raises:
        CorruptDataError: Pillow does not support its compression or its layout.
    """
    try:
        return TiffImageFile(BytesIO(content))
    except (SyntaxError, KeyError):
        compression, photometric = _one(tags, _COMPRESSION, _NONE), _one(tags, _PHOTOMETRIC, _WHITE_IS_ZERO)
        bits = " + ".join(map(str, _all(tags, _BITS, 1)))
        raise refused(
            name,
            f"is packed in a way that is not read (compression {compression}, colours {photometric}, {bits} bits)",
        ) from None


def grey_shift(tags: Tags) -> int:
    """Return by how many bits a 16-bit grey image is shifted right to get 8 bits."""
    return _all(tags, _BITS, 1)[0] - 8


def misread_by_first_version(tags: Tags) -> bool:
    """Return whether the first version of this reader misread the image or its brightness."""
    depth = _all(tags, _BITS, 1)[0]
    return (_pillow_misreads(tags) and _one(tags, _SAMPLES, 1) != 2) or depth == 12


def _pillow_misreads(tags: Tags) -> bool:
    if _all(tags, _BITS, 1)[0] != 16:
        return False
    photometric, several = _one(tags, _PHOTOMETRIC, 1), _one(tags, _SAMPLES, 1) > 1
    planar = several and _one(tags, _PLANES, 1) == _APART and _one(tags, _COMPRESSION, _NONE) == _NONE
    return photometric == _WHITE_IS_ZERO or (photometric == _BLACK_IS_ZERO and several) or planar


def _part(tags: Tags, tiled: bool) -> tuple[int, int, int]:
    """Return width and height of a strip or tile in pixels, and how many there are."""
    width, height = size(tags)
    if tiled:
        wide, tall = _one(tags, _TILE_WIDTH, 0), _one(tags, _TILE_HEIGHT, 0)
    else:
        wide, tall = width, min(_one(tags, _ROWS_PER_STRIP, height), height)
    return wide, tall, -(-width // wide) * -(-height // tall) * _planes(tags)


def _planes(tags: Tags) -> int:
    return _one(tags, _SAMPLES, 1) if _one(tags, _PLANES, 1) == _APART else 1


def _row_bytes(tags: Tags, width: int) -> int:
    """Return the bytes of one row of an uncompressed strip or tile."""
    samples = 1 if _one(tags, _PLANES, 1) == _APART else _one(tags, _SAMPLES, 1)
    return -(-width * samples * _all(tags, _BITS, 1)[0] // 8)


def _all(tags: Tags, tag: int, default: int | None) -> tuple[int, ...]:
    """Return a tag's values; if it is missing, only the default, or nothing."""
    value: Any = tags.get(tag)
    if value is None:
        return () if default is None else (default,)
    return value if isinstance(value, tuple) else (value,)


def _one(tags: Tags, tag: int, default: int) -> int:
    return _all(tags, tag, default)[0]


def refused(name: str, what: str) -> CorruptDataError:
    """Build the error for an undamaged TIFF that is not supported; ``what`` names its kind in a clause."""
    return CorruptDataError(
        f"{name} {what}.",
        "Whole numbers of 1 to 16 bits from black to white are read: grey, RGB, palette, YCbCr or CMYK.",
        "Save it as RGB with 8 bits a channel, black as 0 and white as 255.",
    )
