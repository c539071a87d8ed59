"""Networks with a fault each, and phantom tissue that a test trains on in a second."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import TrainingError
from histo_core.models.registry import MODELS
from histo_core.training.diagnosis import diagnose
from histo_core.training.events import EpochDone
from histo_core.training.learning import read_learning
from histo_core.training.learning_findings import LearningFinding, failed_loss
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

PHANTOM = {"dataset": "phantom", "options": {"patches": 160, "patients": 20}}


class Net(nn.Sequential):
    """A small network whose weights a function may spoil."""

    def __init__(self, classes: int, spoil: Callable[[nn.Module], object], *last: nn.Module) -> None:
        super().__init__(
            nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4)),
            nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            nn.Linear(16, classes),
            *last,
        )
        self.apply(spoil)


def nothing(module: nn.Module) -> None:
    """Leave a layer as it is."""


def all_zero(module: nn.Module) -> None:
    """Begin with weights and biases of 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.zeros_(module.weight)
        nn.init.zeros_(module.bias)  # pyright: ignore[reportArgumentType]


def dead(module: nn.Module) -> None:
    """Begin with biases so low that no rectifier is ever active."""
    if isinstance(module, nn.Conv2d):
        nn.init.constant_(module.bias, -100.0)  # pyright: ignore[reportArgumentType]


NETS: dict[str, Callable[[int], nn.Module]] = {
    "all_zero": lambda classes: Net(classes, all_zero),
    "dead": lambda classes: Net(classes, dead),
    "softmax": lambda classes: Net(classes, nothing, nn.Softmax(dim=1)),
    "plain": lambda classes: Net(classes, nothing),
}


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the faulty networks to the registry for one test."""
    spec = MODELS["cnn_narrow"]
    for name, build in NETS.items():
        faulty = dataclasses.replace(
            spec,
            name=name,
            build=lambda classes, size, options, build=build: build(classes),
            head="2",
            smallest_input=8,
        )
        monkeypatch.setitem(MODELS._members, name, faulty)


def config_of(model: str = "cnn_narrow", *, epochs: int = 4, weights: str = "none", **train: Any) -> RunConfig:
    """Return a configuration of a few batches on phantom tissue; ``train`` is what differs."""
    return RunConfig.parse(
        {
            "data": PHANTOM,
            "model": {"name": model, "weights": weights},
            "preprocess": {"crop": 32},
            "train": {"epochs": epochs, "batch_size": 16, "device": "cpu", "threads": 1, **train},
        }
    )


def trained(config: RunConfig, dataset: Dataset, folder: Path) -> tuple[LearningFinding, ...]:
    """Train, and return the diagnosis."""
    split, epochs, failed = make_split(dataset, config.split), [], ""
    try:
        events = fit(config, dataset, split, folder, workspace=Workspace(folder / "home"))
        epochs.extend(event for event in events if isinstance(event, EpochDone))
    except TrainingError as error:
        failed = failed_loss(str(error))
        assert failed
    return diagnose(config, epochs, read_learning(folder), failed)
