"""The answer depends neither on how a patch is turned nor on whether it is mirrored."""

from __future__ import annotations

import pytest
import torch

from histo_core.config import ModelConfig
from histo_core.models.engine import engine
from histo_core.models.group import P4M
from histo_core.models.registry import build_network


def trained(side: int) -> torch.nn.Module:
    """A small network whose batch normalisation has seen something."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(name="p4m_resnet", options={"fields": (2, 2, 3, 4)}), 3, (side, side))
    for _ in range(3):
        network(torch.randn(4, 3, side, side))
    return network.eval()


@pytest.mark.parametrize("side", [32, 96])
@torch.no_grad()
def test_the_logits_of_a_turned_or_mirrored_patch_are_those_of_the_patch(side: int) -> None:
    network, image = trained(side), torch.randn(2, 3, side, side)
    fast, expected = engine(network), network(image)
    for element in range(P4M.size):
        seen = P4M.act(element, image)
        torch.testing.assert_close(network(seen), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(fast(seen), expected, rtol=1e-4, atol=1e-5)


def test_it_has_as_many_weights_as_one_element_of_each_field_needs() -> None:
    stages = [(2, 2), (2, 2), (2, 3), (3, 4)]
    convolutions = 16 * 3 * 2 + sum(9 * 8 * (i * o + o * o) + 8 * i * o * (i != o) for i, o in stages)
    norms = sum(2 * (i + o) for i, o in stages) + 2 * 4
    assert sum(weight.numel() for weight in trained(32).parameters()) == convolutions + norms + 4 * 3 + 3
