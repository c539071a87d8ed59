"""Unpacking gzip, whole and damaged."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from histo_core.data.formats import gzip_file
from histo_core.data.formats.gzip_file import unpack_gzip
from histo_core.errors import CancelledError, CorruptDataError, DataError, UnsafeFileError

CONTENT = np.random.default_rng(0).integers(0, 4, 100_000, dtype=np.uint8).tobytes()


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    (tmp_path / "a.h5.gz").write_bytes(gzip.compress(CONTENT))
    return tmp_path / "a.h5.gz"


def test_it_unpacks_with_progress(packed: Path) -> None:
    target, steps = packed.parent / "made" / "a.h5", []
    unpack_gzip(packed, target, lambda *step: steps.append(step), max_bytes=len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert steps[-1] == (packed.stat().st_size, packed.stat().st_size)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda content: content[:-4], "is cut short"),
        (lambda content: content[: len(content) // 2], "is cut short"),
        (lambda content: content[:-8] + b"0000" + content[-4:], "CRC check failed"),
        (lambda content: content[:-4] + b"0000", "Incorrect length"),
        (lambda content: content[:50] + b"0" * 50 + content[100:], "cannot be unpacked"),
        (lambda content: b"id,label\n", "Not a gzipped file"),
    ],
)
def test_damage_is_named_and_leaves_nothing(packed: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    packed.write_bytes(damage(packed.read_bytes()))
    with pytest.raises(CorruptDataError, match=rf"a\.h5\.gz.*{says}"):
        unpack_gzip(packed, packed.parent / "a.h5", max_bytes=10**6)
    assert list(packed.parent.iterdir()) == [packed]


def test_a_bomb_is_refused(packed: Path) -> None:
    with pytest.raises(UnsafeFileError, match="more than 99,999 bytes"):
        unpack_gzip(packed, packed.parent / "a.h5", max_bytes=len(CONTENT) - 1)
    assert list(packed.parent.iterdir()) == [packed]


def test_cancelling_leaves_nothing(packed: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        unpack_gzip(packed, packed.parent / "a.h5", cancel, max_bytes=10**6)
    assert list(packed.parent.iterdir()) == [packed]


def test_a_target_that_cannot_be_written_is_named(packed: Path) -> None:
    (packed.parent / "file").write_text("no folder")
    with pytest.raises(DataError, match=r"cannot be unpacked to .*file"):
        unpack_gzip(packed, packed.parent / "file" / "a.h5", max_bytes=10**6)


def test_a_file_that_may_not_be_read_is_named(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("histo_core.data.formats.gzip_file.open_regular", refuse)
    with pytest.raises(CorruptDataError, match=r"a\.h5\.gz cannot be opened \(Permission denied\)"):
        unpack_gzip(packed, packed.parent / "a.h5", max_bytes=10**6)


def test_some_of_the_disk_is_left_free(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip_file.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**6))
    with pytest.raises(DataError, match=r"cannot be unpacked to .*: No space left on device.*Make room"):
        unpack_gzip(packed, packed.parent / "a.h5", max_bytes=10**6)
    assert list(packed.parent.iterdir()) == [packed]
