from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.models.layers.group import P4, GroupConv2d
from histo_core.training.ema import Average


def test_the_average_by_hand() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    averaged = [*model.parameters(), model[1].running_mean]
    mean = [weight.detach().clone().double() for weight in averaged]
    average = Average(model, 0.5)
    for step in range(12):
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn(weight.shape))
            model[1].running_mean += 1
            model[1].num_batches_tracked += 1
        decay = min(0.5, (1 + step) / (10 + step))
        mean = [decay * old + (1 - decay) * new.double() for old, new in zip(mean, averaged, strict=True)]
        average.update(step)
    found = [*average.model.parameters(), average.model[1].running_mean]
    for got, expected in zip(found, mean, strict=True):
        torch.testing.assert_close(got.double(), expected.detach(), rtol=1e-5, atol=1e-6)
    assert average.model[1].num_batches_tracked == 12
    assert not average.model.training


def test_the_decay_grows_up_to_what_is_asked() -> None:
    """With weights of 1 after a start at 0 the average is 1 less all decays multiplied: 0.1, 2 / 11, 0.2, 0.2."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = Average(model, 0.2)
    nn.init.ones_(model.weight)
    for step in range(4):
        average.update(step)
    assert average.model.weight.item() == pytest.approx(1 - 0.1 * 2 / 11 * 0.2 * 0.2)


def test_channels_last_stays() -> None:
    model = nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last)
    average = Average(model, 0.9)
    average.update(0)
    assert average.model.weight.is_contiguous(memory_format=torch.channels_last)


def test_what_never_changes_is_not_copied_at_each_step() -> None:
    """A group convolution's table of places, which no checkpoint keeps either."""
    model = GroupConv2d(P4, 3, 2, 3, lifting=True)
    average = Average(model, 0.5)
    average.model.index.zero_()
    average.update(0)
    assert not average.model.index.any()
    assert model.index.any()
