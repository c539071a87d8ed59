"""What a run's ``events.jsonl`` says."""

from __future__ import annotations

from pathlib import Path

from histo_core.regular_files import read_end
from histo_core.training.events import EpochDone, Event, from_json

MAX_BYTES = 64 << 20
"""Of the events, from the end: an epoch takes one kilobyte."""


def read_events(folder: Path) -> list[Event]:
    """The events of a run's folder, in order; empty when there are none yet.

    A run that was resumed may have written an epoch twice: the later line counts. A line torn by a crash is left out.
    """
    try:
        text = read_end(folder / "events.jsonl", MAX_BYTES).decode(errors="replace")
    except OSError:  # not there yet, or no file
        return []
    events = [event for line in text.splitlines() if (event := from_json(line)) is not None]
    latest = {event.epoch: position for position, event in enumerate(events) if isinstance(event, EpochDone)}
    return [
        event
        for position, event in enumerate(events)
        if not isinstance(event, EpochDone) or latest[event.epoch] == position
    ]
