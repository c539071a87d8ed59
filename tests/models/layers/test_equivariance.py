"""The answer of every network that pools over orientations stays, however a patch is turned or mirrored."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from histo_core.config import ModelConfig
from histo_core.models.inference.batch_norm_folding import fold_batch_norm
from histo_core.models.layers.group import P4, P4M, Group
from histo_core.models.registry import build_network

NETWORKS: list[tuple[str, dict[str, Any], Group, int]] = [
    ("gcnn_p4", {"fields": (2, 3, 4)}, P4, 32),
    ("gcnn_p4m", {"fields": (2, 3, 4)}, P4M, 32),
    ("p4m_densenet", {}, P4M, 32),
    ("p4m_resnet", {"fields": (2, 2, 3, 4)}, P4M, 32),
    ("p4m_resnet", {"fields": (2, 2, 3, 4)}, P4M, 96),
    ("all_gcnn", {"width": 0.05}, P4, 94),
]
"""At sides where strides and pools divide: of All-CNN's layers without padding, 94."""


def used(name: str, options: dict[str, Any], side: int) -> nn.Module:
    """A network whose batch normalisation has seen something."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(name=name, options=options), 3, (side, side))
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, 3, side, side))
    return network.eval()


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("fold", [False, True], ids=["forward", "folded"])
@pytest.mark.parametrize(
    ("name", "options", "group", "side"), NETWORKS, ids=[f"{name}-{side}" for name, _, _, side in NETWORKS]
)
@torch.no_grad()
def test_the_logits_of_a_turned_patch_are_those_of_the_patch(
    name: str, options: dict[str, Any], group: Group, side: int, fold: bool
) -> None:
    plain = used(name, options, side)
    network = fold_batch_norm(plain) if fold else plain
    image = torch.randn(2, 3, side, side)
    expected = network(image)
    assert relative(expected, plain(image)) <= 1e-5
    for element in range(1, group.size):
        assert relative(network(group.act(element, image)), expected) <= 1e-5
    if group is P4:
        assert relative(network(P4M.act(4, image)), expected) > 1e-3, "of a mirrored patch they are others"
