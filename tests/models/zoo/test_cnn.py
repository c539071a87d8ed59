"""Parameter counts by hand, for the study's 32 x 32 input and two classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.errors import ConfigError
from histo_core.models.registry import MODELS, build_model

# weights + biases of the convolutions, scale + shift of the normalisations
STACK = (3 * 12 * 9 + 12) + 2 * 12 + (12 * 24 * 9 + 24) + 2 * 24 + (24 * 48 * 9 + 48) + 2 * 48
CELLS = 4 * 4


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cnn_narrow", STACK + (48 * CELLS * 2 + 2)),
        ("cnn_rnn", STACK + (48 * 12 + 12 * 12 + 2 * 12) + (12 * CELLS * 2 + 2)),
    ],
)
def test_parameter_count(name: str, expected: int) -> None:
    assert parameters(build_model(ModelConfig(name=name), 2, (32, 32))) == expected


@pytest.mark.parametrize(("name", "features"), [("cnn_narrow", 48 * CELLS), ("cnn_rnn", 12 * CELLS)])
def test_an_extra_linear_layer_adds_its_weights(name: str, features: int) -> None:
    plain = build_model(ModelConfig(name=name), 2, (32, 32))
    extra = build_model(ModelConfig(name=name, options={"extra_linear": True}), 2, (32, 32))
    assert parameters(extra) - parameters(plain) == (features * 64 + 64) + (64 * 2 + 2) - (features * 2 + 2)


@pytest.mark.parametrize("name", ["cnn_narrow", "cnn_rnn"])
@pytest.mark.parametrize("size", [(8, 8), (32, 32), (50, 50), (40, 24)])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_logits_for_any_size_it_was_built_for(name: str, size: tuple[int, int], n_classes: int) -> None:
    model = build_model(ModelConfig(name=name), n_classes, size)
    logits = model(torch.rand(3, 3, *size))
    assert logits.shape == (3, n_classes)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("name", ["cnn_narrow", "cnn_rnn"])
def test_another_size_is_refused(name: str) -> None:
    model = build_model(ModelConfig(name=name), 2, (32, 32))
    with pytest.raises(ConfigError, match=r"given patches of 96 x 96 pixels\. It was built for 32 x 32"):
        model(torch.rand(1, 3, 96, 96))


def test_options_reach_the_layers() -> None:
    options = {"activation": "leaky_relu", "dropout": (0.5, 0.2, 0.1)}
    model = build_model(ModelConfig(name="cnn_narrow", options=options), 2, (32, 32))
    assert [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)] == [0.5, 0.2, 0.1]
    assert any(isinstance(layer, nn.LeakyReLU) for layer in model.modules())
    assert not any(isinstance(layer, nn.ReLU) for layer in model.modules())


@pytest.mark.parametrize(
    "options", [{"dropout": (0.5, 0.2)}, {"dropout": (0.5, 0.2, 1.0)}, {"activation": "tanh"}, {"x": 1}]
)
def test_options_that_do_not_exist_are_refused(options: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        build_model(ModelConfig(name="cnn_rnn", options=options), 2, (32, 32))


@pytest.mark.parametrize("name", ["cnn_narrow", "cnn_rnn"])
@pytest.mark.parametrize(("side", "read", "cells"), [(32, "stack.13", 4), (16, "stack.8", 4), (8, "stack.3", 4)])
def test_gradcam_reads_the_last_activation_with_cells_enough(name: str, side: int, read: str, cells: int) -> None:
    model = build_model(ModelConfig(name=name), 2, (side, side)).eval()
    layer = MODELS[name].gradcam_layer(model, (side, side))
    assert layer is model.get_submodule(read)
    assert isinstance(layer, nn.ReLU)
    shapes = []
    with layer.register_forward_hook(lambda *call: shapes.append(call[2].shape[2:])):
        model(torch.rand(1, 3, side, side))
    assert shapes == [(cells, cells)]
