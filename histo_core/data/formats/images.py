"""Read images from files and uploads, which may be damaged or hostile.

An image's size is read from its header before a pixel is decoded: a TIFF of 472 KB can expand to 432 MB.

Pillow reads headers and most pixels. For some damaged or unusual files it returns pixels that were never recorded,
without an error; the modules `jpeg`, `png` and `tiff` of this package check for those.

Pixels of every format are turned upright, as viewers show them. Cameras on microscopes and phones store pixels as the
sensor is mounted and give the rotation in EXIF: CIPA DC-008, *Exchangeable image file format (Exif)* 2.32, 2019.
"""

from __future__ import annotations

import errno
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import PREFIXES as TIFF_SIGNATURES
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from histo_core.data.formats import png, tiff
from histo_core.data.formats.jpeg import decode_jpeg
from histo_core.errors import CorruptDataError, DataNotFoundError, HistoscopeError, UnsafeFileError
from histo_core.regular_files import read_regular

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
"""File suffixes that data sets read as images, in lower case."""

KINDS = "PNG, JPEG, TIFF, BMP or WebP"
"""The formats that are read, in words."""

READING = "2"
"""Version of the decoding rules; raised whenever some file gives other pixels than before; see
`misread_by_first_version`."""

OTHER_SUFFIXES = (
    *(".gif", ".avif", ".heic", ".jp2", ".j2k", ".jxl", ".ppm", ".pgm", ".tga", ".npy", ".npz"),
    *(".svs", ".ndpi", ".mrxs", ".scn", ".czi", ".dcm", ".nii", ".psd", ".svg"),
)
"""Suffixes of images that no data set reads; they are counted and shown as left out."""

MAX_PIXELS = 25_000_000
"""A few hundred megabytes while such an image is decoded; patches have ten thousand to a million pixels."""

MAX_FILE_BYTES = 9 * MAX_PIXELS
"""Of a file: four channels of 16 bits take eight bytes a pixel, and a header needs some room."""

_MAX_PACKED_BMP = 4_000_000
"""Most pixels of a run-length BMP, which Pillow unpacks in Python."""

# Image.open is not used: its warning about large images can be silenced only for the whole process, not for one thread,
# and it tries every format that Pillow knows.
_READERS: tuple[tuple[tuple[bytes, ...], type[ImageFile]], ...] = (
    ((b"\x89PNG\r\n\x1a\n",), PngImageFile),
    ((b"\xff\xd8\xff",), JpegImageFile),
    (tuple(TIFF_SIGNATURES), TiffImageFile),
    ((b"BM",), BmpImageFile),
    ((b"RIFF",), WebPImageFile),
)
_WHITE = (255, 255, 255)
_ORIENTATION, _UPRIGHT = 0x0112, 1
"""The EXIF tag, and its value for an image that needs no turning."""
_ORIENTED = (b"Exif\0", b"eXIf", b"EXIF", b"Orientation")
"""Every file with an orientation, except a TIFF, contains one of these byte strings."""


def open_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read one image as RGB, turned upright by its EXIF orientation.

    16-bit channels keep their high byte, so that 12-bit recordings become dark; a TIFF whose tags say 12 bits keeps its
    high eight bits. Grey, palette and CMYK images become RGB. Transparent images are composited over white, the colour
    of an empty slide. Of a TIFF with several pages, or an animated WebP, the first image is read.

    Args:
        source: a path, or the bytes of a file. The name of an upload is not needed.
        max_pixels: images with a larger width x height are refused before they are decoded.

    Returns:
        uint8 H x W x 3 RGB.

    Raises:
        DataNotFoundError: there is no such file.
        UnsafeFileError: not a supported format, or larger than ``max_pixels`` or `MAX_FILE_BYTES`.
        CorruptDataError: empty, damaged or truncated, as far as the format shows it, or pixels without a defined range
            (float, signed, 32-bit).
    """
    if isinstance(source, bytes):
        if len(source) > MAX_FILE_BYTES:
            raise _too_long("The image", len(source))
        return _read(source, "The image", max_pixels)
    return _read(read_file(source), str(source), max_pixels)


def misread_by_first_version(content: bytes) -> bool:
    """Return whether earlier versions read other pixels from these bytes: images with an orientation, some TIFFs."""
    kind = next((reader for signatures, reader in _READERS if content.startswith(signatures)), None)
    if kind is None or not (kind is TiffImageFile or any(word in content for word in _ORIENTED)):
        return False
    with suppress(Exception):  # a damaged file has no pixels to compare
        if kind is TiffImageFile:
            return tiff.misread_by_first_version(tiff.read_tags(content))
        with closing(kind(BytesIO(content))) as image:
            return _orientation(image) != _UPRIGHT
    return False


def read_file(path: Path) -> bytes:
    """Read the bytes of an image file.

    Raises:
        DataNotFoundError: there is no such file, it may not be read, or it is a folder, a pipe or a device.
        UnsafeFileError: larger than `MAX_FILE_BYTES`.
    """
    try:
        return read_regular(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        reason = "there is no such file"
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _too_long(str(path), path.stat().st_size) from None
        reason = str(error.strerror)
    raise DataNotFoundError(f"{path} cannot be opened: {reason}.", "A readable image is expected.", "Check the path.")


def _too_long(name: str, size: int) -> UnsafeFileError:
    return UnsafeFileError(
        f"{name} has {size:,} bytes.", f"At most {MAX_FILE_BYTES:,} are read.", "Cut it into smaller images."
    )


def _read(content: bytes, name: str, max_pixels: int) -> np.ndarray:
    reader = _reader(content, name)
    # Pillow's parsers raise many types (OSError, SyntaxError, ValueError, struct.error, KeyError, ...); each means that
    # the user's file is damaged.
    try:
        if reader is PngImageFile:
            png.check_chunks(content)
        if reader is TiffImageFile:
            return _tiff_pixels(content, name, max_pixels)
        with closing(reader(BytesIO(content))) as image:  # reads the header only
            _check_size(image.size, name, max_pixels)
            if isinstance(image, BmpImageFile) and image.info.get("compression"):
                _check_size(image.size, name, min(max_pixels, _MAX_PACKED_BMP))
            return _pixels(image, content)
    except (HistoscopeError, MemoryError):  # running out of memory does not mean that the file is damaged
        raise
    except Exception as error:
        raise CorruptDataError(
            f"{name} cannot be decoded ({error}).", f"A whole {KINDS} file is expected.", "Copy it again or remove it."
        ) from None


def _pixels(image: ImageFile, content: bytes) -> np.ndarray:
    """Decode an image, refuse damage, and turn it upright."""
    if isinstance(image, JpegImageFile):
        turn, decoded = _orientation(image), decode_jpeg(content, image.size)
        pixels = _to_rgb(image) if decoded is None else decoded
    else:
        pixels, turn = _to_rgb(image), _orientation(image)  # in a PNG it may stand behind the pixels
    if isinstance(image, PngImageFile) and (image.info.get("interlace") or _ends_in_nothing(image)):
        png.check_rows(content)
    return pixels if turn == _UPRIGHT else upright(pixels, turn)


def _tiff_pixels(content: bytes, name: str, max_pixels: int) -> np.ndarray:
    tags = tiff.read_tags(content, name)
    _check_size(tiff.size(tags), name, max_pixels)
    tiff.check_kind(tags, name)
    tiff.check_parts(tags, content)
    other = tiff.pixels_that_pillow_misreads(tags, content, name)
    if other is not None:
        return upright(_over_white(other), tags.get(_ORIENTATION, _UPRIGHT))
    with closing(tiff.open_tiff(tags, content, name)) as image:
        return _to_rgb(image, tiff.grey_shift(tags))  # Pillow turns a TIFF upright while it loads it


def _ends_in_nothing(image: PngImageFile) -> bool:
    """Return whether the last row is all zeros: Pillow fills rows from the top and leaves missing ones zero."""
    last = image.crop((0, image.height - 1, image.width, image.height))
    return not np.asarray(last).any()


def _reader(content: bytes, name: str) -> type[ImageFile]:
    if not content:
        raise CorruptDataError(f"{name} is empty (0 bytes).", f"A {KINDS} file is expected.", "Copy it again.")
    for signatures, reader in _READERS:
        if content.startswith(signatures):
            return reader
    raise UnsafeFileError(
        f"{name} is no image that can be read: it begins with {content[:8]!r}.",
        f"{KINDS} files are read.",
        "Save it as one of these.",
    )


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise UnsafeFileError(
            f"{name} claims {width:,} x {height:,} pixels.",
            f"At most {max_pixels:,} pixels are read.",
            "Cut it into smaller images.",
        )


def _to_rgb(image: ImageFile, shift: int = 8) -> np.ndarray:
    """Convert any mode to RGB; grey values of more than 8 bits are shifted right by ``shift`` bits."""
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> shift).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        return _over_white(np.asarray(image if image.mode == "RGBA" else image.convert("RGBA")))
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _over_white(pixels: np.ndarray) -> np.ndarray:
    """Composite RGBA over white; RGB stays as it is."""
    if pixels.shape[2] == 3:
        return pixels
    colour = Image.fromarray(pixels)
    over = Image.new("RGB", colour.size, _WHITE)
    over.paste(colour, mask=colour)
    return np.array(over)


def _orientation(image: Image.Image) -> int:
    """Return the orientation, 1 to 8 as in EXIF; 1 (upright) where it is missing or invalid."""
    try:
        said = image.getexif().get(_ORIENTATION, _UPRIGHT)
    except Exception:  # Pillow's parser raises many types, and pixels are valid without EXIF
        return _UPRIGHT
    return said if said in range(1, 9) else _UPRIGHT


def upright(pixels: np.ndarray, said: int) -> np.ndarray:
    """Turn and mirror pixels according to their orientation.

    Args:
        pixels: H x W x channels.
        said: 1 to 8, as in EXIF.

    Returns:
        H x W x channels for 1 to 4, W x H x channels for 5 to 8; contiguous.
    """
    if said >= 5:  # the first row is a side
        pixels = pixels.swapaxes(0, 1)
    # Then rows or columns may run backwards.
    if said in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if said in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
