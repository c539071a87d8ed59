"""Weights of the residual group network; that its answer stays when a patch is turned: `test_equivariance`."""

from __future__ import annotations

from histo_core.config import ModelConfig
from histo_core.models.registry import build_network


def test_it_has_as_many_weights_as_one_element_of_each_field_needs() -> None:
    network = build_network(ModelConfig(name="p4m_resnet", options={"fields": (2, 2, 3, 4)}), 3, (32, 32))
    stages = [(2, 2), (2, 2), (2, 3), (3, 4)]
    convolutions = 16 * 3 * 2 + sum(9 * 8 * (i * o + o * o) + 8 * i * o * (i != o) for i, o in stages)
    norms = sum(2 * (i + o) for i, o in stages) + 2 * 4
    assert sum(weight.numel() for weight in network.parameters()) == convolutions + norms + 4 * 3 + 3
