"""Each epoch's record of learning is there once, after a resume too, and changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from histo_core.training.events import EpochDone, Event
from histo_core.training.learning import FILE, read_learning
from histo_core.training.learning_recorder import StepRecorder, set_learning

Fit = Callable[..., Iterator[Event]]


def test_each_epoch_has_one_record(fit_dots: Fit, tmp_path: Path) -> None:
    done = [event for event in fit_dots(tmp_path) if isinstance(event, EpochDone)]
    records = read_learning(tmp_path)
    assert [one.epoch for one in records] == [0, 1, 2]
    for record, event in zip(records, done, strict=True):
        assert record.train is not None
        assert record.valid is not None
        assert record.valid.loss == pytest.approx(event.valid_loss, abs=1e-5)
        assert sum(record.train.classes) == 37
        assert sum(record.valid.answers) == 14
        assert record.step is not None
        assert record.step.gradient_norm is not None
        assert record.step.gradient_norm > 0
        assert record.weights.uniform_layers == 0
    assert records[0].weights.norm_after == pytest.approx(records[1].weights.norm_before)


def test_an_epoch_that_is_trained_again_has_one_record(fit_dots: Fit, tmp_path: Path) -> None:
    events = fit_dots(tmp_path)
    while not isinstance(next(events), EpochDone):
        pass
    events.close()  # type: ignore[attr-defined]
    line = (tmp_path / FILE).read_text()
    second = line.replace('"epoch": 0', '"epoch": 1')  # as of a process that was killed before its checkpoint
    (tmp_path / FILE).write_text(line + second + '{"torn')
    list(fit_dots(tmp_path))
    lines = (tmp_path / FILE).read_text().splitlines()
    epochs = [json.loads(one)["epoch"] for one in lines if one != '{"torn']
    assert epochs == [0, 1, 2]
    assert [one.epoch for one in read_learning(tmp_path)] == [0, 1, 2]


def test_a_line_of_another_version_is_read_as_far_as_it_is_known(fit_dots: Fit, tmp_path: Path) -> None:
    list(fit_dots(tmp_path))
    first, *_ = (tmp_path / FILE).read_text().splitlines()
    newer: dict[str, Any] = json.loads(first) | {"of_a_later_version": 3}
    (tmp_path / FILE).write_text(json.dumps(newer) + '\n{"epoch": 1}\n')
    assert [one.epoch for one in read_learning(tmp_path)] == [0]


def test_outputs_that_sum_to_one_are_recognised() -> None:
    logits, labels = torch.randn(8, 3, dtype=torch.float64), torch.arange(8).numpy() % 3
    assert not set_learning(logits, labels, "softmax").sum_to_one
    assert set_learning(logits.softmax(dim=1), labels, "softmax").sum_to_one
    assert not set_learning(logits.log_softmax(dim=1), labels, "softmax").sum_to_one


def test_the_recorder_counts_units_without_gradient_and_measures_the_step() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    with torch.no_grad():
        model[0].bias[:2] = -1e6  # two of the six are never active
    recorder, optimizer = StepRecorder(model, steps=1), torch.optim.SGD(model.parameters(), 0.5)
    silent = int((model[0](torch.ones(1, 4)) <= 0).sum())
    recorder.begin_epoch()
    model(torch.ones(3, 4)).square().sum().backward()
    gradients = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])
    size = torch.cat([weight.detach().flatten() for weight in model.parameters()]).norm()
    recorder.before_step(0)
    optimizer.step()
    recorder.after_step()
    assert recorder.step is not None
    assert recorder.step.silent_units == silent >= 2
    assert recorder.step.units == 8
    assert recorder.step.gradient_norm == pytest.approx(float(gradients.norm()))
    assert recorder.step.step_share == pytest.approx(float(0.5 * gradients.norm() / size), rel=1e-4)
