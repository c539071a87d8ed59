"""The learning rate and the average that the real loop uses, step by step, against torch's own.

Rates are read from the optimiser at the moment of each of its steps, by torch's own hook, and not from anything that
the loop tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer, lr_scheduler
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.optim.swa_utils import AveragedModel

from histo_core.config import ModelConfig, RunConfig, TrainConfig
from histo_core.models.registry import build_model
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.training import session, setup
from histo_core.training.events import BatchDone, EpochDone, Event, Stopped
from histo_core.training.validation import Validation

RATE, EPOCHS, BATCHES = 0.02, 6, 5
VALID_LOSSES = [1.0, 0.8, 0.9, 0.7, 0.75, 0.7]
Rates = list[list[float]]


def config_of(config: RunConfig, **train: Any) -> RunConfig:
    """Six epochs of five batches of SGD on a small network without dropout."""
    settings = {"epochs": EPOCHS, "learning_rate": RATE, "optimizer": "sgd"} | train
    update = {"model": ModelConfig(name="cnn_narrow"), "train": TrainConfig(**config.train.model_dump() | settings)}
    return config.model_copy(update=update)


@pytest.fixture
def valid_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What validation finds, in turn; a run that goes on has its first ones behind it."""
    left = iter(VALID_LOSSES)
    monkeypatch.setattr(session, "validate", lambda *args, **kwargs: Validation(next(left), 0.5, None))


@contextmanager
def used_rates() -> Iterator[Rates]:
    """The rates of all groups at each step that an optimiser takes in the block."""
    rates: Rates = []
    handle = register_optimizer_step_pre_hook(
        lambda optimizer, args, kwargs: rates.append([group["lr"] for group in optimizer.param_groups])
    )
    try:
        yield rates
    finally:
        handle.remove()


def in_two_goes(fit_dots: Callable[..., Iterator[Event]], folder: Path, config: RunConfig, after: int) -> list[Event]:
    """Stopped after so many steps, and gone on with by new objects."""
    asked = iter(range(1, 10_000))
    events = list(fit_dots(folder, config=config, should_stop=lambda: next(asked) >= after))
    assert isinstance(events[-1], Stopped)
    return events + list(fit_dots(folder, config=config))


def torchs(build: Callable[[SGD, int], lr_scheduler.LRScheduler | None], steps: int, *, each_step: bool) -> list[float]:
    """The rates of torch's scheduler in a plain loop of as many steps an epoch."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler, rates = build(optimizer, EPOCHS * steps), []
    for loss in VALID_LOSSES:
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if scheduler and each_step and len(rates) < EPOCHS * steps:
                scheduler.step()
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step(loss)
        elif scheduler and not each_step:
            scheduler.step()
    return rates


def warmed_up(optimizer: SGD, total: int) -> lr_scheduler.LRScheduler:
    """Two epochs from one step's share of the rate up to all of it, then the cosine over the rest."""
    warm = 2 * total // EPOCHS
    rise = lr_scheduler.LinearLR(optimizer, 1 / warm, 1.0, warm - 1)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, total - warm, 0.1 * RATE)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], [warm])


CASES: dict[str, tuple[dict[str, Any], Callable[[SGD, int], lr_scheduler.LRScheduler | None], bool]] = {
    "none": ({}, lambda o, total: None, False),
    "step": ({"step_epochs": 2, "step_factor": 0.3}, lambda o, total: lr_scheduler.StepLR(o, 2, 0.3), False),
    "step, in steps": (
        {"step_epochs": 4, "step_factor": 0.3, "schedule_every": "step"},
        lambda o, total: lr_scheduler.StepLR(o, 4, 0.3),
        True,
    ),
    "exponential": ({"epoch_factor": 0.7}, lambda o, total: lr_scheduler.ExponentialLR(o, 0.7), False),
    "exponential, in steps": (
        {"epoch_factor": 0.9, "schedule_every": "step"},
        lambda o, total: lr_scheduler.ExponentialLR(o, 0.9),
        True,
    ),
    "cyclic": (
        {"cycle_steps": 4, "cycle_low": 0.1},
        lambda o, total: lr_scheduler.CyclicLR(o, 0.1 * RATE, RATE, 4, cycle_momentum=False),
        True,
    ),
    "one_cycle": ({}, lambda o, total: lr_scheduler.OneCycleLR(o, RATE, total, cycle_momentum=False), True),
    "cosine": ({"cosine_end": 0.1}, lambda o, total: lr_scheduler.CosineAnnealingLR(o, total, 0.1 * RATE), True),
    "cosine, warmed up": ({"cosine_end": 0.1, "warmup_epochs": 2}, warmed_up, True),
    "plateau": (
        {"plateau_patience": 0, "plateau_factor": 0.5},
        lambda o, total: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=0),
        False,
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step", "ignore:Detected call of `lr_scheduler")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.usefixtures("valid_losses")
def test_rates_of_the_loops_own_steps_are_torchs(fit_dots, config, tmp_path, name: str, accumulate: int) -> None:
    """With gradients of two batches a step, which leaves a step of one; that run is stopped in its third epoch."""
    settings, build, each_step = CASES[name]
    steps = -(-BATCHES // accumulate)
    config = config_of(config, schedule=name.split(",")[0], accumulate=accumulate, **settings)
    with used_rates() as used:
        if accumulate == 1:
            events = list(fit_dots(tmp_path, config=config))
        else:
            events = in_two_goes(fit_dots, tmp_path, config, after=2 * steps + 1)
    rates = [rate for (rate,) in used]
    expected = torchs(build, steps, each_step=each_step)
    assert rates == pytest.approx(expected, rel=1e-9)
    assert name == "none" or len(set(expected)) > 2
    told = {event.epoch: event.learning_rate for event in events if isinstance(event, EpochDone)}
    assert told == {epoch: rates[(epoch + 1) * steps - 1] for epoch in range(EPOCHS)}
    batches = {(event.epoch, event.batch): event.learning_rate for event in events if isinstance(event, BatchDone)}
    assert list(batches.values()) == [
        rates[epoch * steps + batch // accumulate] for epoch in range(EPOCHS) for batch in range(BATCHES)
    ]


def test_an_epoch_tells_what_the_optimiser_used_and_not_what_was_meant(
    fit_dots, config, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else changes the rate in the last moment, and the event says so; after a stop in validation as well."""
    handle = register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: _halve(optimizer))
    asked = iter(range(1, 100))
    try:
        config = config_of(config, epochs=1)
        # The sixth question is the first of validation: all steps are done, and none follows after the stop.
        events = list(fit_dots(tmp_path, config=config, should_stop=lambda: next(asked) >= BATCHES + 1))
        assert events[-1] == Stopped(0, BATCHES)
        events = list(fit_dots(tmp_path, config=config))
    finally:
        handle.remove()
    assert [event.learning_rate for event in events if isinstance(event, EpochDone)] == [RATE / 2]


def _halve(optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["lr"] /= 2


def test_the_backbone_keeps_its_share_of_the_rate(fit_dots, config, tmp_path) -> None:
    """Classifiers first; the epoch tells theirs."""
    config = config_of(config, epochs=2, schedule="exponential", epoch_factor=0.5, backbone_learning_rate=0.001)
    with used_rates() as used:
        events = list(fit_dots(tmp_path, config=config))
    assert used == [pytest.approx([rate, rate / 20]) for rate in [RATE] * 5 + [RATE / 2] * 5]
    assert [event.learning_rate for event in events if isinstance(event, EpochDone)] == [RATE, RATE / 2]


@pytest.mark.parametrize(("decay", "accumulate"), [(0.999, 1), (0.3, 2)])
def test_the_loops_average_is_torchs_averaged_model(
    fit_dots, config, tmp_path, monkeypatch: pytest.MonkeyPatch, decay: float, accumulate: int
) -> None:
    """Torch's model takes in what lies in the network after each step of the optimiser, over a stop as well."""
    built: list[nn.Module] = []

    def build(*arguments: Any) -> nn.Module:
        built.append(build_model(*arguments))
        return built[-1]

    def average(mean: Tensor, now: Tensor, updates: Tensor | int) -> Tensor:
        """By hand: the decay of step t, from 0; torch counts the first weights as one update."""
        if not mean.is_floating_point():
            return now
        step = int(updates) - 1
        share = min(decay, (1 + step) / (10 + step))
        return share * mean + (1 - share) * now

    reference: list[AveragedModel] = []

    def take_in(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        reference[0].update_parameters(built[-1])

    def watched(*arguments: Any) -> nn.Module:
        network = build(*arguments)
        if not reference:
            reference.append(AveragedModel(network, avg_fn=average, use_buffers=True))
            reference[0].n_averaged.fill_(1)
        return network

    monkeypatch.setattr(setup, "build_model", watched)
    config = config_of(config, epochs=3, average_decay=decay, accumulate=accumulate)
    handle = register_optimizer_step_post_hook(take_in)
    try:
        in_two_goes(fit_dots, tmp_path, config, after=-(-BATCHES // accumulate) + 2)
    finally:
        handle.remove()
    assert int(reference[0].n_averaged) == 1 + 3 * -(-BATCHES // accumulate)
    checkpoint = tmp_path / "checkpoint"
    tensors = read_tensors(checkpoint / read_manifest(checkpoint).last.file)[0]
    expected = reference[0].module.state_dict()
    assert any("running_mean" in name for name in expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(tensors[f"average.{name}"], tensor, rtol=1e-5, atol=1e-7)
    assert any(not torch.equal(tensors[f"average.{name}"], tensors[f"model.{name}"]) for name in expected)
