"""Convert a network's logits to probabilities, and hold what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of n patches.

    Attributes:
        probabilities: float64 [n, k], rows summing to 1.
        scores: float64 [n, k]. One view gives its logits. The mean of several views gives the natural logarithm of the
            probabilities, where 0 counts as the smallest positive number. Votes of views give None.

    Example:
        >>> import numpy as np
        >>> from histo_core.models.inference.predictor import Predicted
        >>> votes = Predicted(np.array([[0.125, 0.875], [1.0, 0.0]]), scores=None)
        >>> votes.probabilities.argmax(axis=1).tolist()
        [1, 0]
    """

    probabilities: np.ndarray
    scores: np.ndarray | None


def probabilities(logits: Tensor, output: str) -> Tensor:
    """Convert logits to probabilities.

    ``softmax``: softmax. ``sigmoid``: the network ends in one number z and gives the logits [0, z], whose softmax is
    [1 - sigmoid(z), sigmoid(z)]. ``sigmoids``: a sigmoid of each logit, divided by their sum.

    Args:
        logits: float [n, k]; the computation has its precision, so pass float64 for exact results.
        output: as `histo_core.config.ModelConfig.output`.

    Returns:
        float [n, k], from 0 to 1, rows summing to 1.
    """
    return log_probabilities(logits, output).exp()


def log_probabilities(logits: Tensor, output: str) -> Tensor:
    """Return the natural logarithm of the `probabilities`, float [n, k], finite even where they round to 0."""
    if output == "sigmoids":
        each = F.logsigmoid(logits)
        return each - torch.logsumexp(each, dim=1, keepdim=True)
    return F.log_softmax(logits, dim=1)


def log_odds(logits: Tensor, output: str, target: int) -> Tensor:
    """Return ln(p / (1 - p)) of one class from logits, which is finite even where p rounds to 1.

    Args:
        logits: float [n, k].
        output: as for `probabilities`.
        target: index of the class.

    Returns:
        float [n].
    """
    each = log_probabilities(logits, output)
    others = torch.cat([each[:, :target], each[:, target + 1 :]], dim=1)
    return each[:, target] - torch.logsumexp(others, dim=1)


def evidence(output: str, target: int) -> tuple[int, float]:
    """Return which logit is the evidence for a class, and its sign.

    With one output [0, z] the first logit is always 0, and the evidence for the first class is -z.
    """
    return (1, -1.0) if output == "sigmoid" and target == 0 else (target, 1.0)


def concatenated(found: Sequence[Predicted], classes: int) -> Predicted:
    """Concatenate the predictions of batches. Without a batch the result has no rows and ``classes`` columns."""
    nothing = np.zeros((0, classes))
    scores = [batch.scores for batch in found if batch.scores is not None]
    return Predicted(
        np.concatenate([nothing, *(batch.probabilities for batch in found)]),
        np.concatenate([nothing, *scores]) if len(scores) == len(found) else None,
    )
