"""How probabilities come from what a network gives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def probabilities(logits: Tensor, output: str) -> Tensor:
    """What the network gives, as probabilities.

    ``softmax``: softmax. ``sigmoid``: the network ends in one number z and gives the logits [0, z], whose softmax is
    [1 - sigmoid(z), sigmoid(z)]. ``sigmoids``: a sigmoid of each logit, divided by their sum.

    Args:
        logits: float [n, k]; in its own precision, so give float64 where it should be exact.
        output: as `histo_core.config.ModelConfig.output`.

    Returns:
        float [n, k], from 0 to 1, rows summing to 1.
    """
    return log_probabilities(logits, output).exp()


def log_probabilities(logits: Tensor, output: str) -> Tensor:
    """Natural logarithm of the `probabilities`, finite where they are too small for their precision: float [n, k]."""
    if output == "sigmoids":
        each = F.logsigmoid(logits)
        return each - torch.logsumexp(each, dim=1, keepdim=True)
    return F.log_softmax(logits, dim=1)


def log_odds(logits: Tensor, output: str, target: int) -> Tensor:
    """ln(p / (1 - p)) of one class, from logits, so that it is finite where p rounds to 1.

    Args:
        logits: float [n, k].
        output: as of `probabilities`.
        target: index of the class.

    Returns:
        float [n].
    """
    each = log_probabilities(logits, output)
    others = torch.cat([each[:, :target], each[:, target + 1 :]], dim=1)
    return each[:, target] - torch.logsumexp(others, dim=1)


def evidence(output: str, target: int) -> tuple[int, float]:
    """Which logit speaks for a class, and with which sign.

    With one output [0, z] the first logit is always 0, and what speaks for the first class is -z.
    """
    return (1, -1.0) if output == "sigmoid" and target == 0 else (target, 1.0)
