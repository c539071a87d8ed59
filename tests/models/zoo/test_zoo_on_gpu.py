"""A GPU gives the CPU's answers, for every network of the zoo."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from test_zoo import config, side

from histo_core.config import PredictConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.explanation.gradcam import class_maps
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_network
from histo_core.models.weights.onnx_export import export_onnx

pytestmark = pytest.mark.gpu
CLASSES = ("a", "b", "c")
SIDES = {"inception_v3": 192}
"""At 97 pixels, noise of 1e-6 in its convolutions moves the map by 0.7%; at this side by 2e-5."""
STEADY = [name for name in MODELS if name != "wide_resnet50_2"]
"""With made-up weights that network's map moves by 4% when its input moves by 1e-6, so that nothing can be compared."""


def pair(name: str, gpu: torch.device) -> tuple[Predictor, Predictor, np.ndarray]:
    """The same weights on the CPU and on the GPU, and four patches."""
    spec, length = MODELS[name], SIDES.get(name, side(name))
    preprocess = Preprocess(PreprocessConfig(mean=spec.preprocess.mean, std=spec.preprocess.std))
    pixels = np.random.default_rng(0).integers(0, 256, (4, length, length, 3), np.uint8)
    torch.manual_seed(0)
    network = build_network(config(name), len(CLASSES), (length, length))
    # Batch normalisation that has seen nothing lets the numbers of a deep network grow without bounds.
    with torch.no_grad():
        for _ in range(20):
            network.train()(preprocess(pixels))
    here, there = (
        Predictor(copy.deepcopy(network), preprocess, CLASSES, "c", config(name), device) for device in ("cpu", gpu)
    )
    return here, there, pixels


@pytest.mark.parametrize("name", STEADY)
def test_reported_numbers_are_the_cpus(name: str, gpu: torch.device) -> None:
    """In float32 proper: with TensorFloat-32, which torch allows in convolutions, 1e-3 and more would differ."""
    here, there, pixels = pair(name, gpu)
    expected = here.logits(pixels)
    scale = float(expected.abs().max())
    np.testing.assert_allclose(there.logits(pixels), expected, atol=5e-5 * max(scale, 1.0))
    views = PredictConfig(tta="symmetries")
    np.testing.assert_allclose(
        there.predict(pixels, views).probabilities, here.predict(pixels, views).probabilities, atol=2e-5
    )


@pytest.mark.parametrize("name", STEADY)
def test_maps_are_the_cpus(name: str, gpu: torch.device) -> None:
    here, there, pixels = pair(name, gpu)
    expected = class_maps(here, here.preprocess(pixels), [0, 1, 2, 1]).numpy()
    found = class_maps(there, there.preprocess(pixels), [0, 1, 2, 1]).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3 * float(np.abs(expected).max()))


@pytest.mark.parametrize("name", STEADY)
def test_quick_answers_differ_by_rounding(name: str, gpu: torch.device) -> None:
    _, there, pixels = pair(name, gpu)
    exact = there.probabilities(pixels)
    there.interactive = True
    assert there.sampling_dtype == torch.bfloat16
    np.testing.assert_allclose(there.sampled(pixels), exact, atol=0.03)


@pytest.mark.parametrize("name", ["cnn_rnn", "gcnn", "resnet18"])
def test_a_network_on_a_gpu_becomes_an_onnx_file(name: str, gpu: torch.device, tmp_path: Path) -> None:
    _, there, _ = pair(name, gpu)
    there.input_size = (side(name), side(name))
    assert export_onnx(there, tmp_path / "model.onnx").relative < 1e-4
