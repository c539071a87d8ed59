"""Open files that users bring: regular files only, with a bound that is known before anything is read.

Opening a named pipe waits for ever, a device never ends, and a sparse file of 6 GB takes 6 GB once it is read. So a
file's kind is looked at before it is opened and again once it is open, and its size before it is read.

Every refusal is an OSError whose ``strerror`` is a clause, as those of the system are: whoever says that a file cannot
be read says why with the same words.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

JSON_BYTES = 64 << 20
"""Of a JSON file; the largest of ours, a check of a folder where nothing can be read, has a few megabytes."""

MAX_DOWNLOAD = 2 << 30
"""Of a file that a page hands out: the largest network as ONNX takes half of it."""

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
        limit: the bytes it may have; None where its reader knows a bound of its own.
        follow: whether the path may be a link.

    Raises:
        OSError: it is not there, may not be read, is no regular file, or is larger than ``limit``.
    """
    return os.fdopen(_descriptor(path, limit, follow)[0], "rb")


def check_regular(path: str | Path, limit: int | None = None, *, follow: bool = True) -> int:
    """Check a file for a reader that opens paths itself; errors as `open_regular`.

    Returns:
        The file's size in bytes.
    """
    return _check(os.stat(path, follow_symlinks=follow), path, limit)  # noqa: PTH116 (of a text, and fast)


def read_regular(path: str | Path, limit: int, *, follow: bool = True) -> bytes:
    """Read a whole file; errors as `open_regular`, also where it grows beyond ``limit`` while it is read."""
    descriptor, size = _descriptor(path, limit, follow)
    try:
        content = os.read(descriptor, size + 1)
        if len(content) == size:
            return content
        blocks = [content]  # it is longer or shorter than it was, or the system gives large files in parts
        done = len(content)
        while block := os.read(descriptor, _BLOCK):
            blocks.append(block)
            done += len(block)
            _check_size(done, path, limit)
    finally:
        os.close(descriptor)
    return b"".join(blocks)


def read_end(path: str | Path, limit: int) -> bytes:
    """The last bytes of a file that may be long and may still be written, such as a log; never through a link.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path, follow=False) as file:
        file.seek(max(file.seek(0, os.SEEK_END) - limit, 0))
        return file.read(limit)


def parse_json(text: str | bytes, *, no_numbers: bool = False) -> Any:
    """Read JSON whose nesting may be hostile.

    Args:
        text: the whole of it.
        no_numbers: whether NaN and infinity, which JSON does not have, become None.

    Raises:
        ValueError: no JSON, or nested deeper than can be read.
    """
    try:
        return json.loads(text, parse_constant=(lambda _: None) if no_numbers else None)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _descriptor(path: str | Path, limit: int | None, follow: bool) -> tuple[int, int]:
    """An open file and its size."""
    check_regular(path, limit, follow=follow)  # before `open`, which some devices notice
    # Not waiting matters where the file was replaced since: a pipe opens at once, and is refused below.
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
