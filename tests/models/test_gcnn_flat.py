from __future__ import annotations

import pytest
import torch

from histo_core.config import ModelConfig
from histo_core.errors import ConfigError
from histo_core.models.group import P4
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


def test_another_size_than_it_was_built_for_is_refused() -> None:
    network = build_network(ModelConfig(name="gcnn", options={"width": 0.03}), 2, (36, 36))
    with pytest.raises(ConfigError, match="It was built for 36 x 36"):
        network(torch.rand(1, 3, 40, 40))
