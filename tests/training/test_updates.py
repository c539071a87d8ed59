"""What one step does, against steps written out by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn

from histo_core.config import TrainConfig
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import BatchSharding
from histo_core.training.ema import Average
from histo_core.training.fabric import fabric_on
from histo_core.training.loss import build_loss
from histo_core.training.optimizer import build_optimizer
from histo_core.training.updates import Updates, l1_penalty

CPU = torch.device("cpu")
SAMPLES, SIZE = 22, 4
BATCHES = 6
"""The last holds two samples."""


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 2))


@pytest.fixture
def samples() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    return torch.randn(SAMPLES, 5, generator=random), torch.randint(0, 2, (SAMPLES,), generator=random)


def updates_of(model: nn.Module, average: Average | None = None, **settings: Any) -> Updates:
    config = TrainConfig(**{"optimizer": "sgd", "learning_rate": 0.5, "batch_size": SIZE, "epochs": 3, **settings})
    optimizer = build_optimizer(config, model, ("2",), CPU)
    return Updates(config, fabric_on(CPU, config.precision), model, optimizer, average, BATCHES)


def epoch(updates: Updates, samples: tuple[Tensor, Tensor], number: int = 0) -> list[bool]:
    """Which batches of an epoch changed the weights."""
    (images, labels), config = samples, updates._config
    rows = np.arange(len(labels))
    loss_of = build_loss(config, labels.numpy(), 2, CPU)
    shards = BatchSharding(ProcessGroup(CPU), config, rows, labels.numpy(), 2).of_epoch(rows, -(-len(labels) // SIZE))
    return [
        updates.learn_from(loss_of(updates.network(x), y), shard, number, batch, [])
        for batch, (x, y, shard) in enumerate(zip(images.split(SIZE), labels.split(SIZE), shards, strict=True))
    ]


def same(model: nn.Module, reference: nn.Module, tolerance: float = 1e-6) -> None:
    for weight, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(weight, other, rtol=0, atol=tolerance)


def test_batches_gathered_equal_larger_ones(model, samples) -> None:
    """Four batches are one of 16; the last two, of 4 and 2 samples, are one of 6."""
    reference = deepcopy(model)
    updates = updates_of(model, accumulate=4)
    assert epoch(updates, samples) == [False, False, False, True, False, True]
    assert epoch(updates, samples, 1)[-1]
    optimizer = torch.optim.SGD(reference.parameters(), 0.5)
    for _ in range(2):
        for images, labels in zip(*(part.split(16) for part in samples), strict=True):
            optimizer.zero_grad()
            F.cross_entropy(reference(images), labels).backward()
            optimizer.step()
    same(model, reference)


@pytest.mark.parametrize("loss_sum", [False, True])
def test_weighed_batches_gathered_equal_larger_ones(model, samples, loss_sum: bool) -> None:
    """Batches of four hold the rare class none to three times, so that counting them by samples would go astray."""
    images, labels = samples[0], torch.tensor([1, 1, 1, 0] + [0] * 12 + [1, 0, 0, 0, 0, 0])
    reference = deepcopy(model)
    updates = updates_of(model, accumulate=4, balance="weights", loss_sum=loss_sum, learning_rate=0.02)
    epoch(updates, (images, labels))
    loss_of = build_loss(TrainConfig(balance="weights"), labels.numpy(), 2, CPU)
    optimizer = torch.optim.SGD(reference.parameters(), 0.02)
    for x, y in zip(images.split(16), labels.split(16), strict=True):
        optimizer.zero_grad()
        (loss_of(reference(x), y) * (len(y) if loss_sum else 1)).backward()
        optimizer.step()
    same(model, reference)


def test_processes_add_gradients_up_once_a_step(model, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[bool] = []
    monkeypatch.setattr(Fabric, "no_backward_sync", lambda self, network, enabled: waits.append(enabled))
    updates = updates_of(model, accumulate=4)
    for batch in range(BATCHES):
        updates.gathering(batch)
    assert waits == [True, True, True, False, True, False]


def test_summed_losses_of_gathered_batches_are_summed(model, samples) -> None:
    """Steps of 12 and 10 samples, and the penalty once a step."""
    reference = deepcopy(model)
    epoch(updates_of(model, accumulate=3, loss_sum=True, l1=0.02, learning_rate=0.01), samples)
    optimizer = torch.optim.SGD(reference.parameters(), 0.01)
    for images, labels in zip(*(part.split(12) for part in samples), strict=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(reference(images), labels, reduction="sum") + 0.02 * l1_penalty(reference)
        loss.backward()
        optimizer.step()
    same(model, reference)


def test_more_batches_a_step_than_an_epoch_has(model, samples) -> None:
    reference = deepcopy(model)
    assert epoch(updates_of(model, accumulate=100), samples) == [False] * 5 + [True]
    F.cross_entropy(reference(samples[0]), samples[1]).backward()
    torch.optim.SGD(reference.parameters(), 0.5).step()
    same(model, reference)


def test_gradients_are_clipped_to_a_norm_over_all_weights(model, samples) -> None:
    reference = deepcopy(model)
    epoch(updates_of(model, accumulate=100, clip_norm=0.05), samples)
    F.cross_entropy(reference(samples[0]), samples[1]).backward()
    norm = torch.cat([weight.grad.flatten() for weight in reference.parameters()]).norm()
    assert norm > 0.05
    with torch.no_grad():
        for weight in reference.parameters():
            weight -= 0.5 * weight.grad * 0.05 / norm
    same(model, reference)


def test_the_l1_penalty_moves_weights_by_their_sign_and_leaves_biases(model, samples) -> None:
    plain = deepcopy(model)
    start = deepcopy(model)
    epoch(updates_of(model, accumulate=3, l1=0.01), [part[:12] for part in samples])
    epoch(updates_of(plain, accumulate=3), [part[:12] for part in samples])
    for name, weight in model.named_parameters():
        sign = start.get_parameter(name).sign() if weight.ndim > 1 else 0
        torch.testing.assert_close(weight, plain.get_parameter(name) - 0.5 * 0.01 * sign, rtol=0, atol=1e-6)


def test_the_l1_penalty_leaves_norms_and_frozen_weights_out() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 2), nn.BatchNorm2d(1), nn.Linear(2, 1), nn.Linear(1, 1))
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(-2)
    model[3].requires_grad_(requires_grad=False)
    assert l1_penalty(model).item() == 2 * (4 + 2)


def test_rates_follow_the_schedule_a_step_not_a_batch(model, samples) -> None:
    """Six batches, two a step: three steps an epoch, nine in all."""
    settings = {"schedule": "one_cycle", "accumulate": 2, "backbone_learning_rate": 0.1}
    updates = updates_of(model, **settings)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, 9, cycle_momentum=False)
    expected = []
    for _ in range(9):
        expected += [scheduler.get_last_lr()[0]] * 2
        optimizer.step()
        if len(expected) < 18:
            scheduler.step()
    got = [updates.learning_rate(number, batch, []) for number in range(3) for batch in range(BATCHES)]
    assert got == pytest.approx(expected)


def test_each_group_keeps_its_share_of_the_rate(model, samples) -> None:
    reference = deepcopy(model)
    updates = updates_of(
        model, accumulate=100, schedule="step", step_epochs=1, step_factor=0.5, backbone_learning_rate=0.1
    )
    epoch(updates, samples, number=2)
    F.cross_entropy(reference(samples[0]), samples[1]).backward()
    with torch.no_grad():
        for name, weight in reference.named_parameters():
            weight -= (0.5 if name.startswith("2.") else 0.1) * 0.25 * weight.grad
    same(model, reference)


def test_the_average_takes_every_step_in(model, samples) -> None:
    twin = deepcopy(model)
    average, expected = Average(model, 0.3), Average(twin, 0.3)
    epoch(updates_of(model, average, accumulate=2), samples, number=1)
    optimizer = torch.optim.SGD(twin.parameters(), 0.5)
    # The epoch before had three steps.
    for step, (images, labels) in enumerate(zip(*(part.split(8) for part in samples), strict=True), start=3):
        optimizer.zero_grad()
        F.cross_entropy(twin(images), labels).backward()
        optimizer.step()
        expected.update(step)
    same(average.model, expected.model)
    assert not torch.equal(average.model[0].weight, model[0].weight)


def test_fewer_bits_give_nearly_the_same_weights(model, samples) -> None:
    reference = deepcopy(model)
    epoch(updates_of(model, precision="bf16"), samples)
    epoch(updates_of(reference), samples)
    same(model, reference, tolerance=0.02)
    assert not torch.equal(model[0].weight, reference[0].weight)
    assert model[0].weight.dtype == torch.float32
