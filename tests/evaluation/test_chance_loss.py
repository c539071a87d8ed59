"""The loss of guessing, and the loss against shuffled labels beside shuffles that were carried out."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.evaluation.chance_loss import chance_loss, guessing_loss


@pytest.mark.parametrize("classes", [2, 4])
def test_mean_and_sd_are_those_of_shuffled_labels(classes: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(classes, 60, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    logits = rng.normal(size=(60, classes)) * 2
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    losses = [-logs[np.arange(60), rng.permutation(labels)].mean() for _ in range(20_000)]
    chance = chance_loss(labels, logs)
    assert chance.mean == pytest.approx(np.mean(losses), abs=5 * np.std(losses) / len(losses) ** 0.5)
    assert chance.sd == pytest.approx(np.std(losses), rel=0.03)


def test_one_answer_for_all_leaves_nothing_to_chance() -> None:
    labels = np.array([0, 1, 1, 1])
    chance = chance_loss(labels, np.log(np.full((4, 2), [0.25, 0.75])))
    assert chance.mean == pytest.approx(guessing_loss((1, 3)))
    assert chance.sd == pytest.approx(0, abs=1e-12)


def test_guessing_among_equal_classes_is_the_logarithm_of_their_number() -> None:
    assert guessing_loss((5, 5, 5, 5)) == pytest.approx(np.log(4))
    assert guessing_loss((7, 0)) == 0


def test_one_patch_has_no_spread() -> None:
    assert chance_loss(np.array([1]), np.log([[0.4, 0.6]])).sd == 0
