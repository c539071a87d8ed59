"""How far a worker says it is."""

from __future__ import annotations

from dataclasses import replace

from histo_core.runs.records import Progress
from histo_core.runs.stages import _progress
from histo_core.training.events import BatchDone, EpochDone, Finished, Started


def test_progress_follows_the_events_and_keeps_the_best_epoch() -> None:
    progress = Progress("preparing")
    for event in (
        Started(1, 0, 10, 20, 160, 40, "cpu", 1),
        BatchDone(1, 5, 20, 0.7, 412.5, 0.01),
        EpochDone(1, 0.7, 0.6, 0.8, 0.85, 1.5, best=True),
        EpochDone(2, 0.5, 0.7, 0.9, None, 1.5, best=False),
        BatchDone(3, 1, 20, 0.55, 400.0, 0.01),
    ):
        progress = _progress(event, progress)
    assert _progress(EpochDone(3, 0.45, 0.7, 0.9, None, 1.5, best=False), progress).train_loss == 0.45
    expected = Progress("training", 3, 10, 1, 20, 400.0, 1, 0.6, 0.8, 0.85, train_loss=0.55)
    assert progress == expected
    assert _progress(Finished(1, 0.6), progress) == expected
    assert _progress(Started(2, 4, 10, 20, 160, 40, "cpu", 1), progress) == replace(expected, epoch=2, batch=4)
