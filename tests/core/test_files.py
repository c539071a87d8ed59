import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

from histo_core import files
from histo_core.errors import DataError


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.bin"
    files.write_atomically(target, b"one")
    files.write_atomically(target, lambda path: path.write_bytes(b"two"))
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_the_umask_says_who_may_read_a_file(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        for _ in range(2):
            files.write_atomically(tmp_path / "a.bin", b"one")
    finally:
        os.umask(before)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    target = tmp_path / "a.bin"
    files.write_atomically(target, b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="no space left"):
        files.write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    files.append_line(log, '{"a": 1}')
    with log.open("ab") as file:
        file.write(b'{"a": ')
    files.append_line(log, '{"a": 3}')
    assert log.read_text().splitlines() == ['{"a": 1}', '{"a": ', '{"a": 3}']


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_json_goes_there_and_back(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"b": [1, None]})
    assert files.read_json(tmp_path / "a.json") == {"b": [1, None]} == json.loads((tmp_path / "a.json").read_text())


def test_a_folder_takes_its_name_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with pytest.raises(OSError, match="No space"), files.new_folder(target) as folder:
        _half_written(folder)
    assert list(tmp_path.iterdir()) == []
    with files.new_folder(target) as folder:
        (folder / "whole").write_text("1")
    assert (target / "whole").read_text() == "1"
    assert list(tmp_path.iterdir()) == [target]


def _half_written(folder: Path) -> None:
    (folder / "half").touch()
    raise OSError(errno.ENOSPC, "No space left")


def test_the_first_of_two_folders_stays(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with files.new_folder(target) as late:
        (late / "who").write_text("late")
        with files.new_folder(target) as early:
            (early / "who").write_text("early")
    assert (target / "who").read_text() == "early"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_must_be_ours_stays_under_another_name_where_somebody_was_first(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with (
        pytest.raises(DataError, match="Something was put into") as caught,
        files.new_folder(target, first_wins=False) as ours,
    ):
        _made_by_two(ours, target)
    (kept,) = (path for path in tmp_path.iterdir() if path != target)
    assert str(kept) in caught.value.allowed
    assert [(path / "who").read_text() for path in (target, kept)] == ["theirs", "ours"]


def _made_by_two(ours: Path, target: Path) -> None:
    (ours / "who").write_text("ours")
    target.mkdir()
    (target / "who").write_text("theirs")


def test_the_file_system_of_a_path_is_that_of_its_closest_mount(tmp_path: Path) -> None:
    kind = subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True).stdout
    assert files.file_system(tmp_path)[:3] == kind.strip()[:3]


def test_lines_are_taken_out_and_the_others_stay_byte_for_byte(tmp_path: Path) -> None:
    log = tmp_path / "log"
    files.keep_lines(log, lambda _: False)
    assert not log.exists()
    log.write_bytes(b"one\r\ntwo\n\xff\ntorn")
    before = log.stat().st_ino
    files.keep_lines(log, lambda _: True)
    assert log.stat().st_ino == before, "not touched"
    asked = []
    files.keep_lines(log, lambda line: asked.append(line) or line != "two")
    assert asked == ["one", "two", "\ufffd", "torn"]
    assert log.read_bytes() == b"one\r\n\xff\ntorn"
