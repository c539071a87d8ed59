"""What every network of the zoo does: learns, predicts, explains, is saved and loaded."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError
from histo_core.explanation.gradcam import GradCam, GradCamOptions, class_maps
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, ModelSpec, build_network
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.training.loss import with_auxiliary

REDUCED: dict[str, dict[str, Any]] = {
    "all_cnn": {"width": 0.05},
    "all_gcnn": {"width": 0.05},
    "gcnn": {"width": 0.03},
    "vgg16": {"head": "dense_512"},
}
"""Options that bring a network down to what two cores train in a second."""
SMALL = {"densenet201": 32, "wide_resnet50_2": 32}
"""Patches on which large networks take seconds."""
HEAVY = {*SMALL, "efficientnet_b7", "vit_b_16", "convnext_tiny"}
"""Networks that cannot be reduced."""


def config(name: str) -> ModelConfig:
    return ModelConfig(name=name, options=REDUCED.get(name, {}))


def side(name: str) -> int:
    """A patch on which a Grad-CAM has more than one cell."""
    return SMALL.get(name, max(64, MODELS[name].smallest_input + 33 * (name == "inception_v3")))


def logits(output: object) -> torch.Tensor:
    return output if isinstance(output, torch.Tensor) else output[0]  # type: ignore[index]


@pytest.mark.parametrize(
    "name",
    # The largest take ten seconds and more each, also on small patches.
    [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in MODELS],
)
def test_it_learns_predicts_explains_saves_and_loads(name: str, tmp_path: Path) -> None:
    _learns_predicts_explains_saves_and_loads(config(name), side(name), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HEAVY | set(REDUCED) | {"inception_v3"}))
def test_so_it_does_at_full_size(name: str, tmp_path: Path) -> None:
    _learns_predicts_explains_saves_and_loads(ModelConfig(name=name), MODELS[name].preprocess.resize or 96, tmp_path)


def _learns_predicts_explains_saves_and_loads(model: ModelConfig, length: int, folder: Path) -> None:
    torch.manual_seed(0)
    spec = MODELS[model.name]
    pixels = np.random.default_rng(0).integers(0, 256, (4, length, length, 3), np.uint8)
    preprocess = Preprocess(PreprocessConfig(mean=spec.preprocess.mean, std=spec.preprocess.std))
    network = build_network(model, 3, (length, length)).to(memory_format=torch.channels_last)
    _train(network, preprocess(pixels), torch.tensor([0, 1, 2, 1]), spec)

    predictor = Predictor(network, preprocess, ("a", "b", "c"), "c", model)
    probabilities = predictor.probabilities(pixels)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert float(predictor.logits(pixels).std(dim=0).max()) > 0, "different patches get different answers"

    explanation = GradCam(GradCamOptions(relu=False)).attribute(predictor, pixels[0], 1)
    assert explanation.map.shape == pixels.shape[1:3]
    assert min(explanation.diagnostics["layer_height"], explanation.diagnostics["layer_width"]) >= 2
    assert np.ptp(explanation.map) > 0

    file = folder / "weights.safetensors"
    header = WeightsHeader(
        model=model, preprocess=preprocess.config, input_size=(length, length), classes=predictor.classes, positive="c"
    )
    save_weights(file, network, header)
    np.testing.assert_array_equal(Predictor.load(file, "cpu").probabilities(pixels), probabilities)


def _train(network: nn.Module, images: torch.Tensor, labels: torch.Tensor, spec: ModelSpec) -> None:
    """Two steps as the loop makes them. The loss depends on every parameter, and every one moves, but for scales of
    norms, whose 1 may be too large for the change, and biases, which a norm behind them takes away again."""
    before = {key: value.clone() for key, value in network.named_parameters()}
    optimizer = torch.optim.SGD(network.parameters(), 0.001)
    loss_of = with_auxiliary(F.cross_entropy, spec.auxiliary_weight)
    reached: set[str] = set()
    for _ in range(2):
        optimizer.zero_grad()
        loss = loss_of(network.train()(images), labels)
        assert bool(loss.isfinite())
        loss.backward()
        optimizer.step()
        reached |= {key for key, value in network.named_parameters() if value.grad is not None and value.grad.any()}
    assert reached == set(before)
    for key, value in network.named_parameters():
        moved = not torch.equal(value, before[key])
        assert moved or key.endswith(".bias") or bool((before[key] == 1).all()), key


@pytest.mark.parametrize("name", list(MODELS))
def test_its_specification_is_complete(name: str) -> None:
    spec = MODELS[name]
    assert spec.name == name
    assert spec.title
    assert spec.summary.endswith(".")
    assert spec.paper


@pytest.mark.parametrize("name", [name for name in MODELS if name not in HEAVY])
def test_initial_weights_come_from_the_seed(name: str) -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        network = build_network(config(name), 2, (side(name), side(name)))
        states.append(torch.cat([parameter.flatten() for parameter in network.parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize("name", [name for name in MODELS if name not in HEAVY])
def test_the_smallest_and_the_recommended_patch_can_be_taken(name: str) -> None:
    spec = MODELS[name]
    recommended = spec.preprocess.resize or spec.preprocess.crop or 96
    network = build_network(config(name), 2, (recommended, recommended)).eval()
    with torch.no_grad():
        assert network(torch.rand(2, 3, recommended, recommended)).shape == (2, 2)
    assert min(taken(name, spec.smallest_input)) > 1


@pytest.mark.parametrize("name", [name for name in MODELS if name not in HEAVY and MODELS[name].smallest_input > 8])
def test_a_smaller_patch_than_the_smallest_cannot(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails, or Grad-CAM has a single cell."""
    spec = MODELS[name]
    monkeypatch.setitem(MODELS._members, name, dataclasses.replace(spec, smallest_input=1))
    with pytest.raises((RuntimeError, UserWarning, ConfigError, AssertionError)):
        assert min(taken(name, spec.smallest_input - 1)) > 1


def taken(name: str, length: int) -> tuple[int, int]:
    """Train on a patch of so many pixels and explain it; the cells of the map."""
    network = build_network(config(name), 2, (length, length))
    logits(network.train()(torch.rand(2, 3, length, length))).sum().backward()
    predictor = Predictor(network, Preprocess(PreprocessConfig()), ("a", "b"), "b", config(name))
    return tuple(class_maps(predictor, torch.rand(2, 3, length, length), [0, 1]).shape[1:])  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("head", "units"), [("dense_512", [512, 2]), ("dense_256_100", [256, 100, 2]), ("linear", [2])]
)
@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "efficientnet_b0", "googlenet", "densenet121"])
def test_the_studies_heads(name: str, head: str, units: list[int]) -> None:
    network = build_network(ModelConfig(name=name, options={"head": head, "dropout": 0.4}), 2, (64, 64))
    parent = network.get_submodule(MODELS[name].head)
    layers = [layer for layer in parent.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    assert [layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels for layer in layers] == units
    assert rates(network, name) == [0.4]
    assert network.eval()(torch.rand(2, 3, 64, 64)).shape == (2, 2)


def rates(network: nn.Module, name: str) -> list[float]:
    """Of what drops something, auxiliary classifiers aside."""
    return [
        layer.p
        for key, layer in network.named_modules()
        if isinstance(layer, nn.Dropout) and layer.p and not key.startswith(MODELS[name].auxiliary)
    ]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("resnet18", []),
        ("squeezenet1_1", [0.5]),
        ("efficientnet_b0", [0.2]),
        ("efficientnet_b7", [0.5]),
        ("googlenet", [0.2]),
        ("inception_v3", [0.5]),
        ("vgg16", [0.5, 0.5]),
    ],
)
def test_dropout_is_the_networks_own_unless_given(name: str, own: list[float]) -> None:
    """Where there is one it is set, not doubled; none at all can be chosen; a dense head has its own alone."""
    for options, expected in (
        ({}, own),
        ({"dropout": 0.0}, []),
        ({"dropout": 0.3}, [0.3] * max(len(own), 1)),
        ({"head": "dense_512"}, []),
        ({"head": "dense_512", "dropout": 0.3}, [0.3]),
    ):
        with torch.device("meta"):
            network = build_network(ModelConfig(name=name, options=options), 2, (96, 96))
        assert rates(network, name) == expected
