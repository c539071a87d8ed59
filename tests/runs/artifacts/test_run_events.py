"""Reading a run's events back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from histo_core.files import append_line
from histo_core.runs.artifacts.events import EventLog, read_events
from histo_core.training.events import BatchDone, EpochDone, Finished, Started, to_json

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


def _lines(folder: Path) -> int:
    return len((folder / "events.jsonl").read_bytes().splitlines())


def test_the_epoch_that_is_told_again_after_a_resume_stands_once(tmp_path: Path) -> None:
    first = EventLog(tmp_path)
    for event in (STARTED, BatchDone(0, 1, 10, 0.7, 9.0, 0.1), EPOCH):
        first.add(event)
    resumed, second = EventLog(tmp_path), replace(EPOCH, epoch=1)
    goes_on = replace(STARTED, epoch=1)
    for event in (goes_on, EPOCH, second, Finished(1, 0.5)):
        resumed.add(event)
    assert read_events(tmp_path) == [STARTED, EPOCH, goes_on, second, Finished(1, 0.5)]
    assert _lines(tmp_path) == 5


def test_an_epoch_whose_line_a_kill_prevented_is_written_when_it_is_told_again(tmp_path: Path) -> None:
    EventLog(tmp_path).add(STARTED)
    resumed = EventLog(tmp_path)
    resumed.add(replace(STARTED, epoch=1))
    resumed.add(EPOCH)
    assert read_events(tmp_path)[-1] == EPOCH


def test_epochs_that_are_trained_again_are_taken_out(tmp_path: Path) -> None:
    """The newest checkpoint was damaged: training goes on from the one before."""
    epochs = [replace(EPOCH, epoch=number) for number in range(3)]
    log = EventLog(tmp_path)
    for event in (STARTED, *epochs):
        log.add(event)
    with (tmp_path / "events.jsonl").open("ab") as torn:
        torn.write(b'{"kind": "FromTheFuture"}\n\xff\n')
    resumed, goes_on = EventLog(tmp_path), replace(STARTED, epoch=1)
    resumed.add(goes_on)
    resumed.add(epochs[0])
    assert read_events(tmp_path) == [STARTED, epochs[0], goes_on]
    assert b"FromTheFuture" in (tmp_path / "events.jsonl").read_bytes(), "what is not ours stays"
    again = replace(epochs[1], train_loss=0.1)
    resumed.add(again)
    assert [event for event in read_events(tmp_path) if isinstance(event, EpochDone)] == [epochs[0], again]
    assert _lines(tmp_path) == 6
