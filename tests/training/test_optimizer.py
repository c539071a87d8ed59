"""Our steps against torch's own optimisers, built by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn, optim

from histo_core.config import TrainConfig
from histo_core.training.optimizer import build_optimizer

CPU = torch.device("cpu")
STEPS = 12

CASES: dict[str, tuple[dict[str, Any], Callable[[Iterable[nn.Parameter]], optim.Optimizer]]] = {
    "adam": ({"beta1": 0.8}, lambda p: optim.Adam(p, 0.01, betas=(0.8, 0.999))),
    "adam, all": (
        {"optimizer": "adam", "beta2": 0.9, "amsgrad": True, "epsilon": 1e-3, "weight_decay": 0.1},
        lambda p: optim.Adam(p, 0.01, betas=(0.9, 0.9), eps=1e-3, weight_decay=0.1, amsgrad=True),
    ),
    "adamw": ({"weight_decay": 0.2}, lambda p: optim.AdamW(p, 0.01, weight_decay=0.2)),
    "adamax": ({"beta1": 0.7}, lambda p: optim.Adamax(p, 0.01, betas=(0.7, 0.999))),
    "sgd": ({}, lambda p: optim.SGD(p, 0.01)),
    "sgd, nesterov": (
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
    ),
    "sgd, dampening": (
        {"momentum": 0.9, "dampening": 0.3},
        lambda p: optim.SGD(p, 0.01, momentum=0.9, dampening=0.3),
    ),
    "rmsprop": (
        {"momentum": 0.9, "alpha": 0.9, "epsilon": 1.0, "weight_decay": 0.9, "centered": True},
        lambda p: optim.RMSprop(p, 0.01, 0.9, 1.0, 0.9, 0.9, centered=True),
    ),
    "adagrad": (
        {"rate_decay": 0.1, "initial_accumulator": 0.5, "epsilon": 0.1},
        lambda p: optim.Adagrad(p, 0.01, 0.1, 0, 0.5, 0.1),
    ),
    "adagrad, plain": ({}, lambda p: optim.Adagrad(p, 0.01)),
}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


def train(model: nn.Module, optimizer: optim.Optimizer) -> list[torch.Tensor]:
    images = torch.randn(STEPS, 4, 6, generator=torch.Generator().manual_seed(1))
    for batch in images:
        optimizer.zero_grad()
        model(batch).square().sum().backward()
        optimizer.step()
    return list(model.parameters())


@pytest.mark.parametrize("name", CASES)
def test_weights_are_those_of_torchs_optimiser(name: str) -> None:
    settings, by_hand = CASES[name]
    config = TrainConfig(**{"optimizer": name.split(",")[0], "learning_rate": 0.01, **settings})
    model = network()
    reference = deepcopy(model)
    got = train(model, build_optimizer(config, model, ("2",), CPU))
    expected = train(reference, by_hand(reference.parameters()))
    for weight, other in zip(got, expected, strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-5, atol=1e-6)


def test_every_optimiser_is_tested() -> None:
    field = TrainConfig.model_fields["optimizer"].annotation
    assert {name.split(",")[0] for name in CASES} == set(field.__args__)


def test_the_backbone_has_a_rate_of_its_own() -> None:
    model = network()
    reference = deepcopy(model)
    config = TrainConfig(optimizer="sgd", learning_rate=0.01, backbone_learning_rate=0.001)
    got = train(model, build_optimizer(config, model, ("2",), CPU))
    by_hand = optim.SGD(
        [{"params": reference[0].parameters(), "lr": 0.001}, {"params": reference[2].parameters()}], 0.01
    )
    for weight, other in zip(got, train(reference, by_hand), strict=True):
        torch.testing.assert_close(weight, other)


def test_fused_where_that_is_faster_and_there_is_no_scaler() -> None:
    for name, fused in {"adam": True, "adamw": True, "sgd": None, "adagrad": True}.items():
        assert build_optimizer(TrainConfig(optimizer=name), network(), ("2",), CPU).defaults["fused"] is fused
    scaled = TrainConfig(optimizer="adamw", precision="16")
    assert not build_optimizer(scaled, network(), ("2",), CPU).defaults["fused"]
