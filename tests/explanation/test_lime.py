"""LIME against the original package, and against a network whose answer is known."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lime.lime_image import LimeImageExplainer
from torch import Tensor, nn

from histo_core.config import parse_config
from histo_core.data.formats.images import open_image
from histo_core.errors import ConfigError, ExplanationError
from histo_core.explanation import lime
from histo_core.explanation.base import EXPLAINERS
from histo_core.explanation.lime import Lime, LimeOptions
from histo_core.models.inference.predictor import Predictor

QUICK = LimeOptions(samples=130, seed=7)


@pytest.mark.parametrize(("hide", "colour"), [("mean", None), ("white", 255), ("black", 0)])
def test_equals_the_original_package(
    make_predictor: Callable[..., Predictor], image: np.ndarray, hide: str, colour: int | None
) -> None:
    predictor = make_predictor("cnn_rnn")
    explanation = Lime(LimeOptions.model_validate({"samples": 130, "seed": 7, "hide": hide})).attribute(
        predictor, image, target=1
    )
    assert explanation.segments is not None
    region = predictor.preprocess.seen(48, 40).slices
    whole = image.copy()

    def predict(windows: np.ndarray) -> np.ndarray:
        """Of full images with the perturbed part pasted in."""
        pasted = np.repeat(whole[None], len(windows), axis=0)
        pasted[:, *region] = windows
        return predictor.probabilities(pasted)

    numbers = explanation.segments[region]
    original = LimeImageExplainer(random_state=7).explain_instance(
        image[region],
        predict,
        labels=(1,),
        top_labels=0,
        hide_color=colour,
        num_samples=130,
        batch_size=64,
        segmentation_fn=lambda _: numbers,
        random_seed=7,
    )
    for number, weight in original.local_exp[1]:
        np.testing.assert_allclose(explanation.map[explanation.segments == number], weight, rtol=1e-4, atol=1e-7)
    assert explanation.diagnostics == pytest.approx(
        {
            "r_squared": original.score,
            "intercept": original.intercept[1],
            "local_prediction": original.local_pred[0],
            "superpixels": len(original.local_exp[1]),
        },
        rel=1e-4,
    )


def test_the_model_gets_what_it_gets_of_the_full_image(
    make_predictor: Callable[..., Predictor], image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = make_predictor("cnn_narrow", crop=32)
    expected_pixels, expected = predictor.preprocess([image]), predictor.probabilities([image])
    first: list[Tensor] = []
    original = Predictor.probabilities

    def probabilities(self: Predictor, images: np.ndarray, batch_size: int = 64) -> np.ndarray:
        first.append(self.preprocess([images[0]]))
        return original(self, images, batch_size)

    monkeypatch.setattr(Predictor, "probabilities", probabilities)
    explanation = Lime(QUICK).attribute(predictor, image, target=0)
    asked, unperturbed = first[:2]
    assert torch.equal(asked, expected_pixels)
    assert torch.equal(unperturbed, expected_pixels)
    assert explanation.probability == float(expected[0, 0])


def test_only_what_is_seen_has_superpixels(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    explanation = Lime(QUICK).attribute(make_predictor(crop=32), image)
    assert explanation.segments is not None
    assert ((explanation.segments >= 0) == explanation.seen).all()
    assert explanation.seen.sum() == 32 * 32
    assert (explanation.map[~explanation.seen] == 0).all()
    assert len(np.unique(explanation.segments)) - 1 == explanation.diagnostics["superpixels"] >= 16
    for number in range(explanation.segments.max() + 1):
        assert len(np.unique(explanation.map[explanation.segments == number])) == 1


class RedAtTheUpperLeft(nn.Module):
    """The more red in the upper left quarter, the more tumour."""

    def forward(self, x: Tensor) -> Tensor:
        red = x[:, 0, : x.shape[2] // 2, : x.shape[3] // 2].mean((1, 2))
        return torch.stack([-red, red], dim=1)


def test_finds_what_the_network_uses(toy: type[Predictor]) -> None:
    image = np.full((32, 32, 3), 255, np.uint8)
    explanation = Lime(LimeOptions(hide="black", samples=400)).attribute(toy(RedAtTheUpperLeft()), image, target=1)
    used = np.abs(explanation.map[:16, :16])
    assert explanation.map[:16, :16].mean() > 10 * np.abs(explanation.map[18:, 18:]).mean()
    assert used.sum() > 0.6 * np.abs(explanation.map).sum()
    assert explanation.diagnostics["r_squared"] > 0.9
    against = Lime(LimeOptions(hide="black", samples=400)).attribute(toy(RedAtTheUpperLeft()), image, target=0)
    np.testing.assert_allclose(against.map, -explanation.map, atol=1e-4)


def test_the_seed_decides_everything(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    predictor = make_predictor()
    first, again = (Lime(QUICK).attribute(predictor, image) for _ in range(2))
    other = Lime(LimeOptions(samples=130, seed=8)).attribute(predictor, image)
    np.testing.assert_array_equal(first.map, again.map)
    assert not np.array_equal(first.map, other.map)
    assert (first.seed, other.seed) == (7, 8)
    assert first.parameters["seed"] == 7
    assert first.parameters["samples"] == 130


def test_no_global_random_state_is_used(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    predictor = make_predictor()
    np.random.seed(5)  # noqa: NPY002 - the legacy state is what lime could disturb
    legacy, plain, torchs = np.random.get_state(legacy=False), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    first = Lime(QUICK).attribute(predictor, image)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_equal(after, legacy)
    assert random.getstate() == plain
    assert torch.equal(torch.get_rng_state(), torchs)
    np.random.seed(6)  # noqa: NPY002
    np.testing.assert_array_equal(Lime(QUICK).attribute(predictor, image).map, first.map)


def test_no_progress_bar(
    make_predictor: Callable[..., Predictor], image: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    EXPLAINERS["lime"](QUICK).attribute(make_predictor(), image)
    assert capfd.readouterr() == ("", "")


def test_large_images_go_in_smaller_batches(
    make_predictor: Callable[..., Predictor], image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = make_predictor()
    expected = Lime(QUICK).attribute(predictor, image)
    monkeypatch.setattr(lime, "MOST_PIXELS", 3 * 32 * 32)
    smaller = Lime(QUICK).attribute(predictor, image)
    assert smaller.parameters["batch_size"] == 3
    np.testing.assert_allclose(smaller.map, expected.map, rtol=1e-3, atol=1e-6)


def test_too_small_a_region_is_refused(toy: type[Predictor]) -> None:
    with pytest.raises(ExplanationError, match="at least 8 x 8 pixels"):
        Lime(QUICK).attribute(toy(RedAtTheUpperLeft()), np.zeros((6, 8, 3), np.uint8))


@pytest.mark.parametrize("wrong", [{"superpixels": 15}, {"samples": 10}, {"hide": "blur"}, {"seed": -1}, {"speed": 1}])
def test_options_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        parse_config(LimeOptions, wrong)


def test_a_target_that_is_no_class_is_refused(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    with pytest.raises(ExplanationError, match="Class number 5"):
        Lime(QUICK).attribute(make_predictor(), image, 5)


def test_on_real_tissue(make_predictor: Callable[..., Predictor], shared_data: Path) -> None:
    folder = shared_data / "kpcam"
    files = sorted(folder.rglob("*.tif"))[:5]
    if not files:
        pytest.skip(f"real images are missing: no .tif under {folder}")
    for file in files:
        explanation = Lime(LimeOptions(samples=100)).attribute(make_predictor(), open_image(file))
        assert explanation.diagnostics["superpixels"] >= 16
