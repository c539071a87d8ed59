"""Unpack gzip files that may be truncated, damaged, or decompression bombs."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import zlib
from pathlib import Path
from typing import BinaryIO

from histo_core.errors import CorruptDataError, DataError, UnsafeFileError
from histo_core.files import write_atomically
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular

_BLOCK = 1 << 22
_SPARE_BYTES = 256 << 20
"""Bytes left free on the disk, so that the rest of the workspace keeps working."""


def unpack_gzip(source: Path, target: Path, progress: Progress = silent, *, max_bytes: int) -> None:
    """Unpack one file completely or not at all, and compare its length and checksum with those in the gzip trailer.

    Args:
        source: the compressed file.
        target: the file to write; its folder is created if missing.
        progress: receives (compressed bytes read, total).
        max_bytes: a file that unpacks to more is refused.

    Raises:
        CorruptDataError: not gzip, truncated, a wrong checksum, or not readable.
        UnsafeFileError: more than ``max_bytes``.
        DataError: the target cannot be written (a full disk, or nearly full).
        CancelledError: ``progress`` requested it; nothing is left behind.
    """
    try:
        write_atomically(target, lambda temporary: _unpack(source, temporary, progress, max_bytes))
    except OSError as error:
        raise DataError(
            f"{source} cannot be unpacked to {target.parent}: {error.strerror or error}.",
            "The unpacked copy is kept in the workspace.",
            "Make room there, or unpack the file yourself and put it beside the packed one.",
        ) from error


def _unpack(source: Path, target: Path, progress: Progress, max_bytes: int) -> None:
    done = 0
    with _opened(source) as raw, gzip.open(raw) as file, target.open("wb") as out:
        packed = os.fstat(raw.fileno()).st_size
        if not packed:
            raise CorruptDataError(f"{source} is empty.", "A whole gzip file is expected.", "Copy it again.")
        while block := _read(file, source):
            done += len(block)
            if done > max_bytes:
                raise UnsafeFileError(
                    f"{source} unpacks to more than {max_bytes:,} bytes.",
                    "It should unpack to less than that.",
                    "Check that this is the right file.",
                )
            if shutil.disk_usage(target.parent).free < _SPARE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            out.write(block)
            progress(raw.tell(), packed)


def _opened(source: Path) -> BinaryIO:
    try:
        return open_regular(source)
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    raise CorruptDataError(f"{source} {what}.", "A gzip file that may be read is expected.", "Check its permissions.")


def _read(file: gzip.GzipFile, source: Path) -> bytes:
    try:
        return file.read(_BLOCK)
    except EOFError:
        what = "is cut short"
    except (OSError, zlib.error) as error:  # no gzip, a wrong checksum, a damaged stream, a damaged disk
        what = f"cannot be unpacked ({error})"
    raise CorruptDataError(f"{source} {what}.", "A whole gzip file is expected.", "Download or copy it again.")
