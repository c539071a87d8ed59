"""Advise on disk errors by the system's error code, and continue where a result need not be kept."""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from histo_core.errors import CheckpointError

LOG = logging.getLogger(__name__)

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
DISK = NO_ROOM | NOT_WRITABLE | {errno.EIO}
"""Error codes of a disk that refuses, as opposed to mistakes in our code."""

_ADVICE = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Your quota on this disk is used up: free some of your own files' space",
    errno.EFBIG: "The largest size of a file is reached: raise the limit (ulimit -f)",
    errno.EIO: "The disk reports a fault: look at the system's log",
    errno.EROFS: "The disk is mounted read-only: mount it for writing",
    errno.EACCES: "Check whose it is and its permissions",
    errno.EPERM: "Check whose it is and its permissions",
    errno.ENOENT: "Check the path",
    errno.ENOTDIR: "Check the path",
    errno.EISDIR: "Name a file",
    errno.EEXIST: "Choose another name",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "Too many files are open on this machine",
}


def advice(error: OSError) -> str:
    """Return what to do, as the beginning of a sentence without its full stop."""
    return _ADVICE.get(error.errno or 0, "Check the disk and the path")


@contextmanager
def kept_if_possible(what: str) -> Generator[None]:
    """Write something that can be computed again; where the disk refuses, log that it is not kept, and continue.

    Args:
        what: name of the written result, for the message ("The check of its files").

    Raises:
        OSError: an error other than those of a full, broken or read-only disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK:
            raise
        named = f"{error.filename}: " if error.filename else ""
        LOG.warning("%s%s. %s is not kept, and will be made again the next time.", named, error.strerror, what)


@contextmanager
def disk_needed(what: str, file: Path) -> Generator[None]:
    """Write something that a run cannot do without.

    Args:
        what: name of the written result, for the message ("The checkpoint").
        file: where it is written.

    Raises:
        CheckpointError: the disk refused, with advice.
    """
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"{what} could not be written to {file}: {error.strerror or error}.",
            "A disk with enough room is needed.",
            f"{advice(error)}, then resume: the last checkpoint is intact.",
        ) from error
