from __future__ import annotations

import math

import pytest
import torch

from histo_core.config import ModelConfig
from histo_core.models.registry import build_network


def second_layer(name: str, init: str) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    options = {"layers": 9, "width": 0.25, "init": init}
    network = build_network(ModelConfig(name=name, options=options), 2, (96, 96))
    return network.get_parameter("features.2.weight"), network.get_parameter("features.2.bias")


@pytest.mark.parametrize("name", ["all_cnn", "all_gcnn"])
def test_the_studys_initial_weights(name: str) -> None:
    weight, bias = second_layer(name, "glorot")
    out, into, *window = weight.shape
    limit = math.sqrt(6 / ((out + into) * math.prod(window)))
    assert weight.abs().max() <= limit
    assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.03)
    assert not bias.any()

    weight, bias = second_layer(name, "kaiming")
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (into * math.prod(window))), rel=0.03)
    assert not bias.any()


@pytest.mark.parametrize(("size", "cells"), [(96, 1), (128, 2)])
def test_sizes_of_the_published_layers(size: int, cells: int) -> None:
    """At 96 pixels: 95, 94, 47, 46, 45, 22, 21, 20, 10, 9, 8, 4, 3, 2, 1, 1, 1."""
    with torch.device("meta"):
        network = build_network(ModelConfig(name="all_cnn"), 2, (size, size))
        sides, maps = [], torch.rand(1, 3, size, size)
        for layer in network.get_submodule("features"):
            maps = layer(maps)
            if isinstance(layer, torch.nn.Conv2d):
                sides.append(maps.shape[-1])
    assert sides[-1] == cells
    if size == 96:
        assert sides == [95, 94, 47, 46, 45, 22, 21, 20, 10, 9, 8, 4, 3, 2, 1, 1]


@pytest.mark.parametrize("name", ["all_cnn", "all_gcnn"])
def test_the_study_has_a_leaky_relu_after_its_last_convolution_too(name: str) -> None:
    """Without the option, a network is what its weights were trained as before there was one."""
    options = {"layers": 9, "width": 0.05}
    images = torch.rand(4, 3, 96, 96)
    networks = []
    for last in ({}, {"last_activation": True}):
        torch.manual_seed(0)
        networks.append(build_network(ModelConfig(name=name, options=options | last), 2, (96, 96)).eval())
    plain, leaky = networks
    assert list(plain.state_dict()) == list(leaky.state_dict())
    maps: list[torch.Tensor] = []
    plain.get_submodule("head").register_forward_hook(lambda *given: maps.append(given[2]))
    with torch.no_grad():
        logits, studys = plain(images), leaky(images)
    (cells,) = maps
    torch.testing.assert_close(logits, cells.mean(dim=(2, 3)))
    torch.testing.assert_close(studys, torch.where(cells > 0, cells, 0.01 * cells).mean(dim=(2, 3)))
    assert not torch.equal(logits, studys)
