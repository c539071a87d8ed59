from __future__ import annotations

import torch
from torchvision.models import resnet18

from histo_core.config import ModelConfig
from histo_core.models.registry import MODELS, build_model


def test_equals_torchvisions_from_the_same_seed() -> None:
    torch.manual_seed(5)
    ours = build_model(ModelConfig(name="resnet18"), 3, (64, 64)).eval()
    torch.manual_seed(5)
    theirs = resnet18(num_classes=3).eval()
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(ours(images), theirs(images))


def test_gradcam_layer_gives_the_last_map() -> None:
    model = build_model(ModelConfig(name="resnet18"), 2, (64, 64)).eval()
    shapes = []
    with MODELS["resnet18"].gradcam_layer(model).register_forward_hook(lambda *call: shapes.append(call[2].shape)):
        model(torch.rand(1, 3, 64, 64))
    assert shapes == [(1, 512, 2, 2)]
