"""What hiding parts of a picture changes, against networks whose answers are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from histo_core.explanation.base import EXPLAINERS
from histo_core.explanation.gradcam import GradCam
from histo_core.explanation.influence import LEAST, NEGLIGIBLE, Influence, strongest_area
from histo_core.explanation.lime import LimeOptions
from histo_core.explanation.words import describe
from histo_core.models.inference.predictor import Predictor

QUICK = {"gradcam": None, "lime": LimeOptions(samples=200, hide="white")}


class Darkness(nn.Module):
    """The log-odds of tumour are ``gain`` times the mean darkness of the middle 16 x 16 pixels, plus ``bias``."""

    def __init__(self, gain: float, bias: float = 0.0) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 1, kernel_size=1)
        self.gain, self.bias = gain, bias
        with torch.no_grad():
            self.layer.weight.fill_(-1 / 3)
            assert self.layer.bias is not None
            self.layer.bias.fill_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        odds = self.gain * self.layer(x)[:, 0, 8:24, 8:24].mean((1, 2)) + self.bias
        return torch.stack([torch.zeros_like(odds), odds], dim=1)


def spot() -> np.ndarray:
    """32 x 32 of white glass with a black square of 8 x 8 pixels, a quarter of the middle."""
    image = np.full((32, 32, 3), 255, np.uint8)
    image[12:20, 12:20] = 0
    return image


def test_by_hand(toy: type[Predictor]) -> None:
    # Darkness of the middle: 64 of 256 pixels are black, so l = 8 / 4 = 2. The strongest area is the black square:
    # its mean colour is black and changes nothing, white takes all away. The whole picture's mean colour is
    # round(255 * 15 / 16) = 239, which leaves 8 * 16 / 255 = 0.502; white leaves 0.
    found = GradCam().explain(toy(Darkness(8)), spot(), target=1).influence
    assert found is not None
    assert (found.log_odds, found.strongest, found.whole) == pytest.approx((2, 2, 2), abs=1e-5)
    assert found.area == 64 / 1024
    assert found.share == pytest.approx(0.5), "of 4, the least that hiding all counts for"
    assert found.without_strongest == pytest.approx(0.5)
    against = GradCam().explain(toy(Darkness(-8)), spot(), target=1).influence
    assert against is not None
    assert against.whole == pytest.approx(-2, abs=1e-5)


def test_the_mean_colour_takes_structure_away(toy: type[Predictor]) -> None:
    # White hides nothing of a network that likes brightness where it is white already; the mean colour does.
    class Brightest(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(3, 1, 1)
            nn.init.constant_(self.layer.weight, 1 / 3)
            assert self.layer.bias is not None
            nn.init.zeros_(self.layer.bias)

        def forward(self, x: Tensor) -> Tensor:
            odds = 6 * self.layer(x).amax((1, 2, 3))
            return torch.stack([torch.zeros_like(odds), odds], dim=1)

    image = np.zeros((32, 32, 3), np.uint8)
    image[:16] = 255
    found = GradCam().explain(toy(Brightest()), image, target=1).influence
    assert found is not None
    assert found.whole == pytest.approx(6 - 6 * 128 / 255, abs=1e-4)


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_bare_glass_is_negligible_and_a_spot_is_not(toy: type[Predictor], method: str) -> None:
    explainer = EXPLAINERS[method](QUICK[method])
    glass = np.full((32, 32, 3), 255, np.uint8)
    glass[::2] -= 2
    nothing = explainer.explain(toy(Darkness(8, bias=-4)), glass, target=0)
    assert nothing.negligible
    assert "nothing in the picture moves this answer" in describe(nothing)
    telling = explainer.explain(toy(Darkness(8)), spot(), target=1)
    assert not telling.negligible
    assert "in the centre" in describe(telling)


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_a_probability_that_rounds_to_one_hides_nothing(toy: type[Predictor], method: str) -> None:
    # l = 60 with the spot and 50 without: both are 1 in float32, and still the spot moves the answer.
    found = EXPLAINERS[method](QUICK[method]).explain(toy(Darkness(40, bias=50)), spot(), target=1)
    assert found.probability == 1
    assert found.influence is not None
    assert (found.influence.log_odds, found.influence.whole) == pytest.approx((60, 10), abs=1e-3)
    assert not found.negligible or not found.map.any()


def test_only_what_is_seen_is_hidden(make_predictor: Callable[..., Predictor], image: np.ndarray) -> None:
    found = GradCam().explain(make_predictor("cnn_narrow", crop=32), image).influence
    other = image.copy()
    other[:4] = 0  # above the crop
    assert found == GradCam().explain(make_predictor("cnn_narrow", crop=32), other).influence


@pytest.mark.parametrize(
    ("strongest", "whole", "negligible", "still"),
    [
        (0.19, 0.0, True, True),
        (0.2, 0.0, False, True),
        (-0.19, 1.0, True, False),
        (0.05, -0.9, True, True),
        (0.24, -5.0, True, False),
        (0.25, 5.0, False, False),
        (-3.0, 0.1, False, True),
    ],
)
def test_the_threshold(strongest: float, whole: float, negligible: bool, still: bool) -> None:
    assert (NEGLIGIBLE, LEAST) == (0.05, 4.0)
    found = Influence(1.0, strongest, whole, 0.25)
    assert (found.negligible, found.still) == (negligible, still)


def test_a_map_without_evidence_is_negligible_where_the_whole_picture_is() -> None:
    assert Influence(1.0, 0.0, 0.9, 0.0).negligible
    assert not Influence(1.0, 0.0, -1.1, 0.0).negligible


def test_the_strongest_area_by_hand() -> None:
    # Of 8 for and 5 against, 3 and one 2 hold half at least; the two 2 are equals.
    shown = np.array([[3.0, 2.0, 2.0], [-4.0, 1.0, -1.0]])
    assert strongest_area(shown).tolist() == [[True, True, True], [False, False, False]]
    assert strongest_area(-shown).tolist() == [[True, True, True], [False, False, False]]
    assert strongest_area(np.array([[4.0, 2.0], [1.0, -9.0]])).tolist() == [[False, False], [False, True]]
    assert strongest_area(np.array([[4.0, 2.0, 1.0, 0.0]])).tolist() == [[True, False, False, False]]
    assert strongest_area(np.full((2, 2), np.float32(0.1))).all(), "equals"
    assert not strongest_area(np.zeros((2, 2))).any()
