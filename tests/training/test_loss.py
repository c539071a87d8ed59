from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from histo_core.config import TrainConfig
from histo_core.errors import ConfigError
from histo_core.training.loss import build_loss, with_auxiliary

CPU = torch.device("cpu")

LABELS = np.array([0, 0, 0, 1])
LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.0, 1.0, 0.0], [0.3, -0.2, 0.9]])
TRUTH = torch.tensor([0, 1, 0])


def test_without_balance_it_is_the_plain_mean() -> None:
    loss = build_loss(TrainConfig(), LABELS, 3, CPU)
    expected = -LOGITS.log_softmax(1)[[0, 1, 2], TRUTH].mean()
    assert loss(LOGITS, TRUTH).item() == pytest.approx(expected.item())


def test_weights_are_those_of_the_training_classes() -> None:
    """4 / (2 x 3) for the first class, 4 / (2 x 1) for the second; the third never occurs."""
    loss = build_loss(TrainConfig(balance="weights"), LABELS, 3, CPU)
    each = -LOGITS.log_softmax(1)[[0, 1, 2], TRUTH]
    weights = torch.tensor([2 / 3, 2, 2 / 3])
    assert loss(LOGITS, TRUTH).item() == pytest.approx(((weights * each).sum() / weights.sum()).item())


def test_labels_are_smoothed_by_hand() -> None:
    loss = build_loss(TrainConfig(label_smoothing=0.3), LABELS, 3, CPU)
    target = torch.eye(3)[TRUTH] * 0.7 + 0.1
    assert loss(LOGITS, TRUTH).item() == pytest.approx(-(target * LOGITS.log_softmax(1)).sum(1).mean().item())


def test_smoothed_and_weighed_a_sample_counts_by_its_own_class() -> None:
    loss = build_loss(TrainConfig(label_smoothing=0.3, balance="weights"), LABELS, 3, CPU)
    target, weights = torch.eye(3)[TRUTH] * 0.7 + 0.1, torch.tensor([2 / 3, 2, 2 / 3])
    each = -(target * LOGITS.log_softmax(1)).sum(1)
    assert loss(LOGITS, TRUTH).item() == pytest.approx(((weights * each).sum() / weights.sum()).item())


@pytest.mark.parametrize(
    "settings",
    [{}, {"label_smoothing": 0.2}, {"balance": "weights"}, {"label_smoothing": 0.2, "balance": "weights"}],
)
def test_binary_cross_entropy_is_that_of_two_classes(settings) -> None:
    """The probability of the second class is a sigmoid of the difference of the logits."""
    two, truth = LOGITS[:, :2], torch.tensor([0, 1, 1])
    binary = build_loss(TrainConfig(loss="binary_cross_entropy", **settings), LABELS, 2, CPU)
    plain = build_loss(TrainConfig(**settings), LABELS, 2, CPU)
    assert binary(two, truth).item() == pytest.approx(plain(two, truth).item(), rel=1e-6)


def test_binary_cross_entropy_smoothed_and_weighed_by_hand() -> None:
    config = TrainConfig(loss="binary_cross_entropy", label_smoothing=0.2, balance="weights")
    truth, score = torch.tensor([0, 1, 1]), LOGITS[:, 1] - LOGITS[:, 0]
    target, weights = torch.tensor([0.1, 0.9, 0.9]), torch.tensor([2 / 3, 2, 2])
    each = -(target * score.sigmoid().log() + (1 - target) * (1 - score.sigmoid()).log())
    expected = (weights * each).sum() / weights.sum()
    assert build_loss(config, LABELS, 2, CPU)(LOGITS[:, :2], truth).item() == pytest.approx(expected.item())


def test_binary_cross_entropy_of_more_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"for 3 classes\. Two\. Choose cross_entropy"):
        build_loss(TrainConfig(loss="binary_cross_entropy"), LABELS, 3, CPU)


def test_auxiliary_classifiers_weigh_what_the_network_says() -> None:
    plain = build_loss(TrainConfig(), LABELS, 3, CPU)
    loss = with_auxiliary(plain, 0.3)
    others = LOGITS.flip(0), LOGITS * 2
    expected = plain(LOGITS, TRUTH) + 0.3 * (plain(others[0], TRUTH) + plain(others[1], TRUTH))
    assert loss((LOGITS, *others), TRUTH).item() == pytest.approx(expected.item())
    assert loss(LOGITS, TRUTH).item() == plain(LOGITS, TRUTH).item()


PLAIN = TrainConfig()
TWICE = TrainConfig(loss_on="probabilities")


def test_sigmoids_are_judged_by_the_probabilities_they_become() -> None:
    each = LOGITS.double().sigmoid()
    expected = -(each / each.sum(1, keepdim=True)).log()[[0, 1, 2], TRUTH].mean()
    loss = build_loss(PLAIN, LABELS, 3, CPU, "sigmoids")
    assert loss(LOGITS, TRUTH).item() == pytest.approx(expected.item())


def test_binary_cross_entropy_of_sigmoids_is_that_of_their_probabilities() -> None:
    two, truth = LOGITS[:, :2], torch.tensor([0, 1, 1])
    binary = build_loss(TrainConfig(loss="binary_cross_entropy"), LABELS, 2, CPU, "sigmoids")
    assert binary(two, truth).item() == pytest.approx(build_loss(PLAIN, LABELS, 2, CPU, "sigmoids")(two, truth).item())


@pytest.mark.parametrize("output", ["softmax", "sigmoids"])
def test_a_softmax_too_many_cannot_fall_below_its_floor(output: str) -> None:
    """Certain and right, of two classes: log(1 + 1/e)."""
    certain = torch.tensor([[100.0, -100.0], [-100.0, 100.0]])
    loss = build_loss(TWICE, LABELS, 2, CPU, output)
    assert loss(certain, torch.tensor([0, 1])).item() == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-6)
    assert loss(certain, torch.tensor([0, 1])).item() == pytest.approx(0.313, abs=5e-4)
    assert build_loss(PLAIN, LABELS, 2, CPU, output)(certain, torch.tensor([0, 1])).item() < 1e-6


@pytest.mark.parametrize(
    ("output", "activated"),
    [
        ("softmax", LOGITS.softmax(1)),
        ("sigmoids", LOGITS.sigmoid()),
    ],
)
def test_what_the_output_gives_is_taken_for_logits(output: str, activated: torch.Tensor) -> None:
    expected = F.cross_entropy(activated, TRUTH)
    assert build_loss(TWICE, LABELS, 3, CPU, output)(LOGITS, TRUTH).item() == pytest.approx(expected.item())


def test_one_sigmoid_goes_through_another() -> None:
    z, truth = torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([0, 1, 1])
    loss = build_loss(TrainConfig(loss="binary_cross_entropy", loss_on="probabilities"), LABELS, 2, CPU, "sigmoid")
    expected = F.binary_cross_entropy(z.sigmoid().sigmoid(), truth.float())
    assert loss(torch.stack([torch.zeros(3), z], dim=1), truth).item() == pytest.approx(expected.item())
