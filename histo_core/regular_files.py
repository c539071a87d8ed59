"""Open files that users bring: regular files only, with a size limit that is checked before anything is read.

Opening a named pipe waits for ever, a device never ends, and a sparse file of 6 GB takes 6 GB once it is read. So a
file's type is checked before and after it is opened, and its size before it is read.

Every refusal is an OSError whose ``strerror`` is a clause, as the system's are, so that callers can put it into their
own messages.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

JSON_BYTES = 64 << 20
"""Largest size of a JSON file; our own largest, a check of a folder where no file can be read, has a few megabytes."""

MAX_DOWNLOAD = 2 << 30
"""Largest size of a file that a page offers for download; the largest network as ONNX takes half of it."""

_KINDS = {
    stat.S_IFIFO: "it is a named pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
    stat.S_IFDIR: "it is a folder",
    stat.S_IFLNK: "it is a link",
}
_BLOCK = 1 << 20


def open_regular(path: str | Path, limit: int | None = None, *, follow: bool = True) -> BinaryIO:
    """Open a regular file for reading its bytes.

    Args:
        path: the file.
        limit: largest number of bytes; None where the reader has a limit of its own.
        follow: whether the path may be a link.

    Raises:
        OSError: the file is missing, may not be read, is no regular file, or is larger than ``limit``.
    """
    return os.fdopen(_descriptor(path, limit, follow)[0], "rb")


def check_regular(path: str | Path, limit: int | None = None, *, follow: bool = True) -> int:
    """Check a file for a reader that opens paths itself; errors as `open_regular`.

    Returns:
        The file's size in bytes.
    """
    return _check(os.stat(path, follow_symlinks=follow), path, limit)  # noqa: PTH116 (takes a str, and is fast)


def read_regular(path: str | Path, limit: int, *, follow: bool = True) -> bytes:
    """Read a whole file; errors as `open_regular`, also where the file grows beyond ``limit`` while it is read."""
    descriptor, size = _descriptor(path, limit, follow)
    try:
        content = os.read(descriptor, size + 1)
        if len(content) == size:
            return content
        blocks = [content]  # the file has changed its length, or the system returns large files in pieces
        done = len(content)
        while block := os.read(descriptor, _BLOCK):
            blocks.append(block)
            done += len(block)
            _check_size(done, path, limit)
    finally:
        os.close(descriptor)
    return b"".join(blocks)


def read_end(path: str | Path, limit: int) -> bytes:
    """Read the last bytes of a long file that may still be written, such as a log; links are refused.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path, follow=False) as file:
        file.seek(max(file.seek(0, os.SEEK_END) - limit, 0))
        return file.read(limit)


def parse_json(text: str | bytes, *, no_numbers: bool = False) -> Any:
    """Parse JSON from an untrusted source.

    Args:
        text: the whole document.
        no_numbers: whether NaN and infinity, which JSON does not have, become None.

    Raises:
        ValueError: the text is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=(lambda _: None) if no_numbers else None)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _descriptor(path: str | Path, limit: int | None, follow: bool) -> tuple[int, int]:
    """Open a file; return its descriptor and its size."""
    check_regular(path, limit, follow=follow)  # before `open`, which has effects on some devices
    # O_NONBLOCK matters where a pipe has replaced the file since: it opens at once, and is refused below.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        return descriptor, _check(os.fstat(descriptor), path, limit)
    except BaseException:
        os.close(descriptor)
        raise


def _check(found: os.stat_result, path: str | Path, limit: int | None) -> int:
    if not stat.S_ISREG(found.st_mode):
        what = _KINDS.get(stat.S_IFMT(found.st_mode), "it is something else")
        number = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
        raise OSError(number, f"{what} and no regular file", str(path))
    if limit is not None:
        _check_size(found.st_size, path, limit)
    return found.st_size


def _check_size(size: int, path: str | Path, limit: int) -> None:
    if size > limit:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes, and at most {limit:,} are read", str(path))
