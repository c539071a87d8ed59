"""What can be held without a GPU: the same numbers in evaluation, the same names, and which kind is put where."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.models.layers.group import P4
from histo_core.models.layers.group_norm import GroupBatchNorm2d
from histo_core.models.registry import build_network
from histo_core.training.distributed.sync_norm import SyncGroupBatchNorm2d, synchronised


@pytest.mark.parametrize("name", ["cnn_narrow", "gcnn_p4"])
def test_a_synchronised_network_is_the_same_network(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(ModelConfig(name=name), 2, (32, 32)).to(memory_format=torch.channels_last)
    with torch.no_grad():
        network.train()(torch.randn(8, 3, 32, 32))  # running statistics that differ from their start
    other = synchronised(deepcopy(network))
    assert {key: value.shape for key, value in other.state_dict().items()} == {
        key: value.shape for key, value in network.state_dict().items()
    }
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(images), network.eval()(images))
    norms = [type(module) for module in other.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    assert norms
    assert set(norms) <= {nn.SyncBatchNorm, SyncGroupBatchNorm2d}


def test_a_groups_norm_stays_one_and_shares_its_weights() -> None:
    norm = GroupBatchNorm2d(P4, 3)
    other = synchronised(norm)
    assert isinstance(other, SyncGroupBatchNorm2d)
    assert other.weight is norm.weight
    assert other.running_mean is norm.running_mean
