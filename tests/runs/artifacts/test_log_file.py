"""The end of a log, and of nothing else."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

from histo_core.runs.artifacts.events import read_events
from histo_core.runs.artifacts.log_file import log_end


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with path.open("wb") as file:
        file.truncate(5 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\none\ntwo\n")
    tracemalloc.start()
    assert log_end(path, 2) == ["one", "two"]
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_a_log_that_is_a_link_or_a_pipe_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "log.txt").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    assert log_end(tmp_path / "log.txt", 40) == []
    assert log_end(tmp_path / "pipe", 40) == []
    assert log_end(tmp_path / "nothing", 40) == []


def test_events_behind_a_pipe_or_nested_deep_are_none(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("[" * 100_000 + "\n")
    assert read_events(tmp_path) == []
    (tmp_path / "events.jsonl").unlink()
    os.mkfifo(tmp_path / "events.jsonl")
    assert read_events(tmp_path) == []
