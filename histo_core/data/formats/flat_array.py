"""Read rows of equal size from a flat file, in any order.

Files on a local disk are memory-mapped, which reads random patches near the speed of a copy. If a mapped file is
truncated, the process is killed. So files on a network share or an unknown file system are read with plain reads, where
truncation is an error.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from histo_core.errors import CorruptDataError
from histo_core.files import file_system
from histo_core.regular_files import open_regular

_LOCAL_FILE_SYSTEMS = {
    *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "tmpfs"),
    *("apfs", "hfs", "ntfs", "ntfs3", "exfat", "vfat"),
}


def is_local(path: Path) -> bool:
    """Return whether a file lies on a disk of this machine; False where that is not known."""
    return file_system(path) in _LOCAL_FILE_SYSTEMS


class FlatArray:
    """Array in a flat file, row after row; opened on first use, so that its pickle is small.

    Args:
        path: the file; its size must have been checked against ``offset`` and ``shape``.
        shape: of the whole array; the first axis counts rows.
        dtype: of its values.
        offset: of its first byte in the file.

    Attributes:
        mapped: whether it is memory-mapped.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype | type = np.uint8, offset: int = 0) -> None:
        self._values: np.ndarray | None = None
        self._file: int | None = None
        self.path, self.shape, self.dtype, self.offset = path, shape, np.dtype(dtype), offset
        self.mapped = is_local(path)
        self._row_bytes = math.prod(shape[1:]) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_values": None, "_file": None}

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Read rows in the requested order, as a new array [n, ...].

        Raises:
            IndexError: there is no such row.
            CorruptDataError: the file was truncated or removed since it was opened.
        """
        rows = np.asarray(rows, np.int64)
        if self.mapped:
            return self._map().take(rows, axis=0)
        out = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows):
            self.read_into(out[place : place + 1], range(len(self))[row])
        return out

    def read_into(self, out: np.ndarray, start: int) -> None:
        """Fill ``out`` [n, ...], which must be contiguous, with the rows from ``start`` on; errors as `read`."""
        if self.mapped:
            np.copyto(out, self._map()[start : start + len(out)])
            return
        buffer, place = out.reshape(-1).view(np.uint8).data, self.offset + start * self._row_bytes
        while len(buffer):
            try:
                count = os.preadv(self._descriptor(), [buffer], place)
            except OSError as error:
                raise self._changed(f"cannot be read ({error.strerror})") from None
            if not count:
                raise self._changed("ends before its last value")
            buffer, place = buffer[count:], place + count

    def _map(self) -> np.ndarray:
        if self._values is None:
            try:
                with open_regular(self.path) as file:
                    self._values = np.asarray(np.memmap(file, self.dtype, "r", self.offset, self.shape))
            except OSError as error:
                raise self._changed(f"cannot be read ({error.strerror})") from None
            except ValueError:  # longer than the file
                raise self._changed("ends before its last value") from None
        return self._values

    def _descriptor(self) -> int:
        if self._file is None:
            with open_regular(self.path) as file:
                self._file = os.dup(file.fileno())
        return self._file

    def _changed(self, what: str) -> CorruptDataError:
        return CorruptDataError(f"{self.path} {what}.", "It was whole when it was opened.", "Copy it again.")
