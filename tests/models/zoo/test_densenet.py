"""DenseNets are torchvision's, weights, names and all; only their last rectifier has become a layer."""

from __future__ import annotations

import pytest
import torch
import torchvision

from histo_core.config import ModelConfig
from histo_core.models.registry import build_network


@pytest.mark.parametrize("name", ["densenet121", "densenet201"])
def test_has_torchvisions_tensors_by_name_and_shape(name: str) -> None:
    with torch.device("meta"):
        ours = build_network(ModelConfig(name=name), 2, (64, 64)).state_dict()
        theirs = torchvision.models.get_model(name, num_classes=2).state_dict()
    assert {key: tensor.shape for key, tensor in ours.items()} == {key: tensor.shape for key, tensor in theirs.items()}


def test_gives_torchvisions_logits_from_the_same_seed() -> None:
    torch.manual_seed(5)
    ours = build_network(ModelConfig(name="densenet121"), 3, (64, 64)).eval()
    torch.manual_seed(5)
    theirs = torchvision.models.densenet121(num_classes=3).eval()
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(ours(images), theirs(images))
