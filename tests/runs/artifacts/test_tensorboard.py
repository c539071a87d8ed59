"""What TensorBoard's own reader finds in a run's event file."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from histo_core.runs.artifacts.tensorboard import FILE, EventFile
from histo_core.training.activations import EDGES, EpochActivity, LayerActivity, append_activity
from histo_core.training.events import BatchDone, EpochDone, Finished, Started


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
        train_accuracy=0.7,
        train_auroc=0.71,
        train_precision=0.72,
        train_recall=0.73,
        train_f1=0.74,
        valid_precision=0.82,
        valid_recall=0.83,
        valid_f1=None,
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
    scores = {name: value for name, [(_, value), *_] in found.items() if "/" in name and "loss" not in name}
    expected = {"accuracy/train": 0.7, "auroc/train": 0.71, "precision/train": 0.72, "recall/train": 0.73}
    expected |= {"f1/train": 0.74, "accuracy/valid": 0.8, "auroc/valid": 0.75}
    assert scores == pytest.approx(expected | {"precision/valid": 0.82, "recall/valid": 0.83})
    assert found["learning_rate"] == [(0, pytest.approx(1e-3)), (1, pytest.approx(1e-3))]
    assert found["images_per_second"] == [(0, 120.0)]


def test_macro_averages_are_named_as_such(tmp_path: Path) -> None:
    EventFile(tmp_path).add(replace(epoch(0), macro=True))
    assert {"accuracy/train", "auroc_macro/train", "f1_macro/train", "recall_macro/valid"} <= read(tmp_path).keys()
    assert "f1/train" not in read(tmp_path)


def test_activations_are_histograms_and_shares_of_the_epoch_they_belong_to(tmp_path: Path) -> None:
    """Of epoch 0 nothing was recorded. TensorBoard gives the bins from the first filled one to the last."""
    counts = [0] * (len(EDGES) + 1)
    counts[EDGES.index(0.0)], counts[EDGES.index(1.0)], counts[-1] = 6, 2, 1  # zeros, (0.71, 1], above 1024
    layer = LayerActivity("features.1", 4, 1, 0.0, 2000.0, 2001.8, 4000001.6, tuple(counts))
    append_activity(tmp_path, EpochActivity(1, (layer,)))
    events = EventFile(tmp_path)
    events.add(epoch(0))
    events.add(epoch(1))
    assert read(tmp_path)["never_active/features.1"] == [(1, 0.25)]
    (found,) = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Histograms("activations/features.1")
    value = found.histogram_value
    assert (found.step, value.min, value.max, value.num, value.sum) == (1, 0.0, 2000.0, 9, 2001.8)
    filled = {limit: count for limit, count in zip(value.bucket_limit, value.bucket, strict=True) if count}
    assert filled == {0.0: 6, 1.0: 2, sys.float_info.max: 1}


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


def test_epochs_that_are_trained_again_are_cut_off(tmp_path: Path) -> None:
    events = EventFile(tmp_path)
    for number in range(3):
        events.add(epoch(number))
    resumed = EventFile(tmp_path)
    resumed.add(Started(1, 0, 3, 10, 80, 20, "cpu", 1))
    resumed.add(epoch(0))  # told once more
    resumed.add(replace(epoch(1), train_loss=0.125))
    assert read(tmp_path)["loss/train"] == [(0, 0.5), (1, 0.125)]
