"""Weights of the networks over p4m; that their answer stays when a patch is turned: `test_equivariance`."""

from __future__ import annotations

from typing import Any

import pytest

from histo_core.config import ModelConfig
from histo_core.models.registry import build_network

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def test_it_has_as_many_weights_as_one_element_of_each_field_needs() -> None:
    network = build_network(ModelConfig(name="p4m_resnet", options={"fields": (2, 2, 3, 4)}), 3, (32, 32))
    stages = [(2, 2), (2, 2), (2, 3), (3, 4)]
    convolutions = 16 * 3 * 2 + sum(9 * 8 * (i * o + o * o) + 8 * i * o * (i != o) for i, o in stages)
    norms = sum(2 * (i + o) for i, o in stages) + 2 * 4
    assert sum(weight.numel() for weight in network.parameters()) == convolutions + norms + 4 * 3 + 3


@pytest.mark.parametrize(
    ("name", "options", "layers"),
    [
        (
            "p4m_densenet",
            {"blocks": 2, "growth": 1},
            [
                *("stem", "features.0.norm*", "features.0.conv", "features.1*", "features.3"),
                *("features.5.norm*", "features.5.conv", "features.6*"),
            ],
        ),
        (
            "p4m_resnet",
            {"fields": (1, 1, 1, 1)},
            [
                "stem",
                *(f"features.{at}.{layer}" for at in (0, 2, 4, 6) for layer in ("norm1*", "conv1", "norm2*", "conv2")),
                "features.7*",
            ],
        ),
    ],
)
def test_saved_weights_keep_their_names(name: str, options: dict[str, Any], layers: list[str]) -> None:
    """Those of version 0.3.0, in their order: files of weights that were saved before are loaded by them."""
    named = [
        f"{layer.removesuffix('*')}.{part}" for layer in layers for part in (NORM if layer[-1] == "*" else NORM[:1])
    ]
    network = build_network(ModelConfig(name=name, options=options), 2, (32, 32))
    assert list(network.state_dict()) == [*named, "head.weight", "head.bias"]
