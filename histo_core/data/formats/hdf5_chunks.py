"""Check the compression of HDF5 chunks: a chunk must not unpack to more bytes than it declares.

HDF5 unpacks a chunk completely and compares its length only afterwards: ten megabytes can take ten gigabytes.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import h5py

from histo_core.errors import UnsafeFileError

_DEFLATE, _LZF = 1, 32_000
_TIMES = {_DEFLATE: 1_032, _LZF: 88}
"""HDF5's number of each supported compression, and how many bytes a compressed byte can become at most."""
_KEEP_SIZE = (2, 3)
"""Filters that reorder bytes or append a checksum."""
_CHECKSUM_BYTES = 4
_MAX_BYTES = {_DEFLATE: 256 << 20, _LZF: 768 << 20}
"""Unpacked bytes below which a chunk is not checked; gzip doubles its buffer when it is full."""


def check_filters(stored: h5py.Dataset, path: Path) -> None:
    """Refuse an array whose compression does not bound its unpacked size.

    Raises:
        UnsafeFileError: its chunks use filters other than shuffling, a checksum, and gzip or lzf once.
    """
    filters = _filters(stored)
    strange = [number for number in filters if number not in _TIMES and number not in _KEEP_SIZE]
    if strange or sum(number in _TIMES for number in filters) > 1:
        raise UnsafeFileError(
            f"{stored.name} in {path} is packed by HDF5's filters {', '.join(map(str, filters))}.",
            "Chunks are read that are plain, or packed once by gzip or lzf.",
            "Export the file again.",
        )


def packing(stored: h5py.Dataset) -> int | None:
    """Return HDF5's number of the filter that compresses an array's chunks; None where none does."""
    return next((number for number in _filters(stored) if number in _TIMES), None)


def row_of_chunks(stored: h5py.Dataset) -> int:
    """Return the unpacked bytes of the chunks that hold one row; 0 for an array without chunks."""
    if stored.chunks is None:
        return 0
    beside = math.prod(-(-size // step) for size, step in zip(stored.shape[1:], stored.chunks[1:], strict=True))
    return math.prod(stored.chunks) * stored.dtype.itemsize * beside


def check_chunk(stored: h5py.Dataset, place: tuple[int, ...], path: Path) -> None:
    """Refuse a chunk that unpacks to more bytes than its values; small chunks cannot become large and are accepted.

    Args:
        stored: an array whose chunks are compressed.
        place: indices of the chunk's first value.
        path: the file's path, for the message.

    Raises:
        UnsafeFileError: it does, or it is too large for a compression that cannot be checked.
    """
    number = packing(stored)
    if (
        number is None
        or stored.chunks is None
        or stored.id.get_chunk_info_by_coord(place).size * _TIMES[number] <= _MAX_BYTES[number]
    ):
        return
    needed = math.prod(stored.chunks) * stored.dtype.itemsize + _CHECKSUM_BYTES
    if number == _DEFLATE:
        unpacked_by, packed = stored.id.read_direct_chunk(place)
        if unpacked_by or len(zlib.decompressobj().decompress(packed, needed + 1)) <= needed:
            return
        what = f"unpacks to more than the {needed:,} bytes that it declares"
    else:
        what = f"is packed by lzf and may unpack to more than {_MAX_BYTES[number]:,} bytes"
    raise UnsafeFileError(
        f"A chunk of {stored.name} in {path} {what}.", "Chunks hold their own values.", "Export it in smaller chunks."
    )


def _filters(stored: h5py.Dataset) -> tuple[int, ...]:
    """Return the numbers of the filters of an array's chunks."""
    settings = stored.id.get_create_plist()
    return tuple(settings.get_filter(place)[0] for place in range(settings.get_nfilters()))
