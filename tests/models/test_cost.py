"""Counts against torchvision's own published figures and a hand calculation."""

from __future__ import annotations

import pytest
from torchvision.models import ResNet50_Weights, SqueezeNet1_1_Weights, VGG16_Weights, WeightsEnum

from histo_core.config import ModelConfig
from histo_core.models.cost import cost, count, recommended_side


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("resnet50", ResNet50_Weights.IMAGENET1K_V1),
        ("squeezenet1_1", SqueezeNet1_1_Weights.IMAGENET1K_V1),
        ("vgg16", VGG16_Weights.IMAGENET1K_V1),
    ],
)
def test_counts_are_those_that_torchvision_publishes(name: str, weights: WeightsEnum) -> None:
    counted = cost(name, 224, 1000)
    assert counted.parameters == weights.meta["num_params"]
    # torchvision counts a multiplication with its addition as one, in thousands of millions.
    assert counted.flops / 2e9 == pytest.approx(weights.meta["_ops"], rel=0.01)


def test_the_small_cnn_by_hand() -> None:
    counted = cost("cnn_narrow", 32)
    convolutions = 2 * 9 * (32 * 32 * 3 * 12 + 16 * 16 * 12 * 24 + 8 * 8 * 24 * 48)
    assert counted.flops == convolutions + 2 * (4 * 4 * 48) * 2
    assert counted.parameters == 9 * (3 * 12 + 12 * 24 + 24 * 48) + 3 * (12 + 24 + 48) + (4 * 4 * 48 + 1) * 2


def test_auxiliary_classifiers_do_not_count() -> None:
    assert cost("googlenet", 224, 1000).parameters == 6_624_904


def test_the_recommended_side() -> None:
    assert [recommended_side(name) for name in ("cnn_narrow", "inception_v3", "resnet18")] == [32, 299, 96]


def test_options_count() -> None:
    """Two fields of four planes each are eight channels: the work of eight, with a quarter of their weights or so."""
    group = count(ModelConfig(name="gcnn_p4", options={"fields": (2, 4, 8)}), 16)
    plain = count(ModelConfig(name="cnn_plain", options={"fields": (8, 16, 32)}), 16)
    assert group.flops == plain.flops - 2 * 2 * (32 - 8), "the classifier reads 8 pooled fields, not 32 channels"
    assert group.parameters < plain.parameters / 3
