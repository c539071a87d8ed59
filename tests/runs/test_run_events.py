"""Reading a run's events back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from histo_core.files import append_line
from histo_core.runs.events import read_events
from histo_core.training.events import EpochDone, Started, to_json

EPOCH = EpochDone(0, 0.7, 0.6, 0.8, 0.85, 1.5, best=True)
STARTED = Started(0, 0, 3, 10, 80, 20, "cpu", 1)


def test_no_file_means_no_events(tmp_path: Path) -> None:
    assert read_events(tmp_path) == []


def test_of_an_epoch_told_twice_the_later_counts(tmp_path: Path) -> None:
    later = replace(EPOCH, epoch=1, train_loss=0.5)
    for event in (STARTED, EPOCH, replace(later, train_loss=0.9), STARTED, later):
        append_line(tmp_path / "events.jsonl", to_json(event))
    assert read_events(tmp_path) == [STARTED, EPOCH, STARTED, later]


def test_a_torn_or_foreign_line_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    append_line(file, to_json(STARTED))
    with file.open("ab") as torn:
        torn.write(b'{"kind": "EpochDone", "epo')
    append_line(file, to_json(EPOCH))
    append_line(file, "\udcff".encode(errors="surrogateescape").decode("latin-1"))
    append_line(file, '{"kind": "FromTheFuture"}')
    assert read_events(tmp_path) == [STARTED, EPOCH]
