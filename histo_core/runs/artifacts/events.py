"""Read and write a run's ``events.jsonl``."""

from __future__ import annotations

from pathlib import Path

from histo_core.files import append_line, keep_lines
from histo_core.regular_files import read_end
from histo_core.training.events import BatchDone, EpochDone, Event, Started, from_json, to_json

FILE = "events.jsonl"


class EventLog:
    """A log that appends a run's events to ``events.jsonl``, each epoch once, however often a worker was killed.

    Resumed training reports the last finished epoch again, because the process may have died before the event was
    written. An epoch that is already in the file is skipped. When the newest checkpoint was damaged, the epochs that
    are trained again are removed from the file when training begins.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._epochs: set[int] = set()

    def add(self, event: Event) -> None:
        """Append an event and wait until it is on the disk; batch events are not written.

        Raises:
            OSError: the file cannot be written.
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
        """Keep only the epochs before the one that is trained now."""
        keep_lines(self._file, lambda line: not isinstance(told := from_json(line), EpochDone) or told.epoch < epoch)
        told = read_events(self._file.parent)
        self._epochs = {event.epoch for event in told if isinstance(event, EpochDone)}


MAX_BYTES = 64 << 20
"""Bytes that are read, from the end of the file; an epoch takes one kilobyte."""


def read_events(folder: Path) -> list[Event]:
    """Return the events of a run's folder in order; empty when there are none yet.

    An older version wrote an epoch twice after a resume: the later line counts. A line that a crash cut off is left
    out.
    """
    try:
        text = read_end(folder / FILE, MAX_BYTES).decode(errors="replace")
    except OSError:  # missing, or not a file
        return []
    events = [event for line in text.splitlines() if (event := from_json(line)) is not None]
    latest = {event.epoch: position for position, event in enumerate(events) if isinstance(event, EpochDone)}
    return [
        event
        for position, event in enumerate(events)
        if not isinstance(event, EpochDone) or latest[event.epoch] == position
    ]
