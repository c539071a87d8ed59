"""Images from files and uploads, which may be damaged or hostile.

An image's size is read from its header before a pixel is decoded: a TIFF of 472 KB can expand to 432 MB.
"""

from __future__ import annotations

import stat
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import PREFIXES as TIFF_SIGNATURES
from PIL.TiffImagePlugin import TiffImageFile

from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""File names that data sets take for images, in lower case."""

OTHER_SUFFIXES = (
    *(".bmp", ".gif", ".webp", ".avif", ".heic", ".jp2", ".j2k", ".jxl", ".ppm", ".pgm", ".tga", ".npy", ".npz"),
    *(".svs", ".ndpi", ".mrxs", ".scn", ".czi", ".dcm", ".nii", ".psd", ".svg"),
)
"""Names of images that no data set reads; they are counted, so that nobody takes them for read."""

MAX_PIXELS = 25_000_000
"""A few hundred megabytes while it is decoded; patches have some ten thousand to a million."""

# Image.open is not used: it warns of large images through a process-wide filter, which no thread can silence for
# itself alone, and it asks every format Pillow knows.
_READERS: tuple[tuple[tuple[bytes, ...], type[ImageFile]], ...] = (
    ((b"\x89PNG\r\n\x1a\n",), PngImageFile),
    ((b"\xff\xd8\xff",), JpegImageFile),
    (tuple(TIFF_SIGNATURES), TiffImageFile),
)
_WHITE = (255, 255, 255)


def open_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read one image as RGB.

    16-bit channels keep their high byte, so that what was recorded with 12 bits comes out dark; grey, palette and CMYK
    images become RGB; transparent ones are laid over white, the colour of an empty slide. Of a TIFF with several pages
    the first is read.

    Args:
        source: a path, or the bytes of a file. An upload's name is never needed.
        max_pixels: width x height above which an image is refused before it is decoded.

    Returns:
        uint8 H x W x 3 RGB.

    Raises:
        DataNotFoundError: there is no such file.
        UnsafeFileError: neither PNG, JPEG nor TIFF, or larger than ``max_pixels``.
        CorruptDataError: empty, damaged or cut short, or pixels that have no defined range (float, 32-bit).
    """
    if isinstance(source, bytes):
        return _read(BytesIO(source), "The image", max_pixels)
    with open_file(source) as file:
        return _read(file, str(source), max_pixels)


def open_file(path: Path) -> BinaryIO:
    """Open an image's file for reading its bytes.

    Raises:
        DataNotFoundError: there is no such file, or it may not be read.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode):  # and no pipe, which would never end
            return path.open("rb")
        reason = "it is a folder, a pipe or a device"
    except FileNotFoundError:
        reason = "there is no such file"
    except OSError as error:
        reason = str(error.strerror)
    raise DataNotFoundError(f"{path} cannot be opened: {reason}.", "A readable image is expected.", "Check the path.")


def _read(file: BinaryIO, name: str, max_pixels: int) -> np.ndarray:
    reader = _reader(file, name)
    # Pillow raises whatever its parsers run into (OSError, SyntaxError, ValueError, struct.error, KeyError, ...),
    # and a damaged file is the user's to mend, whichever it was.
    try:
        image = reader(file)  # reads the header only
    except Exception as error:
        raise _damaged(name, error) from None
    with closing(image):
        _check_size(image, name, max_pixels)
        _check_depth(image, name)
        try:
            return _to_rgb(image)
        except Exception as error:
            raise _damaged(name, error) from None


def _reader(file: BinaryIO, name: str) -> type[ImageFile]:
    start = file.read(16)
    file.seek(0)
    if not start:
        raise CorruptDataError(f"{name} is empty (0 bytes).", "A PNG, JPEG or TIFF is expected.", "Copy it again.")
    for signatures, reader in _READERS:
        if start.startswith(signatures):
            return reader
    raise UnsafeFileError(
        f"{name} is no image that can be read: it begins with {start[:8]!r}.",
        "PNG, JPEG and TIFF are read.",
        "Save it as one of these.",
    )


def _check_size(image: ImageFile, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise UnsafeFileError(
            f"{name} claims {width:,} x {height:,} pixels.",
            f"At most {max_pixels:,} pixels are read.",
            "Cut it into smaller images.",
        )


def _check_depth(image: ImageFile, name: str) -> None:
    if image.mode in ("I", "F"):
        raise CorruptDataError(
            f"{name} has {'floating-point' if image.mode == 'F' else '32-bit'} pixels, whose white is not defined.",
            "8 or 16 bits a channel are read.",
            "Save it with 8 bits a channel.",
        )


def _to_rgb(image: ImageFile) -> np.ndarray:
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        over, colour = Image.new("RGB", image.size, _WHITE), image if image.mode == "RGBA" else image.convert("RGBA")
        over.paste(colour, mask=colour)
        return np.array(over)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _damaged(name: str, error: Exception) -> CorruptDataError:
    return CorruptDataError(
        f"{name} cannot be decoded ({error}).", "A whole PNG, JPEG or TIFF is expected.", "Copy it again or remove it."
    )
