"""VGG16's heads: after 7 x 7 averaged cells, or straight after its last max pool as in the study."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.registry import build_model, build_network
from histo_core.models.weights.header import assign
from histo_core.models.weights.tensorfile import write_tensors
from histo_core.workspace import Workspace

DENSE = {"head": "dense_512", "dropout": 0.3}
STUDY = DENSE | {"cells": "all"}


def on_meta(options: dict[str, Any], height: int = 96, width: int = 96) -> nn.Module:
    with torch.device("meta"):
        return build_network(ModelConfig(name="vgg16", options=options), 2, (height, width))


@pytest.mark.parametrize(
    ("options", "size", "features"),
    [
        (STUDY, (96, 96), 3 * 3 * 512),
        (STUDY, (224, 224), 25_088),
        (STUDY, (96, 160), 3 * 5 * 512),
        ({"cells": "all"}, (96, 96), 4_608),
        (DENSE, (96, 96), 25_088),
        ({}, (96, 96), 25_088),
    ],
)
def test_the_head_reads_the_last_max_pools_cells_or_their_mean(
    options: dict[str, Any], size: tuple[int, int], features: int
) -> None:
    network = on_meta(options, *size)
    assert network.get_submodule("classifier.0").in_features == features
    with torch.device("meta"):
        assert network(torch.rand(2, 3, *size)).shape == (2, 2)


def test_another_size_than_it_was_built_for_is_refused_in_words() -> None:
    network = on_meta(STUDY)
    with torch.device("meta"), pytest.raises(ConfigError, match=r"7 x 7 cells.*built for 3 x 3.*resize"):
        network(torch.rand(2, 3, 224, 224))


def test_published_features_load_and_weights_of_the_other_head_are_refused(workspace: Workspace) -> None:
    features = {
        name: torch.full_like(tensor, 0.01)
        for name, tensor in build_network(ModelConfig(name="vgg16", options=DENSE), 2, (96, 96)).state_dict().items()
        if name.startswith("features.")
    }
    file = workspace.home / "published.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(file, features, {})
    network = build_model(ModelConfig(name="vgg16", weights=str(file), options=STUDY), 2, (96, 96), workspace)
    state = network.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in features.items())
    head = network.get_submodule("classifier.0")
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        flat = network.eval().get_submodule("features")(images).flatten(1)
        assert flat.shape == (2, 4_608)
        by_hand = network.get_submodule("classifier.3")(head(flat).relu())
        torch.testing.assert_close(network(images), by_hand)
    old = state | {"classifier.0.weight": torch.zeros(512, 25_088)}
    with pytest.raises(
        CheckpointError, match=r"classifier.0.weight is \[512, 25088\], not \[512, 4608\].*same options"
    ):
        assign(network, old, "best.safetensors")
