"""Unpack compressed tar archives that may be damaged or hostile."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Self, cast

from histo_core.errors import CorruptDataError, DataError, UnsafeFileError
from histo_core.files import new_folder
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular

_TOLD_BYTES = 8 << 20
_BLOCK = 1 << 20
_HEADER_BYTES = 256 << 20
"""Bytes allowed for headers and padding of all members, in addition to an eighth of the files' size."""
_MAX_MEMBERS = 10_000
"""BreaKHis has 7,909 files and about three hundred folders."""


class _Member(tarfile.TarInfo):
    """Archive member with a valid header; `tarfile` would end silently at a damaged header or a missing end mark."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf == bytes(tarfile.BLOCKSIZE):  # zeros, which mark the end
                raise
            raise tarfile.ReadError(str(error)) from None


class _Bounded:
    """Unpacked stream that raises an error once it is longer than its files may be.

    `tarfile` reads long names and other extended headers completely, and skips what it does not need.
    """

    def __init__(self, file: gzip.GzipFile, archive: Path, max_bytes: int) -> None:
        self._file, self._archive, self._max_bytes = file, archive, max_bytes
        self._limit = max_bytes + max_bytes // 8 + _HEADER_BYTES

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _BLOCK:
            raise _unsafe(self._archive, f"a note in it has more than {_BLOCK:,} bytes")
        if self._file.tell() + size > self._limit:
            raise _unsafe(self._archive, f"it holds more than {self._max_bytes:,} bytes")
        return self._file.read(size)

    def seek(self, place: int) -> int:
        if place > self._limit:
            raise _unsafe(self._archive, f"it holds more than {self._max_bytes:,} bytes")
        return self._file.seek(place)

    def tell(self) -> int:
        return self._file.tell()


def unpack_tar(archive: Path, folder: Path, progress: Progress = silent, *, max_bytes: int) -> None:
    """Unpack a ``.tar.gz`` into a new folder, completely or not at all.

    Only plain files and folders are created, and only inside the folder: a link, a device, an absolute path or one with
    ``..`` is an error. macOS's hidden copies (``._name``) are left out. If everything lies in one outer folder, that
    folder is dropped.

    Args:
        archive: the archive file.
        folder: does not exist yet; receives the archive's content.
        progress: receives (compressed bytes read, total).
        max_bytes: limit for all files together; a larger archive is refused.

    Raises:
        CorruptDataError: not a tar archive, truncated, or damaged.
        UnsafeFileError: a member that is not allowed (see above), or more than ``max_bytes``.
        DataError: the folder cannot be written (a full disk).
        CancelledError: ``progress`` requested it; nothing is left behind.
    """
    told = 0
    with _opened(archive) as raw:
        packed = os.fstat(raw.fileno()).st_size
        try:
            with (
                new_folder(folder) as made,
                gzip.open(raw) as whole,
                tarfile.open(
                    fileobj=cast(IO[bytes], unpacked := _Bounded(whole, archive, max_bytes)),
                    mode="r:",
                    tarinfo=_Member,
                ) as tar,
            ):
                for member in _checked(tar, archive, max_bytes):
                    tar.extract(member, made, filter="data")
                    if raw.tell() - told >= _TOLD_BYTES:
                        told = raw.tell()
                        progress(told, packed)
                while unpacked.read(_BLOCK):
                    pass  # to the end, where gzip's checksum is
                _take_off_outer(made)
        except (EOFError, zlib.error, tarfile.ReadError) as error:
            raise _damaged(archive, str(error)) from None
        except tarfile.FilterError as error:
            raise _unsafe(archive, str(error)) from None
        except OSError as error:
            if error.errno is None:  # raised by gzip: not gzip, or a wrong checksum
                raise _damaged(archive, str(error)) from None
            raise DataError(
                f"{archive} cannot be unpacked to {folder}: {error.strerror}.", "It needs room there.", "Make room."
            ) from error
    progress(packed, packed)


def _opened(archive: Path) -> BinaryIO:
    try:
        return open_regular(archive)
    except OSError as error:
        raise _damaged(archive, str(error.strerror)) from None


def _checked(tar: tarfile.TarFile, archive: Path, max_bytes: int) -> Iterator[tarfile.TarInfo]:
    total = 0
    for number, member in enumerate(tar):
        if number == _MAX_MEMBERS:
            raise _unsafe(archive, f"it holds more than {_MAX_MEMBERS:,} files")
        total += member.size
        if total > max_bytes:
            raise _unsafe(archive, f"it holds more than {max_bytes:,} bytes")
        if not (member.isfile() or member.isdir()):
            raise _unsafe(archive, f"{member.name!r} is a link or a device")
        if not Path(member.name).name.startswith("._"):
            yield member


def _take_off_outer(folder: Path) -> None:
    outer = list(folder.iterdir())
    if len(outer) == 1 and outer[0].is_dir():
        empty = outer[0].rename(folder / ".outer")
        for path in empty.iterdir():
            path.rename(folder / path.name)
        empty.rmdir()


def _damaged(archive: Path, what: str) -> CorruptDataError:
    return CorruptDataError(
        f"{archive} cannot be unpacked ({what}).", "A whole tar archive is expected.", "Delete it and fetch it again."
    )


def _unsafe(archive: Path, what: str) -> UnsafeFileError:
    return UnsafeFileError(
        f"{archive} is not unpacked: {what}.",
        "Plain files and folders inside it are expected.",
        "Check where it comes from.",
    )
