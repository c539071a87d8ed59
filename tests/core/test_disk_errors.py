"""What is said of a disk that refuses fits the system's own code."""

from __future__ import annotations

import errno
import os

import pytest

from histo_core.disk_errors import DISK, advice, kept_if_possible


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EIO, "fault"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.ENOENT, "path"),
        (errno.ELOOP, "path"),
    ],
)
def test_the_advice_fits_the_code(code: int, words: str) -> None:
    told = advice(OSError(code, os.strerror(code)))
    assert words in told
    assert ("space" in told) == (code in (errno.ENOSPC, errno.EDQUOT))


@pytest.mark.parametrize("code", sorted(DISK))
def test_what_can_be_made_again_is_left_where_the_disk_refuses(code: int, caplog: pytest.LogCaptureFixture) -> None:
    with kept_if_possible("The check"):
        _refuse(code)
    assert "The check is not kept" in caplog.text
    assert os.strerror(code) in caplog.text


def test_another_error_is_not_taken_for_the_disks() -> None:
    with pytest.raises(IsADirectoryError), kept_if_possible("The check"):
        _refuse(errno.EISDIR)


def _refuse(code: int) -> None:
    raise OSError(code, os.strerror(code), "/somewhere")
