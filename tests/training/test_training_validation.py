from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from torch import nn

from histo_core.config import PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.evaluation.class_scores import class_scores
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.training.batches import Batches
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.scores import epoch_scores
from histo_core.training.validation import validate

CPU = torch.device("cpu")
ROWS = np.arange(11)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Dropout(0.5), nn.Flatten(), nn.Linear(3 * 16 * 16, 2))


@pytest.mark.parametrize("batch_size", [1, 4, 11, 64])
def test_figures_are_scikit_learns(dots, network, batch_size: int) -> None:
    preprocess = Preprocess(PreprocessConfig(crop=16))
    batches = Batches(dots, preprocess, ROWS, torch.device("cpu"))
    result = validate(network, batches, ROWS, positive=1, batch_size=batch_size, should_stop=lambda: False)
    labels = dots.table["label"].to_numpy()[ROWS]
    with torch.no_grad():
        probabilities = network.eval()(preprocess(dots.read(ROWS))).double().softmax(dim=1).numpy()
    assert result.loss == pytest.approx(log_loss(labels, probabilities, labels=[0, 1]), rel=1e-5)
    assert result.accuracy == pytest.approx((probabilities.argmax(1) == labels).mean())
    assert result.auroc == pytest.approx(roc_auc_score(labels, probabilities[:, 1]))


def test_the_loss_is_that_of_the_reported_probabilities(dots, network) -> None:
    preprocess = Preprocess(PreprocessConfig(crop=16))
    batches = Batches(dots, preprocess, ROWS, torch.device("cpu"))
    result = validate(network, batches, ROWS, positive=1, batch_size=4, should_stop=lambda: False, output="sigmoids")
    with torch.no_grad():
        each = network.eval()(preprocess(dots.read(ROWS))).double().sigmoid().numpy()
    probabilities = each / each.sum(axis=1, keepdims=True)
    labels = dots.table["label"].to_numpy()[ROWS]
    assert result is not None
    assert result.loss == pytest.approx(log_loss(labels, probabilities, labels=[0, 1]), rel=1e-5)
    assert result.auroc == pytest.approx(roc_auc_score(labels, probabilities[:, 1]))


def test_it_draws_nothing_and_can_be_stopped(dots, network) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, torch.device("cpu"))
    before = torch.get_rng_state()
    assert validate(network, batches, ROWS, positive=1, batch_size=4, should_stop=lambda: True) is None
    assert torch.equal(torch.get_rng_state(), before)


class Silent(ProcessGroup):
    """One of two processes that never hears of the other."""

    def total(self, value: torch.Tensor) -> torch.Tensor:
        return value


@pytest.mark.parametrize(("rank", "reads"), [(0, 2 * 3 + 1), (1, 2 * 2 + 1)])
def test_each_process_reads_its_share_alone(dots, network, rank: int, reads: int) -> None:
    """Two batches of five, of which three and two are dealt, and one of a single patch, which both look at."""
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU)
    dots.reads = 0
    ranks = Silent(CPU, rank=rank, count=2)
    assert validate(network, batches, ROWS, positive=1, batch_size=5, should_stop=lambda: False, ranks=ranks)
    assert dots.reads == reads


def auroc(labels: np.ndarray, probabilities: np.ndarray, positive: int) -> float | None:
    return epoch_scores(labels, probabilities, positive).auroc


def test_auroc_by_hand() -> None:
    labels = np.array([0, 0, 1, 1])
    first = np.array([0.9, 0.4, 0.6, 0.2])
    probabilities = np.stack([first, 1 - first], axis=1)
    # Of the four pairs of one of each class, three are in order.
    assert auroc(labels, probabilities, positive=1) == pytest.approx(0.75)
    assert auroc(labels, probabilities, positive=0) == pytest.approx(0.75)


def test_auroc_of_many_classes_is_the_mean_of_one_against_the_rest() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(30) % 3
    probabilities = random.dirichlet([1, 1, 1], size=30)
    expected = np.mean([roc_auc_score(labels == k, probabilities[:, k]) for k in range(3)])
    assert auroc(labels, probabilities, positive=2) == pytest.approx(expected)


def test_training_experiments_and_compare_mean_the_same_auroc() -> None:
    """Also where a class has no patch: the mean over those that have."""
    random = np.random.default_rng(1)
    labels, probabilities = np.arange(30) % 2, random.dirichlet([1, 1, 1], size=30)
    expected = np.mean([roc_auc_score(labels == k, probabilities[:, k]) for k in range(2)])
    intervals = pooled_intervals(labels, probabilities, 2)
    for found in (
        auroc(labels, probabilities, positive=2),
        class_scores(labels, probabilities, 2).auroc,
        intervals["auroc"].value,
    ):
        assert found == pytest.approx(expected)


def test_weighted_f1_of_validation_is_scikit_learns(dots, network) -> None:
    preprocess = Preprocess(PreprocessConfig(crop=16))
    batches = Batches(dots, preprocess, ROWS, torch.device("cpu"))
    result = validate(network, batches, ROWS, positive=1, batch_size=4, should_stop=lambda: False)
    labels = dots.table["label"].to_numpy()[ROWS]
    with torch.no_grad():
        answers = network.eval()(preprocess(dots.read(ROWS))).argmax(dim=1).numpy()
    assert result is not None
    assert result.weighted_f1 == pytest.approx(f1_score(labels, answers, average="weighted", zero_division=0))


@pytest.mark.parametrize("classes", [2, 3])
def test_auroc_is_not_defined_where_a_class_is_missing(classes: int) -> None:
    assert auroc(np.array([0, 0]), np.full((2, classes), 1 / classes), positive=1) is None
