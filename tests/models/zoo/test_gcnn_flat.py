from __future__ import annotations

import pytest
import torch

from histo_core.config import ModelConfig
from histo_core.errors import ConfigError
from histo_core.models.inference.batch_norm_folding import fold_batch_norm
from histo_core.models.layers.group import P4, GroupConv2d
from histo_core.models.registry import build_network


def test_it_flattens_as_many_numbers_as_the_study_says() -> None:
    with torch.device("meta"):
        network = build_network(ModelConfig(name="gcnn", options={"width": 1.0}), 2, (96, 96))
    assert network.get_submodule("hidden.1").in_features == 443_904
    assert network.get_submodule("hidden.1").out_features == 1024


@torch.no_grad()
def test_features_turn_with_the_patch_and_the_answer_does_not_stay() -> None:
    torch.manual_seed(0)
    network = build_network(ModelConfig(name="gcnn", options={"width": 0.03}), 2, (36, 36)).eval()
    images = torch.rand(2, 3, 36, 36)
    features = network.get_submodule("features")
    straight, turned = features(images).unflatten(1, (4, -1)), features(P4.act(1, images)).unflatten(1, (4, -1))
    for plane in range(4):
        torch.testing.assert_close(turned[:, P4.product(1, plane)], P4.act(1, straight[:, plane]))
    assert not torch.allclose(network(images), network(P4.act(1, images)), atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "options", "side"), [("gcnn", {"width": 0.03}, 36), ("all_gcnn", {"width": 0.03, "layers": 9}, 94)]
)
def test_folded_it_is_made_of_plain_convolutions(name: str, options: dict[str, float], side: int) -> None:
    """Though neither has a batch normalisation."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(name=name, options=dict(options)), 2, (side, side)).eval()
    images, fast = torch.rand(2, 3, side, side), fold_batch_norm(network)
    assert not any(isinstance(layer, GroupConv2d) for layer in fast.modules())
    torch.testing.assert_close(fast(images), network(images), rtol=1e-4, atol=1e-5)


def test_another_size_than_it_was_built_for_is_refused() -> None:
    network = build_network(ModelConfig(name="gcnn", options={"width": 0.03}), 2, (36, 36))
    with pytest.raises(ConfigError, match="It was built for 36 x 36"):
        network(torch.rand(1, 3, 40, 40))


def test_convolutions_can_start_as_in_the_studys_six_layer_run() -> None:
    """Kaiming's normal weights for rectifiers, biases of 0; the linear layers keep their own."""
    options = {"width": 0.25}
    torch.manual_seed(0)
    plain = build_network(ModelConfig(name="gcnn", options=options), 2, (32, 32))
    torch.manual_seed(0)
    network = build_network(ModelConfig(name="gcnn", options=options | {"init": "kaiming"}), 2, (32, 32))
    for layer in (one for one in network.modules() if isinstance(one, GroupConv2d)):
        fan_in = layer.weight[0].numel()
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
        assert layer.bias is not None
        assert not layer.bias.any()
    assert torch.equal(network.get_parameter("head.weight"), plain.get_parameter("head.weight"))
    assert network.get_parameter("hidden.1.bias").any()
