from __future__ import annotations

import pytest
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


@pytest.mark.parametrize(
    ("side", "shape"),
    [(224, (1, 512, 7, 7)), (97, (1, 512, 4, 4)), (96, (1, 256, 6, 6)), (64, (1, 256, 4, 4)), (32, (1, 128, 4, 4))],
)
def test_gradcam_looks_at_the_last_map_that_tells_places_apart(side: int, shape: tuple[int, ...]) -> None:
    model = build_model(ModelConfig(name="resnet18"), 2, (side, side)).eval()
    shapes = []
    layer = MODELS["resnet18"].gradcam_layer(model, (side, side))
    with layer.register_forward_hook(lambda *call: shapes.append(call[2].shape)):
        model(torch.rand(1, 3, side, side))
    assert shapes == [shape]
