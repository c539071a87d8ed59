"""Patches that are too small to explain: one sentence, from every method and for every network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError, ExplanationError
from histo_core.explanation.base import EXPLAINERS
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_network

REDUCED: dict[str, dict[str, Any]] = {"gcnn": {"width": 0.03}}
SMALL = [(1, 1), (1, 64), (300, 1), (7, 64), (7, 7)]
WAYS = (PreprocessConfig(), PreprocessConfig(resize=96), PreprocessConfig(crop=32, resize=96))


class NeverAsked(nn.Module):
    """Of any network: what is too small is refused before the network sees it."""

    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError(f"the network was given {tuple(x.shape)}")


def unasked(name: str, preprocess: PreprocessConfig) -> Predictor:
    return Predictor(NeverAsked(), Preprocess(preprocess), ("normal", "tumour"), "tumour", ModelConfig(name=name))


def built(name: str, side: int) -> Predictor:
    config = ModelConfig(name=name, options=REDUCED.get(name, {}))
    network = build_network(config, 2, (side, side))
    return Predictor(network, Preprocess(PreprocessConfig()), ("normal", "tumour"), "tumour", config)


@pytest.mark.parametrize("method", list(EXPLAINERS))
@pytest.mark.parametrize("name", list(MODELS))
def test_one_sentence_whatever_the_network(name: str, method: str) -> None:
    for preprocess in WAYS:
        for height, width in SMALL:
            with pytest.raises(ExplanationError, match=rf"is {width} x {height} pixels.*Take a larger patch\.$"):
                EXPLAINERS[method]().attribute(unasked(name, preprocess), np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].smallest_input > 8])
def test_less_than_the_network_takes_is_refused_before_it_fails(name: str) -> None:
    least = MODELS[name].smallest_input
    asked, image = unasked(name, PreprocessConfig()), np.zeros((least - 1, 200, 3), np.uint8)
    with pytest.raises(ExplanationError, match=f"at least {least} x {least} pixels"):
        EXPLAINERS["gradcam"]().attribute(asked, image)
    with pytest.raises(ConfigError, match=f"At least {least} x {least} after preprocessing"):
        asked.probabilities([image])
    with pytest.raises(ConfigError, match=f"At least {least} x {least} after preprocessing"):
        asked.predict_input(torch.zeros(1, 3, least - 1, 200))


@pytest.mark.parametrize("name", ["cnn_rnn", "gcnn", "vit_b_16"])
def test_a_network_of_one_size_says_which(name: str) -> None:
    asked = built(name, 64)
    for method in EXPLAINERS:
        with pytest.raises(ConfigError, match=r"given patches of 48 x 96 pixels\. It was built for 64 x 64"):
            EXPLAINERS[method]().attribute(asked, np.zeros((48, 96, 3), np.uint8))


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_the_smallest_is_explained(method: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 40, 3), np.uint8)
    assert EXPLAINERS[method]().attribute(built("resnet18", 8), image).map.shape == (8, 40)
