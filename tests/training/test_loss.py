from __future__ import annotations

import numpy as np
import pytest
import torch

from histo_core.config import TrainConfig
from histo_core.training.loss import build_loss

LABELS = np.array([0, 0, 0, 1])
LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.0, 1.0, 0.0], [0.3, -0.2, 0.9]])
TRUTH = torch.tensor([0, 1, 0])


def test_without_balance_it_is_the_plain_mean() -> None:
    loss = build_loss(TrainConfig(), LABELS, 3, torch.device("cpu"))
    expected = -LOGITS.log_softmax(1)[[0, 1, 2], TRUTH].mean()
    assert loss(LOGITS, TRUTH).item() == pytest.approx(expected.item())


def test_weights_are_those_of_the_training_classes() -> None:
    """4 / (2 x 3) for the first class, 4 / (2 x 1) for the second; the third never occurs."""
    loss = build_loss(TrainConfig(balance="weights"), LABELS, 3, torch.device("cpu"))
    each = -LOGITS.log_softmax(1)[[0, 1, 2], TRUTH]
    weights = torch.tensor([2 / 3, 2, 2 / 3])
    assert loss(LOGITS, TRUTH).item() == pytest.approx(((weights * each).sum() / weights.sum()).item())
