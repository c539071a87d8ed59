"""Which map Grad-CAM reads: one that does not depend on how the network's weights are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from rewriting import POOLS, LeafTracer, rewrite
from torch import Tensor, nn
from torch.fx import Node

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.explanation.gradcam import class_maps
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_network

REDUCED: dict[str, dict[str, Any]] = {
    "all_cnn": {"width": 0.05},
    "all_gcnn": {"width": 0.05},
    "gcnn": {"width": 0.03},
    "vgg16": {"head": "dense_512"},
}
SIDES = (200, 128, 96, 64, 32, 8)
"""At these, each layer that any network names is read at least once."""
QUICK = ("cnn_narrow", "cnn_wide", "cnn_rnn", "cnn_plain", "gcnn_p4", "gcnn_p4m", "p4m_densenet", "p4m_resnet")
WITHOUT_A_PAIR = {"all_cnn", "all_gcnn", "gcnn", "squeezenet1_1", "vgg16"}
"""A rectifier stands right behind each of their layers, so that no constant can be moved."""
RECTIFIERS = (nn.ReLU, nn.LeakyReLU, nn.SiLU, nn.GELU, nn.BatchNorm2d)
RECTIFYING = {F.relu, F.leaky_relu, F.silu, F.gelu, "relu", "relu_"}


def network_at(name: str, side: int) -> nn.Module:
    config = ModelConfig(name=name, options=REDUCED.get(name, {}))
    return build_network(config, 2, (side, side)).eval()


def on_no_device(name: str, side: int) -> nn.Module:
    with torch.device("meta"):
        return network_at(name, side)


def read_layers(name: str, network: nn.Module) -> dict[str, int]:
    """Each layer that Grad-CAM reads at one size or another, and the smallest of `SIDES` at which it does."""
    names = {module: key for key, module in network.named_modules()}
    sides = [side for side in SIDES if side >= MODELS[name].smallest_input and not (name == "vit_b_16" and side % 16)]
    return {names[MODELS[name].gradcam_layer(network, (side, side))]: side for side in sides}


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing cannot follow what compares sizes."""
    for module in ("cnn", "cnn_rnn", "gcnn_flat", "vit"):
        monkeypatch.setattr(f"histo_core.models.zoo.{module}.check_size", lambda images, built_for: None)


@pytest.mark.parametrize("name", list(MODELS))
def test_nothing_takes_evidence_away_behind_the_map(name: str) -> None:
    """No batch norm and no rectifier stands alone between the map and all that reads it."""
    network = on_no_device(name, 96)
    layers = read_layers(name, network)
    graph = LeafTracer(*layers).trace(network)
    places = [node for node in graph.nodes if node.target in layers]
    assert len(places) == len(layers) > 0
    for place in places:
        readers = list(_readers(network, place))
        assert readers
        assert not all(_rectifies(network, reader) for reader in readers), f"{place} is read by {readers}"


def _readers(network: nn.Module, node: Node) -> Iterator[Node]:
    """What reads a map, pools and dropout passed over."""
    for user in node.users:
        layer = network.get_submodule(str(user.target)) if user.op == "call_module" else None
        if isinstance(layer, POOLS):
            yield from _readers(network, user)
        else:
            yield user


def _rectifies(network: nn.Module, node: Node) -> bool:
    if node.op == "call_module":
        return isinstance(network.get_submodule(str(node.target)), RECTIFIERS)
    return node.target in RECTIFYING


def used(name: str, side: int) -> Predictor:
    """Seeded weights that matter; batch norms that have seen something."""
    torch.manual_seed(0)
    network = network_at(name, side)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    with torch.no_grad():
        for key, value in network.named_parameters():
            if key.endswith("layer_scale"):
                value.fill_(0.5)  # ConvNeXt's 1e-6 would hide its blocks
    config = ModelConfig(name=name, options=REDUCED.get(name, {}))
    return Predictor(network, Preprocess(PreprocessConfig()), ("normal", "tumour"), "tumour", config)


def assert_same_map(name: str, side: int) -> None:
    pixels = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    predictor = used(name, side)
    logits, cells = answers(predictor, pixels)
    changed = rewrite(predictor.model, pixels[:1])
    assert changed > 0, "some layer's constant can be moved"
    other = Predictor(predictor.model, predictor.preprocess, predictor.classes, predictor.positive, predictor.config)
    logits_now, cells_now = answers(other, pixels)
    torch.testing.assert_close(logits_now, logits, rtol=1e-3, atol=1e-3 * float(logits.abs().max()))
    torch.testing.assert_close(cells_now, cells, rtol=0, atol=1e-2 * float(cells.abs().max()))


def answers(predictor: Predictor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    with torch.inference_mode():
        return predictor.model(pixels), class_maps(predictor, pixels, [0, 1])


PAIRED = [name for name in MODELS if name not in WITHOUT_A_PAIR]
FAMILIES = [*QUICK, "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "resnet18"]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_function_written_otherwise_has_the_same_map(name: str) -> None:
    assert_same_map(name, 64)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRED)
def test_so_it_has_wherever_the_map_is_read(name: str) -> None:
    for side in read_layers(name, on_no_device(name, 96)).values():
        assert_same_map(name, side)


@pytest.mark.parametrize("name", sorted(WITHOUT_A_PAIR))
def test_the_others_have_no_constant_that_could_be_moved(name: str) -> None:
    side = max(32, MODELS[name].smallest_input)
    assert rewrite(on_no_device(name, side), torch.zeros(1, 3, side, side, device="meta")) == 0
