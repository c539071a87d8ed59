"""Grad-CAM against a calculation by hand and against its two equations written out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import LayerGradCam
from torch import Tensor, nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ExplanationError
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.gradcam import GradCam, GradCamOptions, class_maps
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network

SIGNED = GradCamOptions(relu=False)


class TwoChannels(nn.Module):
    """Channel 0 is red, channel 1 is blue; the logits are (0, 3 mean(red) - 2 mean(blue))."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 2, kernel_size=1, bias=False)
        with torch.no_grad():
            self.layer.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 1]])[..., None, None])

    def forward(self, x: Tensor) -> Tensor:
        means = self.layer(x).mean((2, 3))
        return torch.stack([means[:, 0] * 0, 3 * means[:, 0] - 2 * means[:, 1]], dim=1)


def red_and_blue() -> np.ndarray:
    """8 x 8: the left half red, the right half blue."""
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, :4, 0] = image[:, 4:, 2] = 255
    return image


def test_by_hand(toy: type[Predictor]) -> None:
    # dy/dA is 3/64 for red and -2/64 for blue in each of the 64 cells, and A is 0 or 1.
    explanation = GradCam(SIGNED).attribute(toy(TwoChannels()), red_and_blue(), target=1)
    np.testing.assert_allclose(explanation.map[:, :4], 3 / 64, rtol=1e-6)
    np.testing.assert_allclose(explanation.map[:, 4:], -2 / 64, rtol=1e-6)
    assert explanation.diagnostics == pytest.approx({"layer_height": 8, "layer_width": 8, "positive_share": 0.6})
    assert explanation.map.dtype == np.float32


def test_as_published_keeps_the_evidence_for_the_class_only(toy: type[Predictor]) -> None:
    explanation = GradCam().attribute(toy(TwoChannels()), red_and_blue(), target=1)
    np.testing.assert_allclose(explanation.map[:, :4], 3 / 64, rtol=1e-6)
    assert (explanation.map[:, 4:] == 0).all()
    assert explanation.parameters == {"relu": True, "precision": "float32"}
    assert explanation.seed is None


@pytest.mark.parametrize(
    ("name", "crop", "resize"), [("cnn_narrow", 32, None), ("cnn_rnn", 32, None), ("resnet18", None, 64)]
)
def test_equals_the_two_equations(
    make_predictor: Callable[..., Predictor], image: np.ndarray, name: str, crop: int | None, resize: int | None
) -> None:
    predictor = make_predictor(name, crop=crop, resize=resize)
    explanation = GradCam(SIGNED).attribute(predictor, image, target=0)

    kept: list[Tensor] = []
    layer = predictor.gradcam_layer(predictor.preprocess.output_size(48, 40))
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = predictor.model(predictor.preprocess([image]))
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[0, 0], kept[0])
    cells = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1, keepdim=True).detach()
    region = predictor.preprocess.seen(48, 40)
    expected = F.interpolate(cells, size=(region.height, region.width), mode="bilinear", align_corners=False)[0, 0]
    size = float(expected.abs().max())
    np.testing.assert_allclose(explanation.map[region.slices], expected.numpy(), atol=1e-5 * size)
    assert explanation.seen[region.slices].all()
    assert explanation.seen.sum() == region.height * region.width
    assert (explanation.map[~explanation.seen] == 0).all()


FOLDED = ["cnn_rnn", "densenet121", "efficientnet_b0", "gcnn_p4", "googlenet", "p4m_densenet", "resnet18"]
PLAIN = ["squeezenet1_1", "vit_b_16"]
"""They have no batch normalisation that could be folded."""


def used(name: str) -> Predictor:
    """Batch normalisation has seen something, so that folding it changes every weight."""
    torch.manual_seed(0)
    config = ModelConfig(name=name)
    network = build_network(config, 2, (64, 64)).train()
    with torch.no_grad():
        network(torch.rand(4, 3, 64, 64) * 3 - 1)
    return Predictor(network, Preprocess(PreprocessConfig()), ("normal", "tumour"), "tumour", config)


@pytest.mark.parametrize("name", [*FOLDED, *PLAIN])
def test_the_folded_network_explains_a_batch_as_captum_does_each_image_of_the_network_itself(name: str) -> None:
    predictor, targets = used(name), [0, 1, 1]
    pixels = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = class_maps(predictor, pixels, targets)
    reference = LayerGradCam(predictor.model, predictor.gradcam_layer((64, 64)))
    for image, target, cells in zip(pixels, targets, found, strict=True):
        expected = reference.attribute(image[None].requires_grad_(), target)[0, 0].detach()
        torch.testing.assert_close(cells, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_bfloat16_shows_a_person_who_waits_nearly_the_same(
    make_predictor: Callable[..., Predictor], image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = make_predictor("resnet18", crop=None, resize=64)
    exact = GradCam(SIGNED).attribute(predictor, image, target=1)
    monkeypatch.setattr("histo_core.models.inference.predictor.interactive_dtype", lambda device: torch.bfloat16)
    predictor.interactive = True
    quick = GradCam(SIGNED).attribute(predictor, image, target=1)
    assert (exact.parameters["precision"], quick.parameters["precision"]) == ("float32", "bfloat16")
    assert not np.array_equal(quick.map, exact.map)
    np.testing.assert_allclose(quick.map, exact.map, atol=0.05 * float(np.abs(exact.map).max()))
    assert quick.probability == exact.probability


def test_explains_the_predicted_class_unless_told(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    predictor = make_predictor()
    probabilities = predictor.probabilities([image])[0]
    explanation = EXPLAINERS["gradcam"]().attribute(predictor, image)
    assert explanation.target == probabilities.argmax()
    assert explanation.target_name == predictor.classes[explanation.target]
    assert explanation.probability == pytest.approx(float(probabilities.max()))
    assert explanation.method == "gradcam"


def model_state(model: nn.Module) -> list[object]:
    flags = [(module.training, len(module._forward_hooks), len(module._backward_hooks)) for module in model.modules()]
    return [*flags, *((p.requires_grad, p.grad) for p in model.parameters())]


@pytest.mark.parametrize("frozen", [False, True])
def test_leaves_the_model_as_it_was(make_predictor: Callable[..., Predictor], image: np.ndarray, frozen: bool) -> None:
    predictor = make_predictor("cnn_rnn")
    predictor.model.requires_grad_(not frozen)
    before, weights = model_state(predictor.model), {k: v.clone() for k, v in predictor.model.state_dict().items()}
    explanation = GradCam(SIGNED).attribute(predictor, image)
    assert np.abs(explanation.map).max() > 0
    assert model_state(predictor.model) == before
    assert all(torch.equal(weights[k], v) for k, v in predictor.model.state_dict().items())


class Failing(TwoChannels):
    """Predicts well and fails once gradients are wanted."""

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        if torch.is_grad_enabled():
            raise RuntimeError("no memory left")
        return logits


def test_no_hook_stays_after_an_error(toy: type[Predictor]) -> None:
    predictor = toy(Failing())
    before = model_state(predictor.model)
    with pytest.raises(RuntimeError, match="no memory left"):
        GradCam().attribute(predictor, red_and_blue())
    assert model_state(predictor.model) == before


def test_works_where_gradients_are_switched_off(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    predictor = make_predictor()
    expected = GradCam(SIGNED).attribute(predictor, image).map
    with torch.inference_mode():
        np.testing.assert_array_equal(GradCam(SIGNED).attribute(predictor, image).map, expected)


def test_many_at_once_do_not_mix(make_predictor: Callable[..., Predictor]) -> None:
    predictor = make_predictor()
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)

    def explain(image: np.ndarray) -> Explanation:
        predictor.probabilities([255 - image])
        return GradCam(SIGNED).attribute(predictor, image, target=1)

    alone = [explain(image).map for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(explain, np.concatenate([images] * 4)))
    for number, explanation in enumerate(together):
        np.testing.assert_allclose(explanation.map, alone[number % 8], atol=1e-6)


def test_a_map_of_one_cell_is_refused(toy: Callable[..., Predictor], image: np.ndarray) -> None:
    whole = nn.Sequential(OrderedDict(layer=nn.Conv2d(3, 2, 32), flat=nn.Flatten()))
    with pytest.raises(ExplanationError, match="single cell"):
        GradCam().attribute(toy(whole, crop=32), image)


@pytest.mark.parametrize("target", [-1, 2])
def test_a_target_that_is_no_class_is_refused(
    make_predictor: Callable[..., Predictor], image: np.ndarray, target: int
) -> None:
    with pytest.raises(ExplanationError, match="normal, tumour"):
        GradCam().attribute(make_predictor(), image, target)


@pytest.mark.parametrize("wrong", [np.zeros((48, 40), np.uint8), np.zeros((48, 40, 3), np.float32)])
def test_an_image_that_is_no_rgb_is_refused(make_predictor: Callable[..., Predictor], wrong: np.ndarray) -> None:
    with pytest.raises(ExplanationError, match="uint8 H x W x 3"):
        GradCam().attribute(make_predictor(), wrong)


def test_an_image_smaller_than_the_crop_is_refused(make_predictor: Callable[..., Predictor]) -> None:
    with pytest.raises(ExplanationError, match=r"at least 32 x 32 pixels\. Take a larger patch"):
        GradCam().attribute(make_predictor(), np.zeros((20, 20, 3), np.uint8))


@pytest.mark.gpu
def test_a_recurrent_network_on_a_gpu(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    here = make_predictor("cnn_rnn")
    expected = GradCam(SIGNED).attribute(here, image, target=1).map
    there = Predictor(here.model, here.preprocess, here.classes, here.positive, here.config, "cuda:0")
    found = GradCam(SIGNED).attribute(there, image, target=1).map
    np.testing.assert_allclose(found, expected, atol=1e-3 * float(np.abs(expected).max()))
