"""What a run's ``events.jsonl`` says."""

from __future__ import annotations

from pathlib import Path

from histo_core.files import append_line, keep_lines
from histo_core.regular_files import read_end
from histo_core.training.events import BatchDone, EpochDone, Event, Started, from_json, to_json

FILE = "events.jsonl"


class EventLog:
    """Appends a run's events to ``events.jsonl``; each epoch stands there once, however often a worker was killed.

    Training that goes on tells the last finished epoch once more, since whoever was told first may have died of it:
    one that stands there already is passed over. Epochs that stand there and will be trained again, because the newest
    checkpoint was damaged, are taken out when training begins.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._epochs: set[int] = set()

    def add(self, event: Event) -> None:
        """Write an event down, and wait until it is on the disk; batches are not written.

        Raises:
            OSError: the disk refused.
        """
        if isinstance(event, BatchDone):
            return
        if isinstance(event, Started):
            self._begin(event.epoch)
        elif isinstance(event, EpochDone):
            if event.epoch in self._epochs:
                return
            self._epochs.add(event.epoch)
        append_line(self._file, to_json(event))

    def _begin(self, epoch: int) -> None:
        """Keep the epochs before the one that is trained now."""
        keep_lines(self._file, lambda line: not isinstance(told := from_json(line), EpochDone) or told.epoch < epoch)
        told = read_events(self._file.parent)
        self._epochs = {event.epoch for event in told if isinstance(event, EpochDone)}


MAX_BYTES = 64 << 20
"""Of the events, from the end: an epoch takes one kilobyte."""


def read_events(folder: Path) -> list[Event]:
    """The events of a run's folder, in order; empty when there are none yet.

    An older version wrote an epoch twice when it was resumed: the later line counts. A line torn by a crash is left
    out.
    """
    try:
        text = read_end(folder / FILE, MAX_BYTES).decode(errors="replace")
    except OSError:  # not there yet, or no file
        return []
    events = [event for line in text.splitlines() if (event := from_json(line)) is not None]
    latest = {event.epoch: position for position, event in enumerate(events) if isinstance(event, EpochDone)}
    return [
        event
        for position, event in enumerate(events)
        if not isinstance(event, EpochDone) or latest[event.epoch] == position
    ]
