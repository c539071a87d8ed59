"""Every network of the zoo with one sigmoid output: logits, tensors, folding, saving, explaining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError
from histo_core.explanation.gradcam import GradCam, GradCamOptions
from histo_core.models.inference.batch_norm_folding import fold_batch_norm
from histo_core.models.inference.predictor import Predictor
from histo_core.models.layers.one_logit_head import OneOutputConv2d, OneOutputLinear
from histo_core.models.registry import MODELS, build_model, build_network
from histo_core.models.weights.header import WeightsHeader, save_weights

SMALL: list[tuple[str, dict[str, Any]]] = [
    ("cnn_narrow", {}),
    ("cnn_rnn", {"extra_linear": True}),
    ("all_cnn", {"width": 0.03, "layers": 9}),
    ("all_gcnn", {"width": 0.03, "layers": 9}),
    ("gcnn_p4", {"fields": (2, 3, 4)}),
    ("p4m_densenet", {"growth": 2}),
    ("squeezenet1_1", {}),
    ("squeezenet1_1", {"head": "dense_512"}),
    ("resnet18", {"head": "dense_256_100", "dropout": 0.4}),
]
"""One of each way in which a network ends."""


def built(name: str, options: dict[str, Any]) -> nn.Module:
    torch.manual_seed(0)
    return build_network(ModelConfig(name=name, output="sigmoid", options=options), 2, (side(name), side(name))).eval()


def side(name: str) -> int:
    return max(64, MODELS[name].smallest_input)


@torch.no_grad()
@pytest.mark.parametrize(("name", "options"), SMALL)
def test_it_gives_zero_and_one_number_under_the_old_names(name: str, options: dict[str, Any]) -> None:
    network = built(name, options)
    images = torch.rand(2, 3, side(name), side(name))
    logits = network(images)
    assert logits.shape == (2, 2)
    assert torch.equal(logits[:, 0], torch.zeros(2))
    assert (logits[:, 1] != 0).all()
    torch.manual_seed(0)
    plain = build_network(ModelConfig(name=name, options=options), 2, (side(name), side(name)))
    assert list(network.state_dict()) == list(plain.state_dict())
    assert torch.allclose(fold_batch_norm(network)(images), logits, atol=1e-4)


SLOW = {"densenet121", "densenet201", "efficientnet_b7", "googlenet", "vit_b_16", "wide_resnet50_2", "xception"}
"""Of families that end alike, or slow to build; built where slow tests are."""


@torch.no_grad()
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in MODELS])
def test_every_network_of_the_zoo_has_one(name: str) -> None:
    """Built without memory; classifiers that help in training have one output, too."""
    with torch.device("meta"):
        length = 299 if name == "inception_v3" else side(name)
        network = build_network(ModelConfig(name=name, output="sigmoid"), 2, (length, length)).train()
        outputs = network(torch.rand(2, 3, length, length))
    assert all(out.shape == (2, 2) for out in ([outputs] if isinstance(outputs, torch.Tensor) else outputs))
    ends = [layer for layer in network.modules() if isinstance(layer, OneOutputLinear | OneOutputConv2d)]
    assert len(ends) == len(MODELS[name].classifiers)
    assert all(layer.weight.shape[0] == 1 for layer in ends)


def test_squeezenet_can_say_less_than_one_half() -> None:
    """Its own classifier ends in a ReLU, behind which the only number would never be below 0."""
    network = built("squeezenet1_1", {})
    with torch.no_grad():
        network.get_parameter("classifier.1.weight").abs_().neg_()
        assert (network(torch.rand(2, 3, 64, 64))[:, 1] < 0).all()


def test_more_classes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Output 'sigmoid' was chosen for 3 classes.*Choose softmax or sigmoids"):
        build_network(ModelConfig(output="sigmoid"), 3, (32, 32))


def test_it_is_saved_loaded_and_explained(tmp_path: Path, workspace) -> None:
    config = ModelConfig(name="cnn_narrow", output="sigmoid")
    network, preprocess = built("cnn_narrow", {}), Preprocess(PreprocessConfig())
    predictor = Predictor(network, preprocess, ("a", "b"), "b", config)
    file = workspace.home / "weights.safetensors"
    header = WeightsHeader(
        model=config, preprocess=preprocess.config, input_size=(64, 64), classes=("a", "b"), positive="b"
    )
    save_weights(file, network, header)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    loaded = Predictor.load(file, "cpu")
    np.testing.assert_array_equal(loaded.probabilities(pixels), predictor.probabilities(pixels))

    first, second = (GradCam(GradCamOptions(relu=False)).attribute(loaded, pixels[0], target) for target in (0, 1))
    assert np.ptp(second.map) > 0
    np.testing.assert_allclose(first.map, -second.map, rtol=1e-6)

    softmax = build_model(ModelConfig(name="cnn_narrow", weights=str(file)), 2, (64, 64), workspace)
    for name, tensor in softmax.state_dict().items():
        assert name.startswith("head.") or torch.equal(tensor, network.state_dict()[name])


def test_weights_of_a_softmax_net_keep_their_features(workspace) -> None:
    torch.manual_seed(3)
    config = ModelConfig(name="cnn_narrow")
    trained = build_network(config, 2, (32, 32))
    file = workspace.home / "softmax.safetensors"
    header = WeightsHeader(
        model=config, preprocess=PreprocessConfig(), input_size=(32, 32), classes=("a", "b"), positive="b"
    )
    save_weights(file, trained, header)
    network = build_model(
        ModelConfig(name="cnn_narrow", output="sigmoid", weights=str(file)), 2, (32, 32), workspace
    ).state_dict()
    assert network["head.0.weight"].shape == (1, 768)
    assert torch.equal(network["stack.0.weight"], trained.state_dict()["stack.0.weight"])
