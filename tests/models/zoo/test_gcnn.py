"""Weights and layers of the group CNNs; that their answer stays when a patch is turned: `test_equivariance`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.models.inference.batch_norm_folding import fold_batch_norm
from histo_core.models.layers.group import GROUPS, Group, GroupConv2d
from histo_core.models.registry import build_network
from histo_core.models.zoo.gcnn import GroupCNN

named = pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)


def trained(group: Group) -> GroupCNN:
    """A small network whose batch normalisation has seen something."""
    torch.manual_seed(0)
    config = ModelConfig(name=f"gcnn_{group.name}", options={"fields": (2, 3, 4)})
    network = build_network(config, 3, (16, 16))
    assert isinstance(network, GroupCNN)
    for _ in range(3):
        network(torch.randn(4, 3, 16, 16))
    return network.eval()


@named
def test_it_has_as_many_weights_as_one_element_of_each_field_needs(group: Group) -> None:
    network = trained(group)
    size = group.size
    convolutions = 9 * (3 * 2 + size * (2 * 2 + 2 * 3 + 3 * 3 + 3 * 4 + 4 * 4))
    norms = 2 * (2 + 2 + 3 + 3 + 4 + 4)
    assert sum(weight.numel() for weight in network.parameters()) == convolutions + norms + (4 * 3 + 3)


def test_the_folded_network_holds_plain_layers_only() -> None:
    kinds = {type(layer) for layer in fold_batch_norm(trained(GROUPS["p4"])).modules()}
    assert not any(issubclass(kind, nn.BatchNorm2d | GroupConv2d) for kind in kinds)
    assert nn.Conv2d in kinds


def test_the_plain_twin_has_as_many_weights_as_p4_and_does_not_turn_with_the_patch() -> None:
    torch.manual_seed(0)
    group, plain = (build_network(ModelConfig(name=name), 2, (16, 16)).eval() for name in ("gcnn_p4", "cnn_plain"))
    weights = [sum(weight.numel() for weight in network.parameters()) for network in (group, plain)]
    assert weights == [71_930, 72_434], "within a hundredth"
    depths = [
        len([layer for layer in network.modules() if hasattr(layer, "kernel_size")]) for network in (group, plain)
    ]
    assert depths[0] == depths[1]
    image = torch.randn(2, 3, 16, 16)
    assert float((plain(image.rot90(1, (2, 3))) - plain(image)).detach().abs().max()) > 1e-3
