"""What TensorBoard's own reader finds in a run's event file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from histo_core.runs.tensorboard import FILE, EventFile
from histo_core.training.events import BatchDone, EpochDone, Finished


def epoch(number: int, auroc: float | None = 0.75) -> EpochDone:
    return EpochDone(
        epoch=number,
        train_loss=0.5 / (number + 1),
        valid_loss=0.6,
        valid_accuracy=0.8,
        valid_auroc=auroc,
        seconds=3.0,
        best=True,
        learning_rate=1e-3,
    )


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found = EventAccumulator(str(folder / "tensorboard")).Reload()
    return {tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_each_epoch_is_a_step_of_each_curve(tmp_path: Path) -> None:
    events = EventFile(tmp_path)
    events.add(BatchDone(0, 1, 1, 0.5, 120.0, 1e-3))
    events.add(epoch(0))
    events.add(epoch(1, auroc=None))
    events.add(Finished(1, 0.6))
    found = read(tmp_path)
    assert found["loss/train"] == [(0, 0.5), (1, 0.25)]
    assert found["loss/valid"] == [(0, pytest.approx(0.6)), (1, pytest.approx(0.6))]
    assert found["accuracy/valid"] == [(0, pytest.approx(0.8)), (1, pytest.approx(0.8))]
    assert found["auroc/valid"] == [(0, 0.75)]
    assert found["learning_rate"] == [(0, pytest.approx(1e-3)), (1, pytest.approx(1e-3))]
    assert found["images_per_second"] == [(0, 120.0)]


def test_a_resumed_run_writes_no_epoch_twice(tmp_path: Path) -> None:
    first = EventFile(tmp_path)
    first.add(epoch(0))
    first.add(epoch(1))
    again = EventFile(tmp_path)
    again.add(epoch(1))
    again.add(epoch(2))
    assert [step for step, _ in read(tmp_path)["loss/train"]] == [0, 1, 2]


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_epoch_is_written_again(tmp_path: Path, cut: int) -> None:
    first = EventFile(tmp_path)
    first.add(epoch(0))
    first.add(epoch(1))
    file = tmp_path / "tensorboard" / FILE
    file.write_bytes(file.read_bytes()[:-cut])
    EventFile(tmp_path).add(epoch(1))
    assert [step for step, _ in read(tmp_path)["loss/train"]] == [0, 1]


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "tensorboard").write_text("a file where the folder should be")
    events = EventFile(tmp_path)
    with caplog.at_level(logging.WARNING):
        events.add(epoch(0))
        events.add(epoch(1))
    assert len(caplog.records) == 1
