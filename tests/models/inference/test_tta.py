"""Views of patches, and what several of them say together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from histo_core.config import ModelConfig, PredictConfig, PreprocessConfig
from histo_core.data.transforms.augment.draw import origins
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import probabilities
from histo_core.models.inference.tta import combined, view, views
from histo_core.models.registry import build_network

CLASSES = ("normal", "tumour")


class Mean(nn.Module):
    """Sees the mean colour, which no symmetry changes."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(3, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(images.double().mean(dim=(2, 3)).float())


def predictor_of(model: nn.Module, config: ModelConfig | None = None) -> Predictor:
    return Predictor(model, Preprocess(PreprocessConfig(crop=16)), CLASSES, "tumour", config or ModelConfig())


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 20, 20, 3), dtype=np.uint8)


@pytest.fixture
def narrow() -> Predictor:
    torch.manual_seed(0)
    config = ModelConfig(name="cnn_narrow")
    return predictor_of(build_network(config, 2, (16, 16)), config)


@pytest.mark.parametrize("symmetry", range(8))
def test_a_view_is_the_symmetry_that_training_draws(symmetry: int) -> None:
    side = 5
    image = torch.arange(side * side, dtype=torch.float32).view(1, 1, side, side).expand(1, 3, side, side)
    first, below, right = origins(side, side)[symmetry]
    expected = first + below * np.arange(side)[:, None] + right * np.arange(side)
    np.testing.assert_array_equal(view(image, symmetry)[0, 0].numpy(), expected)


def test_flips_are_the_patch_and_its_two_mirror_images() -> None:
    image = torch.rand(1, 3, 4, 6)
    seen = [view(image, symmetry) for symmetry in views("flips")]
    for found, expected in zip(seen, (image, image.flip(-1), image.flip(-2)), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert views("none") == (0,)


@pytest.mark.parametrize("combine", ["mean", "vote"])
def test_all_symmetries_of_an_invariant_network_say_what_one_says(images: np.ndarray, combine: str) -> None:
    torch.manual_seed(0)
    predictor = predictor_of(Mean())
    one = predictor.predict(images)
    all_eight = predictor.predict(images, PredictConfig(tta="symmetries", combine=combine))
    if combine == "mean":
        np.testing.assert_allclose(all_eight.probabilities, one.probabilities, rtol=1e-5)
    else:
        np.testing.assert_array_equal(all_eight.probabilities, one.probabilities.round())
        assert all_eight.scores is None


def test_the_mean_is_that_of_flipped_patches(narrow: Predictor, images: np.ndarray) -> None:
    found = narrow.predict(images, PredictConfig(tta="flips"), batch_size=2)
    flipped = (images, images[:, :, ::-1], images[:, ::-1])
    expected = np.mean([narrow.probabilities(np.ascontiguousarray(one)) for one in flipped], axis=0)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-5)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(found.scores), found.probabilities, rtol=1e-12)


def test_without_views_the_scores_are_the_logits(narrow: Predictor, images: np.ndarray) -> None:
    found = narrow.predict(images)
    np.testing.assert_array_equal(found.scores, narrow.logits(images).numpy())
    np.testing.assert_allclose(found.probabilities, narrow.probabilities(images), rtol=1e-5)


def test_sigmoids_are_normalised_and_their_logits_kept(images: np.ndarray) -> None:
    torch.manual_seed(0)
    predictor = predictor_of(Mean(), ModelConfig(output="sigmoids"))
    found = predictor.predict(images)
    each = 1 / (1 + np.exp(-np.asarray(found.scores)))
    np.testing.assert_allclose(found.probabilities, each / each.sum(axis=1, keepdims=True), rtol=1e-10)
    expected = probabilities(predictor.logits(images), "sigmoids").numpy()
    np.testing.assert_array_equal(predictor.probabilities(images), expected)


def test_votes_are_the_share_of_views() -> None:
    says = np.array([[[0.9, 0.1]], [[0.4, 0.6]], [[0.3, 0.7]], [[0.2, 0.8]]])
    np.testing.assert_array_equal(combined(says, "vote"), [[0.25, 0.75]])
    np.testing.assert_allclose(combined(says, "mean"), [[0.45, 0.55]])


def test_quarter_turns_need_square_patches(images: np.ndarray) -> None:
    predictor = Predictor(Mean(), Preprocess(PreprocessConfig()), CLASSES, "tumour", ModelConfig())
    wide = images[:, :12]
    assert predictor.predict(wide, PredictConfig(tta="flips")).probabilities.shape == (5, 2)
    with pytest.raises(ConfigError, match=r"needs square patches; the network gets 20 x 12 pixels.*'flips'"):
        predictor.predict(wide, PredictConfig(tta="symmetries"))


def test_no_patches_no_rows(narrow: Predictor) -> None:
    found = narrow.predict([])
    assert found.probabilities.shape == (0, 2)
