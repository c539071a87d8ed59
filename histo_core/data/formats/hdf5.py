"""Read arrays from HDF5 files without trusting the file.

A file can point elsewhere (links, external storage, virtual data sets) and can declare far more than it holds.
Measured: an uploaded file could read another file's bytes in each of these ways, and one declared 27.6 GB with nothing
stored. All of this is checked before any value is read.

The layout is checked when a file is opened, because layouts differ by a factor of 1,000 in speed. Contiguous arrays are
read directly from the file (see `flat_array`); chunked ones are read through h5py in runs of neighbouring rows.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, product
from pathlib import Path

import h5py
import numpy as np

from histo_core.data.formats.flat_array import FlatArray
from histo_core.data.formats.hdf5_chunks import check_chunk, check_filters, packing, row_of_chunks
from histo_core.errors import CorruptDataError, DataError, DataNotFoundError, UnsafeFileError
from histo_core.regular_files import check_regular

_MAX_CHUNK_BYTES = 256 << 20
_CHUNK_CACHE_BYTES = 32 << 20
_MAX_COLUMN = 5_000_000
"""Most rows of a column, because a column is read whole."""
_ROWS_AT_ONCE = 1_000
"""Most rows in one read, because HDF5 assembles a selection row by row."""


class HDF5Array:
    """Checked array in an HDF5 file; opened on first use, once per process, so that it survives fork and pickle.

    Attributes:
        path, key: the file, and the array's name in it.
        shape: of the whole array; the first axis counts samples.
        dtype: of its values.
        flat: direct access to the array in the file if it is contiguous, else None.
    """

    def __init__(self, path: Path, key: str, shape: tuple[int, ...], dtype: np.dtype, offset: int | None) -> None:
        self.path, self.key, self.shape, self.dtype = path, key, shape, dtype
        self.flat = None if offset is None else FlatArray(path, shape, dtype, offset)
        self._values: h5py.Dataset | None = None
        self._process = 0
        self._looked_at: set[tuple[int, ...]] = set()

    def __len__(self) -> int:
        return self.shape[0]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_values": None}

    @property
    def mapped(self) -> bool:
        """Return whether it is memory-mapped."""
        return self.flat is not None and self.flat.mapped

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Read rows of the first axis in the requested order, as a new array.

        Raises:
            CorruptDataError: the stored values cannot be decoded, or the file has changed since it was opened.
        """
        if self.flat is not None:
            return self.flat.read(rows)
        distinct, places = np.unique(np.asarray(rows, np.int64), return_inverse=True)
        read = np.empty((len(distinct), *self.shape[1:]), self.dtype)
        done = 0
        with _decoding(self.path):
            values = self.opened()
            self._check_chunks(values, distinct)
            # If a row's chunks fill the cache, none is left for the next read: then all rows are read at once.
            at_once = row_of_chunks(values) > _CHUNK_CACHE_BYTES
            for run in _parts(distinct) if at_once else _runs(distinct):
                if at_once:
                    read[done : done + len(run)] = values[run]
                else:
                    values.read_direct(read, np.s_[run[0] : run[-1] + 1], np.s_[done : done + len(run)])
                done += len(run)
        return read if np.array_equal(places, np.arange(len(distinct))) else read[places]

    def _check_chunks(self, values: h5py.Dataset, rows: np.ndarray) -> None:
        """Refuse a chunk of these rows that unpacks to more bytes than its values; each chunk is checked once."""
        if values.chunks is None or packing(values) is None:
            return
        beside = [range(0, size, step) for size, step in zip(values.shape[1:], values.chunks[1:], strict=True)]
        for first in np.unique(rows // values.chunks[0]) * values.chunks[0]:
            for place in product((int(first),), *beside):
                if place not in self._looked_at:
                    check_chunk(values, place, self.path)
                    self._looked_at.add(place)

    def opened(self) -> h5py.Dataset:
        """Return the array in a file that this process has opened itself; a forked one opens its own."""
        if self._values is None or self._process != os.getpid():
            stored = _checked(_open_file(self.path), self.path, self.key)
            if (stored.shape, stored.dtype) != (self.shape, self.dtype):
                raise CorruptDataError(
                    f"{self.path} has changed since it was opened.", "It must stay as it was.", "Open the data again."
                )
            self._values, self._process = stored, os.getpid()
        return self._values


def open_array(path: Path, key: str, *, shape: tuple[int | None, ...], dtypes: Sequence[str] = ("uint8",)) -> HDF5Array:
    """Open an array of an HDF5 file after checking it.

    Args:
        path: the file.
        key: name of the array in the file's root group.
        shape: the expected shape; None matches any size.
        dtypes: names of the allowed value types.

    Raises:
        DataNotFoundError: no such file, or no such array in it.
        UnsafeFileError: links, external or virtual storage, or a declared size that the file does not hold.
        CorruptDataError: not HDF5, truncated, or another shape or type.
    """

    def fits(stored: h5py.Dataset) -> bool:
        alike = len(stored.shape) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, stored.shape, strict=True)
        )
        return alike and str(stored.dtype) in dtypes

    expected = f"{' or '.join(dtypes)} {['N' if size is None else size for size in shape]} is expected."
    return _opened(path, key, fits, expected)


def open_column(path: Path, key: str) -> HDF5Array:
    """Open an array with one number for each sample, such as labels, after checking it.

    Any shape with at most one axis longer than 1 is accepted ([N], [N, 1], [N, 1, 1, 1]), and any type of integers,
    floats or booleans in either byte order.

    Raises:
        HistoscopeError: as `open_array`.
    """

    def fits(stored: h5py.Dataset) -> bool:
        plain = bool(stored.shape) and stored.dtype.kind in "biuf" and math.prod(stored.shape) <= _MAX_COLUMN
        return plain and sum(size != 1 for size in stored.shape) <= 1

    return _opened(
        path,
        key,
        fits,
        f"One number a sample is expected, such as int64 [N] or uint8 [N, 1, 1, 1], N at most {_MAX_COLUMN:,}.",
    )


def _opened(path: Path, key: str, fits: Callable[[h5py.Dataset], bool], expected: str) -> HDF5Array:
    with _decoding(path), _open_file(path) as file:
        stored = _checked(file, path, key)
        if not fits(stored):
            raise CorruptDataError(
                f"{key!r} in {path} is {stored.dtype} {list(stored.shape)}.",
                expected,
                "Check that this is the right file.",
            )
        _check_stored(stored, path)
        offset = stored.id.get_offset() if stored.chunks is None else None
        return HDF5Array(path, key, stored.shape, stored.dtype, offset if stored.size else None)


def _open_file(path: Path) -> h5py.File:
    try:
        check_regular(path)
    except FileNotFoundError:
        raise DataNotFoundError(f"There is no {path}.", "An HDF5 file is expected.", "Check the folder.") from None
    except OSError as error:
        raise DataNotFoundError(
            f"{path} cannot be opened ({error.strerror}).", "An HDF5 file is expected.", "Check the folder."
        ) from None
    return h5py.File(path, "r", locking="best-effort", rdcc_nbytes=_CHUNK_CACHE_BYTES)


def _checked(file: h5py.File, path: Path, key: str) -> h5py.Dataset:
    """Return the array after checking that it is stored in this file."""
    link = file.get(key, getlink=True)
    if link is None:
        raise DataNotFoundError(
            f"{path} has no array {key!r}.", f"It holds: {', '.join(islice(file, 10)) or 'nothing'}.", "Check the file."
        )
    if not isinstance(link, h5py.HardLink):
        raise _elsewhere(path, key, "is a link")
    stored = file[key]
    if not isinstance(stored, h5py.Dataset):
        raise CorruptDataError(f"{key!r} in {path} is no array.", "An array is expected.", "Check the file.")
    if stored.external is not None:
        raise _elsewhere(path, key, "is stored outside the file")
    if stored.is_virtual:
        raise _elsewhere(path, key, "is a virtual array")
    return stored


def _check_stored(stored: h5py.Dataset, path: Path) -> None:
    """Refuse an array that declares more than the file holds, or whose compression does not bound its unpacked size."""
    check_filters(stored, path)
    if stored.chunks is not None:
        whole = math.prod(-(-size // step) for size, step in zip(stored.shape, stored.chunks, strict=True))
        chunk_bytes = math.prod(stored.chunks) * stored.dtype.itemsize
        held = stored.id.get_num_chunks() >= whole and chunk_bytes <= _MAX_CHUNK_BYTES
    elif stored.id.get_offset() is not None:
        held = stored.id.get_offset() + stored.nbytes <= path.stat().st_size
    else:  # compact values are in the header; storage that was never written has no offset either
        held = stored.id.get_storage_size() == stored.nbytes
    if not held:
        raise UnsafeFileError(
            f"{stored.name} in {path} declares {stored.nbytes:,} bytes that the file does not hold.",
            f"Every value must be stored, in chunks of at most {_MAX_CHUNK_BYTES >> 20} MiB.",
            "Copy or export the file again.",
        )


def _runs(rows: np.ndarray) -> list[np.ndarray]:
    """Group rows into runs of neighbours, which share chunks, so that a run takes one read."""
    return [run for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(run)]


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE)]


def _elsewhere(path: Path, key: str, how: str) -> UnsafeFileError:
    return UnsafeFileError(
        f"{key!r} in {path} {how}.", "The values must lie in the file itself.", "Export the array into one plain file."
    )


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Turn h5py's errors (OSError, RuntimeError, TypeError, ...) into `CorruptDataError`: each means a damaged file."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        raise CorruptDataError(
            f"{path} cannot be read as HDF5 ({error}).", "A whole HDF5 file is expected.", "Copy or export it again."
        ) from None
