"""Learning rates against torch's own schedulers, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from histo_core.config import TrainConfig
from histo_core.training.schedule import factor, stalled

EPOCHS, STEPS, RATE = 9, 5, 0.3
VALID_LOSSES = [1.0, 0.8, 0.9, 0.79999, 0.85, 0.7, 0.7, 0.71, 0.69999]


def ours(**settings: object) -> list[float]:
    config = TrainConfig(epochs=EPOCHS, learning_rate=RATE, **settings)
    return [
        config.learning_rate * factor(config, STEPS, epoch, step, VALID_LOSSES[:epoch])
        for epoch in range(EPOCHS)
        for step in range(STEPS)
    ]


def torchs(build: Callable[[SGD], lr_scheduler.LRScheduler], *, each_step: bool) -> list[float]:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler, rates = build(optimizer), []
    for loss in VALID_LOSSES:
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if each_step and len(rates) < EPOCHS * STEPS:
                scheduler.step()
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step(loss)
        elif not each_step:
            scheduler.step()
    return rates


TOTAL = EPOCHS * STEPS
CASES = {
    "step": ({"step_epochs": 4, "step_factor": 0.16}, lambda o: lr_scheduler.StepLR(o, 4, 0.16), False),
    "exponential": ({"epoch_factor": 0.8}, lambda o: lr_scheduler.ExponentialLR(o, 0.8), False),
    "cyclic": (
        {"cycle_steps": 7, "cycle_low": 0.01},
        lambda o: lr_scheduler.CyclicLR(o, 0.01 * RATE, RATE, 7, cycle_momentum=False),
        True,
    ),
    "one_cycle": ({}, lambda o: lr_scheduler.OneCycleLR(o, RATE, TOTAL, cycle_momentum=False), True),
    "cosine": ({"cosine_end": 0.1}, lambda o: lr_scheduler.CosineAnnealingLR(o, TOTAL, 0.1 * RATE), True),
    "plateau": (
        {"plateau_patience": 1, "plateau_factor": 0.5},
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rates_are_torchs_at_each_step(name: str) -> None:
    settings, build, each_step = CASES[name]
    expected = torchs(build, each_step=each_step)
    assert ours(schedule=name, **settings) == pytest.approx(expected, rel=1e-9)
    assert len(set(expected)) > 2


@pytest.mark.parametrize("name", ["step", "exponential"])
def test_counted_in_steps_rates_are_torchs_at_each_step(name: str) -> None:
    settings, build, _ = CASES[name]
    expected = torchs(build, each_step=True)
    assert ours(schedule=name, schedule_every="step", **settings) == pytest.approx(expected, rel=1e-9)


def test_a_tenth_every_20_epochs_taken_as_batches_ends_all_learning() -> None:
    """As one study's text reads: 4,096 batches an epoch, of which 200 are enough."""
    config = TrainConfig(
        epochs=100, learning_rate=0.05, schedule="step", schedule_every="step", step_epochs=20, step_factor=0.1
    )
    rate = [config.learning_rate * factor(config, 4096, 0, step, []) for step in (0, 19, 20, 199, 200)]
    assert rate == pytest.approx([0.05, 0.05, 0.005, 5e-11, 5e-12])


def test_without_a_schedule_nothing_changes() -> None:
    assert ours() == [RATE] * TOTAL


def test_warm_up_rises_in_a_line_and_the_cosine_takes_the_rest() -> None:
    rates = ours(schedule="cosine", warmup_epochs=2)
    assert rates[:10] == pytest.approx([RATE * step / 10 for step in range(1, 11)])
    assert rates[10:] == pytest.approx([RATE * (1 + math.cos(math.pi * step / 35)) / 2 for step in range(35)])


def test_one_cycle_of_a_single_step() -> None:
    config = TrainConfig(epochs=1, schedule="one_cycle")
    assert factor(config, 1, 0, 0, []) > 0


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        ([], 1, False),
        ([1.0], 1, False),
        ([1.0, 1.0], 1, True),
        ([1.0, 0.9, 0.95], 2, False),
        ([1.0, 0.9, 0.95, 0.9], 2, True),
        ([1.0, 2.0, 3.0], None, False),
    ],
)
def test_stalled_counts_epochs_since_the_best(losses: Sequence[float], patience: int | None, expected: bool) -> None:
    assert stalled(losses, patience) is expected
