"""Locks that live no longer than their holders."""

from __future__ import annotations

from pathlib import Path

import pytest

from histo_core import locks
from histo_core.locks import is_locked, try_lock


def test_a_lock_whose_folder_was_removed_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, file = locks.fcntl.flock, tmp_path / "job" / "lock"

    def removed_first(*given: int) -> None:
        file.rename(tmp_path / "gone")
        plain(*given)

    monkeypatch.setattr(locks.fcntl, "flock", removed_first)
    assert try_lock(file) is None
    monkeypatch.setattr(locks.fcntl, "flock", plain)
    with try_lock(file) or pytest.fail("it is free"):
        assert is_locked(file)


def test_a_look_at_a_lock_does_not_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    lock = try_lock(path)
    assert lock is not None
    assert is_locked(path)
    lock.close()
    assert not is_locked(path)
