"""Predictors with made weights, images with made tissue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network

CLASSES = ("normal", "tumour")


@pytest.fixture
def image() -> np.ndarray:
    """uint8 48 x 40 x 3 of soft blobs, so that superpixels have something to follow."""
    coarse = torch.from_numpy(np.random.default_rng(3).uniform(60, 240, (1, 3, 9, 7)))
    fine = torch.nn.functional.interpolate(coarse, size=(48, 40), mode="bicubic")
    return fine[0].permute(1, 2, 0).clamp(0, 255).round().byte().numpy()


@pytest.fixture
def make_predictor() -> Callable[..., Predictor]:
    """``make_predictor("cnn_rnn", crop=32)``: seeded weights, and batch norm that has seen something."""

    def make(name: str = "cnn_narrow", *, crop: int | None = 32, resize: int | None = None) -> Predictor:
        torch.manual_seed(0)
        preprocess = Preprocess(PreprocessConfig(crop=crop, resize=resize))
        config = ModelConfig(name=name)
        model = build_network(config, len(CLASSES), preprocess.output_size(48, 40))
        for module in model.modules():
            if (
                isinstance(module, nn.BatchNorm2d)
                and module.running_mean is not None
                and module.running_var is not None
            ):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        return Predictor(model, preprocess, CLASSES, "tumour", config)

    return make


class Toy(Predictor):
    """A predictor around any network whose map comes from its ``layer``."""

    def __init__(self, model: nn.Module, crop: int | None = None) -> None:
        identity = PreprocessConfig(crop=crop, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
        super().__init__(model, Preprocess(identity), CLASSES, "tumour", ModelConfig())

    def gradcam_layer(self, input_size: tuple[int, int]) -> nn.Module:
        return self.model.get_submodule("layer")


@pytest.fixture
def toy() -> type[Toy]:
    return Toy
