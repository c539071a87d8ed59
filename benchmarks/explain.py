"""Our LIME against the original package's usual recipe, our Grad-CAM against captum's; the maps must be equal.

Run as ``python -m benchmarks.explain``.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from lime.lime_image import LimeImageExplainer
from skimage import data as pictures

from benchmarks._paired import paired
from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.explanation.gradcam import GradCam, GradCamOptions
from histo_core.explanation.lime import Lime, LimeOptions
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_network

SAMPLES = 500


def patch() -> np.ndarray:
    """A stained patch of 96 x 96 that scikit-image brings along."""
    return np.ascontiguousarray(pictures.immunohistochemistry()[:96, :96])


def predictor(name: str) -> Predictor:
    """Seeded weights with the preprocessing that the model recommends."""
    torch.manual_seed(0)
    preprocess = Preprocess(MODELS[name].preprocess)
    model = build_network(ModelConfig(name=name), 2, preprocess.output_size(96, 96))
    return Predictor(model, preprocess, ("normal", "tumour"), "tumour", ModelConfig(name=name))


def recipe(model: torch.nn.Module, config: PreprocessConfig) -> Callable[[np.ndarray], np.ndarray]:
    """The classifier function that one writes beside lime: float tensors, plain memory."""
    mean, spread = (torch.tensor(values).view(1, 3, 1, 1) for values in (config.mean, config.std))

    def classify(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)
            return torch.softmax(model((pixels - mean) / spread), dim=1).numpy()

    return classify


def lime(name: str) -> None:
    """LIME with the same superpixels, samples and seed."""
    ours, image = predictor(name), patch()
    explainer = Lime(LimeOptions(samples=SAMPLES))
    window = image[ours.preprocess.seen(96, 96).slices]
    expected = explainer.attribute(ours, image, target=1)
    assert expected.segments is not None
    numbers = expected.segments[ours.preprocess.seen(96, 96).slices]
    plain = predictor(name)
    classify = recipe(plain.model.to(memory_format=torch.contiguous_format), plain.preprocess.config)

    def original(batch_size: int) -> Any:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            return LimeImageExplainer(random_state=0).explain_instance(
                window,
                classify,
                labels=(1,),
                top_labels=0,
                num_samples=SAMPLES,
                batch_size=batch_size,
                segmentation_fn=lambda _: numbers,
                random_seed=0,
            )

    weights = dict(original(10).local_exp[1])
    found = [expected.map[expected.segments == number][0] for number in range(len(weights))]
    np.testing.assert_allclose(found, [weights[number] for number in range(len(weights))], rtol=1e-3, atol=1e-6)
    paired(
        f"LIME, {name}, {window.shape[1]} px, {SAMPLES} samples, {len(weights)} superpixels",
        {
            "lime, batches of 10 (its default)": lambda: original(10),
            "lime, batches of 64": lambda: original(64),
            "ours, superpixels and prediction included": lambda: explainer.attribute(ours, image, target=1),
        },
        base="lime, batches of 10 (its default)",
        rounds=5,
    )


def gradcam(name: str) -> None:
    """Grad-CAM of one patch; ours also predicts, and lays the map back over the image."""
    ours, image = predictor(name), patch()
    explainer = GradCam(GradCamOptions())
    region = ours.preprocess.seen(96, 96)

    def captums() -> np.ndarray:
        cells = LayerGradCam(ours.model, ours.gradcam_layer((region.height, region.width))).attribute(
            ours.preprocess([image]).requires_grad_(), 1, relu_attributions=True
        )
        assert isinstance(cells, torch.Tensor)
        upsampled = LayerAttribution.interpolate(cells, (region.height, region.width), "bilinear")
        assert isinstance(upsampled, torch.Tensor)
        return upsampled.detach()[0, 0].numpy()

    expected = captums()
    found = explainer.attribute(ours, image, target=1).map[region.slices]
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(float(expected.max()), 1e-12))
    paired(
        f"Grad-CAM, {name}, {region.width} px, one patch",
        {
            "captum": captums,
            "captum, and the prediction": lambda: (ours.probabilities([image]), captums()),
            "ours, prediction included": lambda: explainer.attribute(ours, image, target=1),
        },
        base="captum, and the prediction",
        rounds=15,
    )


if __name__ == "__main__":
    for network in ("cnn_rnn", "resnet18"):
        lime(network)
        gradcam(network)
